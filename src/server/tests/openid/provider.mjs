// A provider of OpenID Connect for the tests: panva's `oidc-provider`, which checks what a client sends as real ones do.
// Prints its port. Who signs in is said by the query of the page that would ask for a password:
// /interaction/UID?sub=...&email=...&verified=true&name=... A browser that comes without gets a form for it.
import { createRequire } from "node:module";
import { generateKeyPairSync } from "node:crypto";
import { createServer } from "node:http";
import { pathToFileURL } from "node:url";

// From the folder that scripts/setup installed.
const { resolve } = createRequire(`${process.argv[2]}/`);
const { Provider } = await import(pathToFileURL(resolve("oidc-provider")));

const people = new Map();
// Of the program under test.
const origin = process.argv[4] ?? "http://tenantry.test";
const form = ["sub", "email", "name", "verified"].map((name) => `<p><label>${name} <input name="${name}"></label></p>`).join("");
const client = (client_id, more = {}) => ({
    client_id,
    client_secret: `the secret of ${client_id}, which is long enough for HMAC`,
    redirect_uris: [`${origin}/auth/openid/test/callback`, `${origin}/auth/openid/other/callback`],
    ...more,
});

const key = (kid, type, options) => ({ ...generateKeyPairSync(type, options).privateKey.export({ format: "jwk" }), kid, use: "sig" });

const server = createServer();
await new Promise((done) => server.listen(0, "127.0.0.1", done));
const { port } = server.address();
const provider = new Provider(`http://127.0.0.1:${port}`, {
    clients: [
        client("tenantry"),
        client("by-post", { token_endpoint_auth_method: "client_secret_post" }),
        client("elliptic", { id_token_signed_response_alg: "ES256" }),
        client("symmetric", { id_token_signed_response_alg: "HS256" }),
    ],
    jwks: { keys: [key("rsa", "rsa", { modulusLength: 2048 }), key("ec", "ec", { namedCurve: "P-256" })] },
    cookies: { keys: ["signs the cookies of the tests"] },
    claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name"] },
    // With "in-token" the claims stand in the id token, else behind the userinfo endpoint alone.
    conformIdTokenClaims: process.argv[3] !== "in-token",
    enabledJWA: { idTokenSigningAlgValues: ["RS256", "ES256", "HS256"] },
    features: { devInteractions: { enabled: false } },
    interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
    pkce: { required: () => true },
    findAccount: (_, sub) => ({ accountId: sub, claims: () => ({ sub, ...people.get(sub) }) }),
    async loadExistingGrant(ctx) {
        const grant = new ctx.oidc.provider.Grant({ clientId: ctx.oidc.client.clientId, accountId: ctx.oidc.session.accountId });
        grant.addOIDCScope("openid email profile");
        await grant.save();
        return grant;
    },
});
const answer = provider.callback();
server.on("request", async (request, response) => {
    const { pathname, searchParams } = new URL(request.url, "http://127.0.0.1");
    if (pathname === "/favicon.ico") return response.writeHead(204).end();
    if (!pathname.startsWith("/interaction/")) return answer(request, response);
    if (!searchParams.size && request.headers.accept?.includes("text/html")) {
        response.setHeader("content-type", "text/html");
        return response.end(`<!doctype html><html lang="en"><title>Who are you?</title><form>${form}<button>Continue</button></form></html>`);
    }
    const sub = searchParams.get("sub");
    if (!sub) return provider.interactionFinished(request, response, { error: "access_denied" });
    people.set(sub, {
        email: searchParams.get("email") ?? undefined,
        email_verified: searchParams.get("verified") === "true",
        name: searchParams.get("name") ?? undefined,
    });
    return provider.interactionFinished(request, response, { login: { accountId: sub } });
});
console.log(String(port));
// Ends with the test, however that ends.
process.stdin.resume().on("end", () => process.exit());

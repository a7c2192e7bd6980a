// Called by scripts/clients: node clients.mjs URL MOCK NODE_MODULES PYTHON. Sets the server up, then drives it with both clients.

import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { once } from "node:events";
import { createRequire } from "node:module";
import { createInterface } from "node:readline";

const [url, mockProgram, modules, python] = process.argv.slice(2);
const { default: OpenAI } = await import(createRequire(`${modules}/`).resolve("openai"));

const mock = spawn(mockProgram, ["serve", "127.0.0.1:0"], { stdio: ["ignore", "pipe", "inherit"] });
process.on("exit", () => mock.kill());
const [upstream] = await once(createInterface({ input: mock.stdout }), "line");

let cookie = "";
async function ask(method, path, body) {
  const answer = await fetch(`${url}/api/v1/${path}`, { method, headers: { "content-type": "application/json", cookie }, body: JSON.stringify(body) });
  assert.ok(answer.ok, `${method} ${path}: ${answer.status}`);
  cookie ||= answer.headers.getSetCookie()[0]?.split(";")[0] ?? "";
  return answer.json();
}
await ask("POST", "auth/register", { email: "clients@tenantry.test", name: "Clients", password: "a password for clients", tenant_name: "Clients" });
const provider = await ask("POST", "providers", { name: "Mock", kind: "other", base_url: `${upstream}/v1`, api_key: "sk-of-the-provider" });
for (const name of ["mock/large", "mock/hidden"]) {
  const model = await ask("POST", "models", { name, provider: provider.id, upstream_name: "mock-large", input_price: 150000, output_price: 600000 });
  if (name === "mock/large") await ask("PUT", `tenants/clients/models/${model.id}`, { enabled: true });
}
const make = async (more) => (await ask("POST", "tenants/clients/api-keys", { name: "client", scopes: ["gateway:use"], ...more })).secret;
const key = await make({});
const slow = await make({ rate_limit: { requests: 1, per_seconds: 3600 } });
const blind = await make({ scopes: ["members:read"] });

const client = (apiKey) => new OpenAI({ baseURL: `${url}/v1`, apiKey, maxRetries: 0 });
const ai = client(key);
const messages = [{ role: "user", content: "Hello" }];
const model = "mock/large";

const models = [];
for await (const each of ai.models.list()) models.push(each.id);
assert.deepEqual(models, [model]);
assert.equal((await ai.models.retrieve(model)).id, model);
const chat = await ai.chat.completions.create({ model, messages });
assert.match(chat.choices[0].message.content, /^word0 word1/);
assert.equal(chat.usage.total_tokens, 16);
let text = "";
let usage = 0;
for await (const part of await ai.chat.completions.create({ model, messages, stream: true })) {
  text += part.choices[0]?.delta.content ?? "";
  usage += part.usage ? 1 : 0;
}
assert.equal(text, chat.choices[0].message.content);
assert.equal(usage, 0, "nobody asked for the usage");
for await (const part of await ai.chat.completions.create({ model, messages, stream: true, stream_options: { include_usage: true } })) usage += part.usage ? 1 : 0;
assert.equal(usage, 1);
const tools = [{ type: "function", function: { name: "weather", parameters: { type: "object", properties: {} } } }];
const called = await ai.chat.completions.create({ model, messages, tools });
assert.deepEqual(JSON.parse(called.choices[0].message.tool_calls[0].function.arguments), { city: "Bern" });
const embedded = await ai.embeddings.create({ model, input: "Hello", encoding_format: "float" });
assert.deepEqual(embedded.data[0].embedding, [0.25, -0.5, 0.125]);
assert.match((await ai.completions.create({ model, prompt: "Hello" })).choices[0].text, /^word0/);

const fails = (call, kind, code) =>
  assert.rejects(call, (error) => {
    assert.ok(error instanceof kind, `${error}`);
    if (code) assert.equal(error.code, code);
    return true;
  });
const create = (with_, more = {}) => with_.chat.completions.create({ model, messages, ...more });
await fails(create(client("tnt_wrong")), OpenAI.AuthenticationError, "invalid_api_key");
await fails(create(client(blind)), OpenAI.PermissionDeniedError, "forbidden");
await fails(create(ai, { model: "mock/hidden" }), OpenAI.NotFoundError, "model_not_found");
await fails(create(ai, { stream_options: 3 }), OpenAI.BadRequestError);
await create(client(slow));
await fails(create(client(slow)), OpenAI.RateLimitError, "rate_limit_exceeded");
await fails(create(ai, { mock: { status: 503 } }), OpenAI.InternalServerError);
console.log("node: as it should be");

if (!existsSync(python)) throw new Error("needs Python's client: scripts/setup test brings it where there is Python 3 with venv");
const ran = spawnSync(python, ["scripts/python/openai_client.py", `${url}/v1`, key, slow, blind], { stdio: "inherit" });
process.exit(ran.status ?? 1);

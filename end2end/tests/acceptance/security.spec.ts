// What the server promises to browsers: headers, cookies, and who sees what.

import { logIn, password, signUp } from "../../fixtures/people";
import { expect, gotoHydrated, test, waitHydrated } from "../../fixtures/test";

test.use({ allowedComplaints: [/status of (401|403|404) /] });

test("pages carry a policy with a nonce of their own", async ({ page }) => {
  const nonces = [];
  for (const path of ["/login", "/register", "/login"]) {
    const response = await gotoHydrated(page, path);
    const headers = response!.headers();
    const policy = headers["content-security-policy"];
    const nonce = /script-src 'nonce-([\w+/=-]{16,})'/.exec(policy)?.[1];
    expect(nonce, policy).toBeTruthy();
    expect(policy).toContain("default-src 'self'");
    expect(policy).toContain("object-src 'none'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toContain("unsafe-inline");
    expect(policy).not.toContain("'unsafe-eval'");
    expect(headers["x-content-type-options"]).toBe("nosniff");
    expect(headers["referrer-policy"]).toBe("same-origin");
    // Every script of the page has it; browsers hide it from scripts, but not from us.
    const html = await response!.text();
    for (const [tag] of html.matchAll(/<script\b[^>]*>/g)) expect(tag).toContain(`nonce="${nonce}"`);
    nonces.push(nonce);
  }
  expect(new Set(nonces).size).toBe(nonces.length);
});

test("other answers carry a policy as well", async ({ request }) => {
  for (const path of ["/api/openapi.json", "/api/v1/me", "/health", "/favicon.svg"]) {
    const headers = (await request.get(path)).headers();
    expect(headers["content-security-policy"], path).toContain("frame-ancestors 'none'");
    expect(headers["x-content-type-options"], path).toBe("nosniff");
  }
});

test("the session cookie is out of the reach of scripts, and changes at log-in", async ({ page, context }) => {
  const session = async () => (await context.cookies()).find((cookie) => cookie.name === "session");
  const { email } = await signUp(page);
  const first = await session();
  expect(first).toMatchObject({ httpOnly: true, sameSite: "Lax", path: "/" });
  await gotoHydrated(page, "/account");
  expect(await page.evaluate(() => document.cookie)).not.toContain("session");

  await test.step("signing in again gives another one", async () => {
    await logIn(page, email);
    const second = await session();
    expect(second!.value).not.toBe(first!.value);
  });

  await test.step("one that was planted before is worth nothing afterwards", async () => {
    const planted = (await session())!;
    await gotoHydrated(page, "/account");
    await page.getByText(email).first().click();
    await page.getByRole("button", { name: "Sign out" }).click();
    await waitHydrated(page);
    await context.addCookies([planted]);
    await gotoHydrated(page, "/login");
    await page.getByLabel("Email").fill(email);
    await page.getByLabel("Password").fill(password);
    await page.getByRole("button", { name: "Sign in" }).click();
    await expect(page).toHaveURL(/\/t\//);
    await waitHydrated(page);
    expect((await session())!.value).not.toBe(planted.value);
    await context.clearCookies();
    await context.addCookies([planted]);
    await page.goto("/account");
    await expect(page).toHaveURL(/\/login/);
    await waitHydrated(page);
  });
});

test("whoever is not signed in is led to the log-in, and back", async ({ page }) => {
  const { email, tenant } = await signUp(page);
  await page.context().clearCookies();
  for (const path of [`/t/${tenant.slug}/members?sort=-name`, "/account", "/admin", "/new"]) {
    await gotoHydrated(page, path);
    await expect(page).toHaveURL(`/login?next=${encodeURIComponent(path)}`);
  }
  await gotoHydrated(page, `/t/${tenant.slug}/members?sort=-name`);
  await page.getByLabel("Email").fill(email);
  await page.getByLabel("Password").fill("not the password");
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page.getByRole("alert")).toContainText("The address or the password is wrong.");
  await waitHydrated(page);
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page).toHaveURL(`/t/${tenant.slug}/members?sort=-name`);
  await waitHydrated(page);
});

for (const next of ["//evil.example", "https://evil.example/", "/\\evil.example", "/\t/evil.example", "javascript:alert(1)"]) {
  test(`log-in does not lead to ${JSON.stringify(next)}`, async ({ page, baseURL }) => {
    const { email } = await signUp(page);
    await page.context().clearCookies();
    await gotoHydrated(page, `/login?next=${encodeURIComponent(next)}`);
    await page.getByLabel("Email").fill(email);
    await page.getByLabel("Password").fill(password);
    await page.getByRole("button", { name: "Sign in" }).click();
    await expect(page.getByText("You are owner here.")).toBeVisible();
    await waitHydrated(page);
    expect(new URL(page.url()).origin).toBe(baseURL);
    // Also when a page asks for it without our form.
    await page.context().clearCookies();
    const answer = await page.request.post("/login", { form: { email, password, next }, maxRedirects: 0 });
    expect(answer.headers().location).toBe("/");
  });
}

test("pages of another tenant, and the operator's, are not there", async ({ page, newPerson }) => {
  const { tenant } = await signUp(page);
  const eve = await newPerson();
  await signUp(eve, "Eve Other");
  for (const path of [`/t/${tenant.slug}`, `/t/${tenant.slug}/members`, `/t/${tenant.id}/settings`, "/admin", "/admin/users"]) {
    const response = await gotoHydrated(eve, path);
    expect(response!.status(), path).toBe(404);
    await expect(eve.getByText(tenant.name)).toHaveCount(0);
  }
});

test("a form from another site is refused", async ({ page, request, baseURL }) => {
  const { tenant } = await signUp(page);
  const cookie = (await page.context().cookies()).map(({ name, value }) => `${name}=${value}`).join("; ");
  for (const [path, form] of [
    ["/_fn/tenants/suspend", { tenant: tenant.slug, confirm: tenant.name }],
    ["/logout", {}],
    [`/t/${tenant.slug}/invitations`, { email: "evil@example.com" }],
  ] as const) {
    const headers = { cookie, origin: "https://evil.example", "sec-fetch-site": "cross-site" };
    expect((await request.post(path, { form, headers, maxRedirects: 0 })).status(), path).toBe(403);
  }
  expect(new URL(baseURL!).hostname).toBe("127.0.0.1");
  await gotoHydrated(page, `/t/${tenant.slug}`);
  await expect(page.getByText("You are owner here.")).toBeVisible();
});

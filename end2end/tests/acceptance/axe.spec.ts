// Every page in both themes and both widths: axe finds nothing, and nothing reaches out at the side.

import { type Page } from "@playwright/test";
import { inTenant } from "../../fixtures/database";
import { acceptInvitation, good, invite, join, logIn, makeModel, makeTenant, makeWorkspace, operator, signUp, unique } from "../../fixtures/people";
import { expect, expectNoAxeViolations, gotoHydrated, test, waitHydrated } from "../../fixtures/test";

// Long, and each on its own.
test.describe.configure({ mode: "parallel" });
test.use({ allowedComplaints: [/status of (401|403|404|409|410|422) /] });

/** Looks at pages that are loaded once for each theme and width. */
async function look(page: Page, paths: string[], opened: (page: Page) => Promise<void> = async () => {}) {
  for (const width of [1280, 375]) {
    await page.setViewportSize({ width, height: 800 });
    for (const path of paths) {
      await page.emulateMedia({ colorScheme: "light", reducedMotion: "reduce" });
      await gotoHydrated(page, path);
      await opened(page);
      await test.step(`${path} light ${width}`, () => check(page, width));
      await page.emulateMedia({ colorScheme: "dark", reducedMotion: "reduce" });
      // The same page in other colours: nothing else of it can have changed.
      await test.step(`${path} dark ${width}`, () => expectNoAxeViolations(page, ["color-contrast", "link-in-text-block"]));
    }
  }
}

async function check(page: Page, width: number) {
  await expectNoAxeViolations(page);
  const reach = await page.evaluate(() => document.scrollingElement!.scrollWidth);
  expect(reach, `${page.url()} scrolls sideways at ${width}`).toBeLessThanOrEqual(width);
}

test.beforeEach(() => test.setTimeout(300_000));

test("pages for everyone", async ({ page, newPerson }) => {
  const owner = await newPerson();
  const { tenant } = await signUp(owner, "Ada Lovelace", `A tenant with quite a long name ${unique()}`);
  const open = await invite(owner, tenant, `somebody-with-a-long-address-${unique()}@subdomain.example.com`);
  const revoked = await invite(owner, tenant, `gone-${unique()}@example.com`);
  const { items } = await good<{ items: { id: string; email: string }[] }>(owner.request.get(`/api/v1/tenants/${tenant.id}/invitations?q=gone-`));
  await good(owner.request.delete(`/api/v1/tenants/${tenant.id}/invitations/${items[0].id}`));
  const late = await invite(owner, tenant, `late-${unique()}@example.com`);
  await inTenant(tenant.slug, "update invitation set expires_at = now() - interval '1 minute' where email like 'late-%'");
  const used = await invite(owner, tenant, `used-${unique()}@example.com`);
  const member = await newPerson();
  await acceptInvitation(member.request, used, "Bob Taylor");
  await look(member, [used, open]);
  await look(page, ["/login", "/register", open, revoked, late, used, "/invite/unknown", "/forgot", "/reset/unknown", "/verify/unknown", "/register/unknown"]);
  for (const width of [1280, 375]) {
    await page.setViewportSize({ width, height: 800 });
    await page.goto("/api/docs");
    await check(page, width);
  }
});

test("links that are shown once", async ({ page, newPerson }) => {
  const { tenant, email } = await signUp(page);
  const olga = await newPerson();
  await logIn(olga, operator.email);
  await look(page, [`/t/${tenant.slug}/invitations`], async () => {
    await page.getByText("Invite people", { exact: true }).click();
    await page.getByLabel("Addresses", { exact: true }).fill(`a-${unique()}@example.com, b-${unique()}@example.com`);
    await page.getByRole("button", { name: "Invite", exact: true }).click();
    await expect(page.getByRole("heading", { name: "2 invitations are made" })).toBeVisible();
    await waitHydrated(page);
  });
  let link = "";
  await look(olga, [`/admin/users?q=${email}`], async () => {
    await olga.getByRole("button", { name: /^Access/ }).click();
    await check(olga, olga.viewportSize()!.width);
    await olga.getByRole("button", { name: "Make a link to a new password" }).click();
    link = await olga.locator(".once input").first().inputValue();
    await waitHydrated(olga);
  });
  await look(await newPerson(), [new URL(link).pathname]);
});

test("forms with faults", async ({ page }) => {
  for (const width of [1280, 375]) {
    await page.setViewportSize({ width, height: 800 });
    await gotoHydrated(page, "/register");
    await page.getByLabel("Your name").fill("Ada");
    await page.getByLabel("Email").fill("ada@example.com");
    await page.getByLabel("Password").fill("short");
    await page.getByRole("button", { name: "Create account" }).click();
    await expect(page.getByRole("alert")).toBeVisible();
    await waitHydrated(page);
    await check(page, width);
  }
});

test("an empty tenant", async ({ page }) => {
  const { tenant } = await signUp(page);
  const paths = ["", "/workspaces", "/workspaces?status=archived", "/workspaces/default?tab=settings", "/members?q=nobody", "/invitations", "/invitations?status=accepted", "/invitations?status=revoked", "/invitations?status=expired", "/models?q=nothing-like-this", "/models/rules", "/models/report?q=nobody", "/usage", "/playground", "/keys", "/notifications", "/permissions", "/audit?q=nobody", "/audit?from=never&verify=1"];
  await look(page, paths.map((path) => `/t/${tenant.slug}${path}`));
});

test("a tenant with people, invitations and models", async ({ page, newPerson }) => {
  const word = unique();
  const olga = await newPerson();
  await logIn(olga, operator.email);
  const models = [];
  for (const n of [1, 2, 3]) models.push((await makeModel(olga, `axe-${word}/a-model-with-a-rather-long-name-${n}`, `Axe ${word} ${n}`)).id);
  const { tenant } = await signUp(page, "Ada Lovelace", `Axe ${word}`);
  await good(page.request.patch(`/api/v1/tenants/${tenant.id}/models`, { data: { enable: models } }));
  const { id: workspace } = await makeWorkspace(page, tenant, "Research");
  const { id } = await join(page, tenant, await newPerson(), "Bartholomew Featherstonehaugh-Cholmondeley", "developer");
  await good(page.request.patch(`/api/v1/tenants/${tenant.id}/models/rules`, { data: { new_models: "on", rules: [{ pattern: `axe-${word}/*` }, { pattern: "*", audience: "workspaces" }] } }));
  await invite(page, tenant, `somebody-with-a-long-address-${word}@subdomain.example.com`, "viewer", { workspaces: [{ workspace }] });
  await good(page.request.put(`/api/v1/tenants/${tenant.id}/workspaces/${workspace}/members/${id}`, { data: { role: "reviewer" } }));
  await good(page.request.post(`/api/v1/tenants/${tenant.id}/api-keys`, { data: { name: `A key with a rather long name ${word}`, scopes: ["models:read", "gateway:use"], workspace } }));
  const hook = { name: `A webhook with a rather long name ${word}`, url: "https://a-host-with-a-rather-long-name.invalid/and-a-path-that-is-long-as-well" };
  const { id: webhook } = await good<{ id: string }>(page.request.post(`/api/v1/tenants/${tenant.id}/webhooks`, { data: hook }));
  await good(page.request.post(`/api/v1/tenants/${tenant.id}/webhooks/${webhook}/test`));
  const paths = ["", "/notifications", `/webhooks/${webhook}`, "/workspaces", "/workspaces/research", "/workspaces/research?tab=models", "/workspaces/research?tab=settings", "/members", `/members/${id}`, "/invitations", `/models?q=${word}`, "/models/report", "/models/rules", "/playground", `/models/${models[0]}`, `/models/${models[0]}?user=nobody@example.com`, "/keys", "/audit", `/audit?actor=${id}`, "/audit?verify=1"];
  await look(page, paths.map((path) => `/t/${tenant.slug}${path}`));
});

test("settings", async ({ page }) => {
  const { tenant } = await signUp(page);
  await look(page, [`/t/${tenant.slug}/settings`]);
});

test("pages that are not there, not allowed, and suspended", async ({ page, newPerson }) => {
  const { tenant } = await signUp(page);
  const bob = await newPerson();
  await join(page, tenant, bob, "Bob Taylor", "viewer");
  await look(bob, ["/nothing", `/t/${tenant.slug}/nothing`, `/t/${tenant.slug}/models/mod_06fzz0000e00800000000zzzzz`, `/t/${tenant.slug}/invitations`, "/t/no-such-tenant"]);
  await good(page.request.post(`/api/v1/tenants/${tenant.id}/suspend`));
  await look(bob, [`/t/${tenant.slug}`]);
  await look(page, [`/t/${tenant.slug}`]);
});

test("the person's own pages", async ({ page }) => {
  await signUp(page);
  await makeTenant(page, `Second ${unique()}`);
  await look(page, ["/account", "/new"]);
});

test("the operator's pages", async ({ page }) => {
  const word = unique();
  await logIn(page, operator.email);
  const { id: provider } = await good<{ id: string }>(
    page.request.post("/api/v1/providers", { data: { name: `Axe ${word}`, base_url: "https://models.example.com/v1" } }),
  );
  const { id: model } = await good<{ id: string }>(page.request.post("/api/v1/models", { data: { name: `axe/${word}`, provider } }));
  await look(page, ["/admin", "/admin/system", `/admin/tenants?q=${word}`, "/admin/tenants", "/admin/users", "/admin/providers", `/admin/providers/${provider}`, "/admin/models", `/admin/models/${model}`, "/admin/plans", "/admin/audit", "/admin/audit?verify=1"]);
});

test("what opens on pages: menus, panels, dialogs, toasts", async ({ page }) => {
  const { tenant, email } = await signUp(page);
  await makeTenant(page, `Second ${unique()}`);
  const base = `/t/${tenant.slug}`;
  await look(page, [`${base}/workspaces`], async () => page.getByText("New workspace").click());
  await look(page, [`${base}/invitations`], async () => page.getByText("Invite people", { exact: true }).click());
  await look(page, [`${base}/keys`], async () => page.getByText("New key", { exact: true }).click());
  await look(page, [`${base}/settings`], async () => page.getByRole("button", { name: "Suspend" }).click());
  await good(page.request.patch(`/api/v1/tenants/${tenant.id}`, { data: { settings: { members_join: "direct" } } }));
  await look(page, [`${base}/members`], async () => page.locator("main").getByText("Add people", { exact: true }).first().click());
  await page.setViewportSize({ width: 1280, height: 800 });
  await gotoHydrated(page, base);
  await page.locator(".switcher summary").click();
  await check(page, 1280);
  await page.getByText(email).first().click();
  await check(page, 1280);
  await page.getByRole("button", { name: "Dismiss" }).click();
  await expect(page.getByText("The first steps are put away.")).toBeVisible();
  await check(page, 1280);
  await page.setViewportSize({ width: 375, height: 800 });
  await gotoHydrated(page, base);
  await page.getByRole("button", { name: "Navigation" }).click();
  await page.locator(".switcher summary").click();
  await check(page, 375);
});

test("what opens on the operator's pages", async ({ page }) => {
  await logIn(page, operator.email);
  for (const [path, panel] of [["tenants", "New tenant"], ["providers", "New provider"], ["models", "New model"], ["plans", "New plan"]]) {
    await look(page, [`/admin/${path}`], async () => page.locator("main").getByText(panel, { exact: true }).first().click());
  }
});

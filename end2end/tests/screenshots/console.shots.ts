// Pictures of the console, for the README and for looking at. scripts/screenshots runs this.

import { join as path } from "node:path";
import { good, invite, join, makeTenant, makeWorkspace, password } from "../../fixtures/people";
import { expect, gotoHydrated, test, waitHydrated } from "../../fixtures/test";

const folder = process.env.TENANTRY_SCREENSHOTS!;
const all = !!process.env.TENANTRY_SCREENSHOTS_ALL;

/** Name, display name, context, and USD per million tokens in and out. */
const models: [string, string, string, number | null, number | null, number | null][] = [
  ["OpenRouter", "openai/gpt-4o", "GPT-4o", 128_000, 2.5, 10],
  ["OpenRouter", "openai/gpt-4o-mini", "GPT-4o mini", 128_000, 0.15, 0.6],
  ["OpenRouter", "anthropic/claude-sonnet-4", "Claude Sonnet 4", 200_000, 3, 15],
  ["OpenRouter", "anthropic/claude-3.5-haiku", "Claude 3.5 Haiku", 200_000, 0.8, 4],
  ["OpenRouter", "google/gemini-2.5-flash", "Gemini 2.5 Flash", 1_000_000, 0.3, 2.5],
  ["OpenRouter", "google/gemini-2.5-pro", "Gemini 2.5 Pro", 1_000_000, 1.25, 10],
  ["OpenRouter", "deepseek/deepseek-chat", "DeepSeek V3", 64_000, 0.27, 1.1],
  ["OpenRouter", "mistralai/mistral-large", "Mistral Large", 128_000, 2, 6],
  ["Lab cluster", "llama-3.3-70b", "Llama 3.3 70B", 131_000, null, null],
  ["Lab cluster", "qwen2.5-coder-32b", "Qwen2.5 Coder 32B", 32_000, null, null],
];

test("takes the pictures", async ({ page, newPerson }) => {
  test.setTimeout(600_000);
  const api = page.request;
  await good(
    api.post("/api/v1/auth/register", {
      data: { email: "ingrid@northwind.example", name: "Ingrid Olsen", password, tenant_name: "Northwind Research" },
    }),
  );
  const { items: mine } = await good<{ items: { id: string; slug: string; name: string }[] }>(api.get("/api/v1/auth/available-tenants"));
  const tenant = mine[0];
  const base = `/api/v1/tenants/${tenant.id}`;
  await good(api.patch(base, { data: { settings: { colour: 5, invitation_days: 14 } } }));

  const providers: Record<string, string> = {};
  for (const [name, kind, base_url] of [
    ["OpenRouter", "openrouter", "https://openrouter.ai/api/v1"],
    ["Lab cluster", "vllm", "https://vllm.northwind.example/v1"],
  ]) {
    const data = { name, kind, base_url, api_key: "sk-not-a-real-key" };
    providers[name] = (await good<{ id: string }>(api.post("/api/v1/providers", { data }))).id;
  }
  const micro = (usd: number | null) => (usd === null ? null : Math.round(usd * 1_000_000));
  const ids: string[] = [];
  for (const [provider, name, display_name, context_length, input, output] of models) {
    const data = { name, display_name, provider: providers[provider], context_length, input_price: micro(input), output_price: micro(output) };
    ids.push((await good<{ id: string }>(api.post("/api/v1/models", { data }))).id);
  }
  await good(api.patch(`${base}/models`, { data: { enable: [0, 1, 2, 4, 8].map((n) => ids[n]) } }));
  await good(api.put(`${base}/models/${ids[8]}`, { data: { enabled: true, audience: "workspaces" } }));

  const research = await makeWorkspace(page, tenant, "Clinical notes");
  await good(api.patch(`${base}/workspaces/${research.id}`, { data: { description: "Labelling of discharge letters for the spring study" } }));
  const support = await makeWorkspace(page, tenant, "Support assistant");
  await good(api.patch(`${base}/workspaces/${support.id}`, { data: { description: "Answers from the handbook" } }));
  await good(api.put(`${base}/workspaces/${research.id}/models`, { data: { mode: "restrict", models: [ids[8], ids[1]] } }));

  const people: [string, string, string?][] = [
    ["Mateo García", "admin"],
    ["Yuki Tanaka", "developer", "admin"],
    ["Amara Okafor", "developer", "reviewer"],
    ["Lukas Weber", "developer"],
    ["Priya Raman", "viewer", "annotator"],
    ["Noah Lindqvist", "viewer", "annotator"],
    ["Sofia Marino", "viewer"],
  ];
  let someone = "";
  for (const [name, role, inWorkspace] of people) {
    const person = await newPerson();
    const { id } = await join(page, tenant, person, name, role, `${name.split(" ")[0].toLowerCase()}@northwind.example`);
    // Seen once, for "last active".
    expect((await person.request.get(`/t/${tenant.slug}`)).ok()).toBe(true);
    if (name.startsWith("Yuki")) someone = id;
    if (inWorkspace) await good(api.put(`${base}/workspaces/${research.id}/members/${id}`, { data: { role: inWorkspace } }));
    await person.context().close();
  }
  for (const [email, role] of [
    ["elena.petrova@northwind.example", "developer"],
    ["h.jansen@northwind.example", "viewer"],
    ["dr.owusu@partner-clinic.example", "viewer"],
  ]) {
    await invite(page, tenant, email, role, { workspaces: [{ workspace: research.id, role: "annotator" }] });
  }
  for (const name of ["Fjord Analytics", "Harbor Translation", "Ministry of Small Things"]) await makeTenant(page, name);
  await good(api.post("/api/v1/tenants/harbor-translation/suspend"));

  for (const [name, scopes, workspace] of [
    ["Nightly evaluation", ["gateway:use", "models:read"], research.id],
    ["Handbook chat", ["gateway:use"], support.id],
  ] as const) {
    await good(api.post(`${base}/api-keys`, { data: { name, scopes, workspace, expires_at: "2099-01-01T00:00:00Z" } }));
  }
  await good(api.put(`${base}/members/${someone}/overrides`, { data: [{ permission: "audit:read", effect: "grant" }] }));

  await good(api.patch(`${base}/models/rules`, { data: { rules: [{ pattern: "google/*" }, { pattern: "llama-*", audience: "workspaces" }] } }));

  const hook = await good<{ id: string }>(api.post(`${base}/webhooks`, { data: { name: "On call", url: "https://hooks.northwind.example/tenantry" } }));
  const t = `/t/${tenant.slug}`;
  const pages: [string, string][] = [
    ["overview", t],
    ["members", `${t}/members?sort=name`],
    ["invitations", `${t}/invitations`],
    ["models", `${t}/models`],
    ["rules", `${t}/models/rules`],
    ["report", `${t}/models/report`],
    ["usage", `${t}/usage`],
    ["notifications", `${t}/notifications`],
    ["webhook", `${t}/webhooks/${hook.id}`],
    ["playground", `${t}/playground`],
    ["model", `${t}/models/${ids[8]}?user=lukas@northwind.example`],
    ["workspaces", `${t}/workspaces`],
    ["workspace", `${t}/workspaces/${research.slug}`],
    ["workspace-models", `${t}/workspaces/${research.slug}?tab=models`],
    ["workspace-settings", `${t}/workspaces/${research.slug}?tab=settings`],
    ["member", `${t}/members/${someone}`],
    ["audit", `${t}/audit`],
    ["keys", `${t}/keys`],
    ["permissions", `${t}/permissions`],
    ["permissions-of", `${t}/permissions?user=${someone}`],
    ["settings", `${t}/settings`],
    ["account", "/account"],
    ["new", "/new"],
    ["admin", "/admin"],
    ["admin-tenants", "/admin/tenants"],
    ["admin-users", "/admin/users"],
    ["admin-providers", "/admin/providers"],
    ["admin-provider", `/admin/providers/${providers.OpenRouter}`],
    ["admin-catalogue", "/admin/models"],
    ["admin-model", `/admin/models/${ids[0]}`],
    ["admin-plans", "/admin/plans"],
    ["admin-audit", "/admin/audit"],
    ["not-found", `${t}/nothing`],
  ];
  const looks: [string, number, "light" | "dark"][] = [
    ["", 1280, "light"],
    ["-dark", 1280, "dark"],
    ["-375", 375, "light"],
    ["-dark-375", 375, "dark"],
  ];
  const readme = ["overview", "members", "invitations", "models", "members-dark"];
  const shoot = async (name: string, fullPage = false) => {
    await page.screenshot({ path: path(folder, `${name}.png`), animations: "disabled", fullPage });
  };

  for (const [suffix, width, colorScheme] of looks) {
    await page.setViewportSize({ width, height: 800 });
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    const wanted = (name: string) => all || readme.includes(`${name}${suffix}`);
    for (const [name, address] of pages.filter(([name]) => wanted(name))) {
      await gotoHydrated(page, address);
      await shoot(`${name}${suffix}`, all);
    }
    if (!all) continue;
    await test.step(`what opens ${suffix}`, async () => {
      await gotoHydrated(page, `${t}/invitations`);
      await page.getByText("Invite people", { exact: true }).click();
      await shoot(`open-invite${suffix}`);
      await page.getByLabel("Addresses", { exact: true }).fill(`a${suffix}@northwind.example, b${suffix}@northwind.example`);
      await page.getByRole("button", { name: "Invite", exact: true }).click();
      await expect(page.getByRole("heading", { name: "2 invitations are made" })).toBeVisible();
      await waitHydrated(page);
      await shoot(`invited${suffix}`);
      const link = await page.getByLabel(`a${suffix}@northwind.example`, { exact: true }).inputValue();
      for (const _ of ["a", "b"]) {
        await page.getByRole("button", { name: /^Revoke the invitation of [ab]-?/ }).first().click();
        if (_ === "a") await shoot(`open-revoke${suffix}`);
        await page.getByRole("dialog").getByRole("button", { name: "Revoke" }).click();
        await expect(page.getByText("its link no longer works").first()).toBeVisible();
        // The list is read anew: what is opened meanwhile would close.
        await expect(page.getByRole("button", { name: /^Revoke the invitation of [ab]-?/ })).toHaveCount(_ === "a" ? 1 : 0);
      }
      await shoot(`toast${suffix}`);
      const pending = await invite(page, tenant, "new.person@northwind.example");
      const guest = await newPerson();
      await guest.setViewportSize({ width, height: 800 });
      await guest.emulateMedia({ colorScheme });
      for (const [name, address] of [["login", "/login"], ["register", "/register"], ["forgot", "/forgot"], ["reset-unknown", "/reset/unknown"], ["verify-unknown", "/verify/unknown"], ["invite", pending], ["invite-revoked", new URL(link).pathname]]) {
        await gotoHydrated(guest, address);
        await guest.screenshot({ path: path(folder, `${name}${suffix}.png`), fullPage: true });
      }
      await guest.context().close();
      await gotoHydrated(page, `${t}/settings`);
      await page.getByRole("button", { name: "Deactivate" }).click();
      await shoot(`open-deactivate${suffix}`);
      await gotoHydrated(page, t);
      if (width === 375) await page.getByRole("button", { name: "Navigation" }).click();
      await page.locator(".switcher summary").click();
      await shoot(`open-switcher${suffix}`);
      await page.keyboard.press("Escape");
      if (width === 375) await gotoHydrated(page, t).then(() => page.getByRole("button", { name: "Navigation" }).click());
      await page.locator(".menu-up summary").click();
      await shoot(`open-account${suffix}`);
      await gotoHydrated(page, `${t}/models`);
      await page.getByRole("checkbox", { name: "Select GPT-4o mini" }).check();
      await page.getByRole("checkbox", { name: "Select Claude Sonnet 4" }).check();
      await shoot(`open-bulk${suffix}`);
      await page.keyboard.press("Control+k");
      await page.getByRole("combobox", { name: "Jump to" }).fill("an");
      await expect(page.getByRole("group", { name: "Members" })).toBeVisible();
      await shoot(`open-palette${suffix}`);
      await page.keyboard.press("Escape");
      await page.keyboard.press("?");
      await shoot(`open-shortcuts${suffix}`);
      await page.keyboard.press("Escape");
      await gotoHydrated(page, `${t}/workspaces`);
      await page.getByText("New workspace").click();
      await page.getByLabel("Name", { exact: true }).fill("Faulty");
      await page.getByLabel("Slug").fill("Not a slug");
      await page.getByRole("button", { name: "Create workspace" }).click();
      await expect(page.getByText("Must be lower-case letters").first()).toBeVisible();
      await shoot(`open-faults${suffix}`);
      await gotoHydrated(page, "/admin/models");
      await page.getByText("New model").click();
      await shoot(`open-new-model${suffix}`);
    });
  }
});

test.use({ allowedComplaints: [/status of (404|410) /] });

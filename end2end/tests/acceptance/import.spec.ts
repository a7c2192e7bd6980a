// A real database of Open WebUI, taken over while the server runs, and looked at in the console.

import { execFile } from "node:child_process";
import { resolve } from "node:path";
import { promisify } from "node:util";
import { unique } from "../../fixtures/people";
import { expect, expectNoAxeViolations, gotoHydrated, test, waitHydrated } from "../../fixtures/test";

const source = resolve(import.meta.dirname, "../../../src/adapters/tests/fixtures/open-webui.db");

async function take(slug: string, ...more: string[]) {
  const words = ["import", "open-webui", source, "--tenant-slug", slug, "--tenant-name", "Acme imported", "--json", "--data-dir", process.env.TENANTRY_E2E_DATA!];
  // Without our own settings, which it would not know.
  const env = { PATH: process.env.PATH, HOME: process.env.HOME };
  const { stdout } = await promisify(execFile)(process.env.TENANTRY_E2E_SERVER!, [...words, ...more], { env });
  return JSON.parse(stdout) as { accounts: { added: number; existing: number }; models: { added: number } };
}

test("its people sign in with their passwords, and find their groups and models", async ({ page, newPerson }) => {
  const slug = `imported-${unique()}`;
  const base = `/t/${slug}`;
  const tried = await take(slug, "--dry-run");
  expect(tried).toMatchObject({ accounts: { added: 7 }, models: { added: 4 } });
  expect((await page.request.post("/api/v1/auth/login", { data: { email: "ada@acme.example", password: "Fixture-Passw0rd!" } })).status()).toBe(401);
  const { dry_run: _, ...same } = tried as Record<string, unknown>;
  expect(await take(slug)).toMatchObject(same);

  const signIn = async (who: typeof page, email: string) => {
    await gotoHydrated(who, "/login");
    await who.getByLabel("Email").fill(email);
    await who.getByLabel("Password").fill("Fixture-Passw0rd!");
    await who.getByRole("button", { name: "Sign in" }).click();
    await expect(who).toHaveURL(base);
    await waitHydrated(who);
  };
  await signIn(page, "ada@acme.example");
  await expect(page.getByText("You are owner here.")).toBeVisible();

  await test.step("members, with the roles they get", async () => {
    await gotoHydrated(page, `${base}/members?sort=email`);
    await expect(page.getByText("7 members", { exact: true })).toBeVisible();
    for (const [name, role] of [["Ada Admin", "Owner"], ["Bea Admin", "Admin"], ["Émile Zölä 雪", "Developer"], ["Fay O'Neil", "Developer"]]) {
      await expect(page.getByRole("row", { name: new RegExp(name) })).toContainText(role);
    }
    await expect(page.getByText("Gus Pending")).toHaveCount(0);
    await expectNoAxeViolations(page);
  });

  await test.step("groups are workspaces", async () => {
    await gotoHydrated(page, `${base}/workspaces`);
    for (const name of ["Engineering", "Support", "default"]) {
      await expect(page.getByRole("link", { name: new RegExp(name, "i") }).first()).toBeVisible();
    }
    await gotoHydrated(page, `${base}/workspaces/engineering`);
    await expect(page.getByRole("link", { name: "Carl User" })).toBeVisible();
    await gotoHydrated(page, `${base}/workspaces/engineering?tab=models`);
    await expect(page.getByLabel(/Mock Large/)).toBeChecked();
  });

  await test.step("models, and who may use them", async () => {
    await gotoHydrated(page, `${base}/models?q=mock`);
    const row = (name: string) => page.getByRole("row", { name: new RegExp(name) });
    await expect(row("Mock Small")).toContainText("Everyone");
    await expect(row("Mock Small").getByRole("switch")).toHaveAttribute("aria-checked", "true");
    await expect(row("Mock Large")).toContainText("Workspaces that list it");
    await expect(row("Disabled base override").getByRole("switch")).toHaveAttribute("aria-checked", "false");
    await expectNoAxeViolations(page);
    const csv = await page.request.get(`/api/v1/tenants/${slug}/models/report?format=csv`);
    expect(await csv.text()).toContain("carl@acme.example,Carl User,");
    for (const [person, large] of [["carl", 1], ["fay", 0]] as const) {
      await gotoHydrated(page, `${base}/models/report?q=${person}`);
      await expect(page.getByText("1 person matches", { exact: true })).toBeVisible();
      await expect(page.getByRole("columnheader", { name: "mock-small" })).toBeVisible();
      await expect(page.getByRole("columnheader", { name: "mock-large" })).toHaveCount(large);
    }
    await expectNoAxeViolations(page);
  });

  await test.step("a developer of it signs in as well", async () => {
    const carl = await newPerson();
    await signIn(carl, "carl@acme.example");
    await expect(carl.getByText("You are developer here.")).toBeVisible();
  });

  const again = await take(slug);
  expect(again).toMatchObject({ accounts: { added: 0, existing: 7 }, models: { added: 0 } });
});

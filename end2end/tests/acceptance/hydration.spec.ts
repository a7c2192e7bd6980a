// The time between a page's arrival and its script's: nothing that a person does then is lost.

import { readFileSync } from "node:fs";
import { good, logIn, makeModel, operator, signUp, unique } from "../../fixtures/people";
import { expect, expectNoAxeViolations, gotoHydrated, test, waitHydrated } from "../../fixtures/test";
import { type Page } from "@playwright/test";

/** Holds the wasm back until `release` is called. */
async function holdWasm(page: Page) {
  let release = () => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  await page.route("**/*.wasm", async (route) => {
    await held;
    // The page may be gone by then.
    await route.continue().catch(() => {});
  });
  return release;
}

test("forms that are sent before the script is there arrive", async ({ page }) => {
  const { tenant } = await signUp(page);
  const release = await holdWasm(page);
  await page.goto(`/t/${tenant.slug}/workspaces`, { waitUntil: "commit" });
  await page.getByText("New workspace").click();
  await page.getByLabel("Name", { exact: true }).fill("Early");
  await page.getByRole("button", { name: "Create workspace" }).click();
  await expect(page).toHaveURL(`/t/${tenant.slug}/workspaces/early?done=workspace-created`);
  await expect(page.getByRole("heading", { level: 1, name: "Early" })).toBeVisible();
  await expect(page.locator("html")).not.toHaveAttribute("data-hydrated");
  release();
  await waitHydrated(page);
  await expect(page.getByText("The workspace is created.")).toBeVisible();
});

test("what is typed before the script is there stays", async ({ page }) => {
  const release = await holdWasm(page);
  await page.goto("/register", { waitUntil: "commit" });
  await page.getByLabel("Your name").fill("Ada Early");
  await page.getByLabel("Email").fill("early@example.com");
  release();
  await waitHydrated(page);
  await expect(page.getByLabel("Your name")).toHaveValue("Ada Early");
  await expect(page.getByLabel("Email")).toHaveValue("early@example.com");
});

/** An address for each route of the console, read from its own table: a new page is looked at without being named here. */
async function everyPage(page: Page): Promise<string[]> {
  await logIn(page, operator.email);
  const { id: user } = await good<{ id: string }>(page.request.get("/api/v1/me"));
  const provider = await good<{ id: string }>(
    page.request.post("/api/v1/providers", { data: { name: `Every page ${unique()}`, base_url: "https://models.example.com/v1" } }),
  );
  const model = await makeModel(page, `every/${unique()}`, "Every page");
  const hook = { name: `Every page ${unique()}`, url: "https://hooks.example.com/told" };
  const { id: webhook } = await good<{ id: string }>(page.request.post("/api/v1/tenants/house-of-olga/webhooks", { data: hook }));
  const names: Record<string, string> = { tenant: "house-of-olga", workspace: "default", user, model: model.id, webhook, token: "unknown", rest: "nothing" };
  const table = readFileSync(new URL("../../../src/web/src/app.rs", import.meta.url), "utf8");
  const pages: string[] = [];
  let parent = "";
  for (const [, tag, route] of table.matchAll(/<(ParentRoute|Route|\/ParentRoute)(?: path=path!\("([^"]*)"\)|>)/g)) {
    if (tag === "/ParentRoute") parent = "";
    else if (tag === "ParentRoute") parent = route;
    // Ways to a provider and back: the log-in, where they end here.
    else if (!route.startsWith("/auth/"))
      pages.push(
        [parent, route]
          .filter(Boolean)
          .join("/")
          .replace(/[:*](\w+)/g, (_, name) => {
            const value = name === "id" ? (route.startsWith("providers") ? provider.id : model.id) : names[name];
            if (!value) throw new Error(`say here what stands for ${name} of ${parent}/${route}`);
            return value;
          }),
      );
  }
  expect(pages.length, "the table of routes is read").toBeGreaterThan(25);
  return pages;
}

// The pages of links that are unknown, and of addresses that lead nowhere, say so with their status.
test.describe("all pages", () => {
  test.use({ allowedComplaints: [/status of (404|410) /] });

  test("every page comes alive without a complaint, also when walked to", async ({ page }) => {
    test.setTimeout(240_000);
    const tenant = "house-of-olga";
    for (const path of await everyPage(page)) {
      await gotoHydrated(page, path);
      await test.step(`axe on ${path}`, () => expectNoAxeViolations(page));
    }

    await gotoHydrated(page, `/t/${tenant}`);
    let loads = 0;
    page.on("request", (request) => {
      if (request.isNavigationRequest()) loads += 1;
    });
    const rail = page.getByRole("navigation", { name: "Main" });
    for (const name of ["Workspaces", "Members", "Invitations", "Models", "Keys", "Audit", "Settings"]) {
      await rail.getByRole("link", { name }).click();
      await expect(page.getByRole("heading", { level: 1, name })).toBeVisible();
      await expect(page).toHaveTitle(new RegExp(name));
    }
    await page.locator(".switcher summary").click();
    await page.getByRole("link", { name: "Operator area" }).click();
    for (const [link, heading] of [["Tenants", "Tenants"], ["Accounts", "Accounts"], ["Providers", "Providers"], ["Catalogue", "Catalogue"], ["Plans", "Plans"], ["Audit", "Audit"], ["System", "System"]]) {
      await rail.getByRole("link", { name: link }).click();
      await expect(page.getByRole("heading", { level: 1, name: heading })).toBeVisible();
    }
    await page.goBack();
    await expect(page.getByRole("heading", { level: 1, name: "Audit" })).toBeVisible();
    expect(loads, "links do not load the page anew").toBe(0);
  });
});

test.describe("code that pages fetch when they are opened", () => {
  test.use({ allowedComplaints: [/Failed to (load resource|fetch)/] });

  test("comes once, and a page whose code does not come says so", async ({ page }) => {
    const { tenant } = await signUp(page);
    const pieces: string[] = [];
    page.on("response", (response) => {
      if (/\/split_.*\.wasm$/.test(response.url())) pieces.push(response.url());
    });
    await gotoHydrated(page, `/t/${tenant.slug}`);
    expect(pieces, "the overview needs no more than the main file").toEqual([]);
    const rail = page.getByRole("navigation", { name: "Main" });
    await page.route("**/split_*.wasm", (route) => route.abort());
    await rail.getByRole("link", { name: "Keys" }).click();
    await expect(page.getByRole("heading", { name: "This page could not be loaded" })).toBeVisible();
    await page.unroute("**/split_*.wasm");
    await page.getByRole("link", { name: "Load it again" }).click();
    await expect(page.getByRole("heading", { level: 1, name: "Keys" })).toBeVisible();
    await waitHydrated(page);
    await rail.getByRole("link", { name: "Settings" }).click();
    await expect(page.getByRole("heading", { level: 1, name: "Settings" })).toBeVisible();
    expect(pieces).toHaveLength(1);
  });

  test("is not needed for a page that the server rendered", async ({ page }) => {
    const { tenant } = await signUp(page);
    await page.route("**/split_*.wasm", (route) => route.abort());
    await page.goto(`/t/${tenant.slug}/settings`);
    await page.getByLabel("Name", { exact: true }).first().fill("Named without it");
    await page.getByRole("button", { name: "Save" }).first().click();
    await expect(page.getByRole("link", { name: "Named without it" }).first()).toBeVisible();
  });
});

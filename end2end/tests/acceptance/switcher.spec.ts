// The tenant switcher: with the keyboard, keeping the page, one tenant a tab.

import { makeTenant, signUp, unique } from "../../fixtures/people";
import { expect, gotoHydrated, test, waitHydrated } from "../../fixtures/test";

const summary = "summary:has-text('Switch tenant')";

test("by keyboard, keeping the page", async ({ page }) => {
  const { tenant: first } = await signUp(page);
  const second = await makeTenant(page, `Second ${unique()}`);
  await gotoHydrated(page, `/t/${first.slug}/members`);

  const button = page.locator(summary);
  await button.focus();
  await page.keyboard.press("Enter");
  const there = page.locator(".switcher").getByRole("link", { name: new RegExp(second.name) });
  await expect(there).toBeVisible();
  await expect(there).toContainText("Owner");
  await test.step("Escape closes it and gives the focus back", async () => {
    await page.keyboard.press("Escape");
    await expect(there).toBeHidden();
    await expect(button).toBeFocused();
  });
  await test.step("arrows walk through it", async () => {
    await page.keyboard.press("ArrowDown");
    await expect(there).toBeVisible();
    await page.keyboard.press("End");
    await page.keyboard.press("Home");
    await expect(page.locator(".switcher [data-item]").first()).toBeFocused();
    const items = page.locator(".switcher [data-item]");
    const at = (await items.allInnerTexts()).findIndex((text) => text.includes(second.name));
    for (let n = 0; n < at; n += 1) await page.keyboard.press("ArrowDown");
    await expect(there).toBeFocused();
    await page.keyboard.press("Enter");
  });
  await expect(page).toHaveURL(`/t/${second.slug}/members`);
  await expect(page.locator(summary)).toContainText(second.name);
  await expect(page.getByRole("heading", { level: 1, name: "Members" })).toBeVisible();
  await expect(there).toBeHidden();
});

test("a page that only one tenant has leads to the list in the other", async ({ page }) => {
  const { tenant: first } = await signUp(page);
  const second = await makeTenant(page, `Second ${unique()}`);
  await gotoHydrated(page, `/t/${first.slug}/workspaces/default`);
  await page.locator(summary).click();
  await page.getByRole("link", { name: new RegExp(second.name) }).click();
  await expect(page).toHaveURL(`/t/${second.slug}/workspaces`);
});

test("remembers the tenant that was used last, and two tabs stand in two", async ({ page, context }) => {
  const { tenant: first } = await signUp(page);
  const second = await makeTenant(page, `Second ${unique()}`);
  await gotoHydrated(page, `/t/${second.slug}`);
  await gotoHydrated(page, "/");
  await expect(page).toHaveURL(`/t/${second.slug}`);

  const other = await context.newPage();
  await gotoHydrated(other, `/t/${first.slug}`);
  await expect(other.getByRole("heading", { level: 1, name: first.name })).toBeVisible();
  // The first tab stays where it is, also when it loads anew and when it writes.
  await page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Workspaces" }).click();
  await page.getByText("New workspace").click();
  await page.getByLabel("Name", { exact: true }).fill("In the second");
  await page.getByRole("button", { name: "Create workspace" }).click();
  await expect(page).toHaveURL(`/t/${second.slug}/workspaces/in-the-second`);
  await page.reload();
  await waitHydrated(page);
  await expect(page.locator(summary)).toContainText(second.name);
  await gotoHydrated(other, `/t/${first.slug}/workspaces`);
  await expect(other.getByText("In the second")).toHaveCount(0);
  await other.close();

  // The one that was entered last is the one to land in.
  await gotoHydrated(page, `/t/${first.slug}`);
  await gotoHydrated(page, "/");
  await expect(page).toHaveURL(`/t/${first.slug}`);
});

test("many tenants can be filtered; a suspended one says so", async ({ page }) => {
  test.slow();
  const { tenant: first } = await signUp(page);
  const word = unique();
  const names = ["Alder", "Birch", "Cedar", "Date", "Elm", "Fir", "Ginkgo", "Hazel"].map((tree) => `${tree} ${word}`);
  const made = [];
  for (const name of names) made.push(await makeTenant(page, name));
  expect((await page.request.post(`/api/v1/tenants/${made[3].id}/suspend`)).ok()).toBe(true);
  await gotoHydrated(page, `/t/${first.slug}`);
  await page.locator(summary).click();
  await expect(page.getByRole("link", { name: new RegExp(`Cedar ${word}`) })).toBeVisible();
  await expect(page.getByRole("link", { name: new RegExp(`Date ${word}`) })).toContainText("suspended");
  await page.getByRole("searchbox", { name: "Filter tenants" }).fill("gink");
  await expect(page.getByRole("link", { name: new RegExp(`Cedar ${word}`) })).toBeHidden();
  await page.getByRole("searchbox", { name: "Filter tenants" }).press("ArrowDown");
  await expect(page.getByRole("link", { name: new RegExp(`Ginkgo ${word}`) })).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(`/t/${made[6].slug}`);
});

test("a new tenant from the switcher", async ({ page }) => {
  const { tenant: first } = await signUp(page);
  await gotoHydrated(page, `/t/${first.slug}`);
  await page.locator(summary).click();
  await page.getByRole("link", { name: "New tenant" }).click();
  const word = unique();
  await page.getByLabel("Name", { exact: true }).fill(`Third ${word}`);
  await page.getByRole("button", { name: "Create tenant" }).click();
  await expect(page).toHaveURL(`/t/third-${word}`);
  await expect(page.locator(summary)).toContainText(`Third ${word}`);
  await expect(page.getByText(`Third ${word} is created.`)).toBeVisible();
});

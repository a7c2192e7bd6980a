// The palette and the list of shortcuts: extras, fetched when they are opened.

import { join, logIn, makeModel, makeWorkspace, operator, signUp, unique } from "../../fixtures/people";
import { expect, expectNoAxeViolations, gotoHydrated, test } from "../../fixtures/test";

test("jumps to workspaces, members, models, pages and tenants by keyboard", async ({ page, newPerson }) => {
  const word = unique();
  const olga = await newPerson();
  await logIn(olga, operator.email);
  await makeModel(olga, `palette-${word}/large`, `Palette ${word} Large`);
  const { tenant } = await signUp(page);
  const { name } = await join(page, tenant, await newPerson(), `Bob${word} Taylor`);
  await makeWorkspace(page, tenant, `Garden ${word}`);

  const asked: string[] = [];
  page.on("request", (request) => asked.push(new URL(request.url()).pathname));
  await gotoHydrated(page, `/t/${tenant.slug}`);
  expect(asked, "nothing of it is loaded before").not.toContain("/palette.js");

  const dialog = page.getByRole("dialog", { name: "Jump to" });
  const input = dialog.getByRole("combobox", { name: "Jump to" });
  const chosen = dialog.getByRole("option", { selected: true });
  const jump = async (text: string, to: RegExp) => {
    await page.keyboard.press("Control+k");
    await expect(input).toBeFocused();
    await input.fill(text);
    await expect(chosen).toContainText(to);
    await page.keyboard.press("Enter");
    await expect(dialog).toBeHidden();
  };
  await jump(`garden ${word}`, /Garden/);
  await expect(page).toHaveURL(`/t/${tenant.slug}/workspaces/garden-${word}`);
  await jump(`bob${word}`, /Bob/);
  await expect(page.getByRole("heading", { level: 1, name })).toBeVisible();
  await jump(`palette ${word}`, /Large/);
  await expect(page.getByRole("heading", { level: 1, name: `Palette ${word} Large` })).toBeVisible();
  await jump("settings", /Settings/);
  await expect(page).toHaveURL(`/t/${tenant.slug}/settings`);
  await jump("new workspace", /New workspace/);
  await expect(page.getByLabel("Name", { exact: true })).toBeVisible();

  await page.keyboard.press("Control+k");
  await expect(dialog.getByRole("option").nth(2)).toBeVisible();
  await expectNoAxeViolations(page);
  await page.keyboard.press("ArrowDown");
  await expect(dialog.getByRole("option").nth(1)).toHaveAttribute("aria-selected", "true");
  await page.keyboard.press("ArrowUp");
  await page.keyboard.press("ArrowUp");
  await expect(dialog.getByRole("option").last()).toHaveAttribute("aria-selected", "true");
  await input.fill(`nothing-of-this-name-${word}`);
  await expect(dialog.getByText("Nothing has this name.")).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(dialog).toBeHidden();
});

test("finds nothing of other tenants", async ({ page, newPerson }) => {
  const word = unique();
  const ada = await newPerson();
  const { tenant: theirs } = await signUp(ada, `Ada${word} Lovelace`, `Hidden ${word}`);
  await makeWorkspace(ada, theirs, `Secret ${word}`);
  const { tenant } = await signUp(page);
  await gotoHydrated(page, `/t/${tenant.slug}`);
  await page.getByRole("button", { name: /Jump to/ }).click();
  await page.getByRole("combobox", { name: "Jump to" }).fill(word);
  await expect(page.getByText("Nothing has this name.")).toBeVisible();
});

test("a question mark lists the shortcuts; a slash goes to the search", async ({ page }) => {
  const { tenant } = await signUp(page);
  await gotoHydrated(page, `/t/${tenant.slug}/members`);
  await page.keyboard.press("/");
  await expect(page.getByRole("searchbox")).toBeFocused();
  await page.keyboard.type("?");
  await expect(page.getByRole("searchbox")).toHaveValue("?");
  await page.getByRole("heading", { level: 1 }).click();
  await page.keyboard.press("?");
  const dialog = page.getByRole("dialog", { name: "Keyboard shortcuts" });
  await expect(dialog).toContainText("Search the list on this page");
  await expectNoAxeViolations(page);
  await page.keyboard.press("Escape");
  await expect(dialog).toBeHidden();
});

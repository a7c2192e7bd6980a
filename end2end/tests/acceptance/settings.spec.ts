// The settings of a tenant, and how it ends and begins again.

import { join, signUp, unique } from "../../fixtures/people";
import { expect, gotoHydrated, test, waitHydrated } from "../../fixtures/test";

test("name, slug and colour change; the old address leads to the new one", async ({ page }) => {
  const { tenant } = await signUp(page);
  const word = unique();
  await gotoHydrated(page, `/t/${tenant.slug}/settings`);
  await page.getByLabel("Name", { exact: true }).fill(`Renamed ${word}`);
  await page.getByLabel("Slug").fill(`renamed-${word}`);
  await page.getByRole("radio", { name: "Teal" }).check({ force: true });
  await page.getByRole("button", { name: "Save settings" }).click();
  await expect(page).toHaveURL(`/t/renamed-${word}/settings`);
  await expect(page.getByText("The settings are saved.")).toBeVisible();
  await expect(page.locator(".switcher summary")).toContainText(`Renamed ${word}`);
  await expect(page.locator(".rail")).toHaveClass(/tc-5/);
  await expect(page.getByRole("radio", { name: "Teal" })).toBeChecked();

  await gotoHydrated(page, `/t/${tenant.slug}/members?sort=name`);
  await expect(page).toHaveURL(`/t/renamed-${word}/members?sort=name`);
});

test.describe("refusals", () => {
  test.use({ allowedComplaints: [/status of (403|404|409|422) /] });

  test("a slug that is taken, and one that is none, are said at their field", async ({ page, newPerson }) => {
    const { tenant } = await signUp(page);
    const { tenant: other } = await signUp(await newPerson());
    await gotoHydrated(page, `/t/${tenant.slug}/settings`);
    await page.getByLabel("Slug").fill(other.slug);
    await page.getByRole("button", { name: "Save settings" }).click();
    await expect(page.getByRole("alert")).toContainText("This slug is taken.");
    await page.getByLabel("Slug").fill("No Slug!");
    await page.getByRole("button", { name: "Save settings" }).click();
    await expect(page.getByLabel("Slug")).toHaveAttribute("aria-invalid", "true");
    await expect(page.getByLabel("Slug")).toHaveAccessibleDescription(/Must be lower-case letters/);
    await expect(page.getByLabel("Slug")).toHaveValue("No Slug!");
    await page.getByRole("alert").getByRole("link", { name: "Slug" }).click();
    await expect(page.getByLabel("Slug")).toBeFocused();
  });

  test("suspended by typing the name, read by its owner, active again", async ({ page, newPerson }) => {
    const { tenant } = await signUp(page);
    const bob = await newPerson();
    await join(page, tenant, bob, "Bob Taylor");
    await gotoHydrated(page, `/t/${tenant.slug}/settings`);
    await page.getByRole("button", { name: "Suspend" }).click();
    const dialog = page.getByRole("dialog", { name: `Suspend ${tenant.name}?` });
    await expect(dialog).toContainText("2 members");
    await dialog.getByLabel(`Type “${tenant.name}” to confirm`).fill("something else");
    await dialog.getByRole("button", { name: "Suspend" }).click();
    await expect(dialog.getByText("Does not match.").first()).toBeVisible();
    await dialog.getByLabel(/Type/).fill(tenant.name);
    await dialog.getByRole("button", { name: "Suspend" }).click();
    await expect(page.getByText(`${tenant.name} is suspended.`)).toBeVisible();

    await gotoHydrated(page, `/t/${tenant.slug}/workspaces`);
    await expect(page.getByRole("link", { name: /default/i }).first()).toBeVisible();
    await expect(page.getByText("New workspace")).toHaveCount(0);
    expect((await gotoHydrated(bob, `/t/${tenant.slug}`))?.status()).toBe(403);
    await expect(bob.getByRole("heading", { level: 1, name: "This tenant is suspended" })).toBeVisible();

    await gotoHydrated(page, `/t/${tenant.slug}/settings`);
    await page.getByRole("button", { name: "Activate", exact: true }).click();
    await expect(page.getByText(`${tenant.name} is active again.`)).toBeVisible();
    expect((await gotoHydrated(bob, `/t/${tenant.slug}`))?.status()).toBe(200);
  });

  test("deactivated by typing the name, and active again", async ({ page, newPerson }) => {
    const { tenant } = await signUp(page);
    const bob = await newPerson();
    await join(page, tenant, bob, "Bob Taylor");
    await gotoHydrated(page, `/t/${tenant.slug}/settings`);
    await page.getByRole("button", { name: "Deactivate" }).click();
    const dialog = page.getByRole("dialog", { name: `Deactivate ${tenant.name}?` });
    await dialog.getByLabel(/Type/).fill(tenant.name);
    await dialog.getByRole("button", { name: "Deactivate" }).click();
    await expect(page.getByText(`${tenant.name} is deactivated.`)).toBeVisible();
    expect((await gotoHydrated(bob, `/t/${tenant.slug}`))?.ok()).toBe(false);
    await gotoHydrated(page, `/t/${tenant.slug}/settings`);
    await page.getByRole("button", { name: "Activate", exact: true }).click();
    await expect(page.getByText(`${tenant.name} is active again.`)).toBeVisible();
    await waitHydrated(page);
    expect((await gotoHydrated(bob, `/t/${tenant.slug}`))?.status()).toBe(200);
  });
});

test("the account: name, theme, signing out", async ({ page }) => {
  const { email } = await signUp(page);
  await gotoHydrated(page, "/account");
  await page.getByLabel("Name", { exact: true }).fill("Ada King");
  await page.getByRole("button", { name: "Save profile" }).click();
  await expect(page.getByText("Your profile is saved.")).toBeVisible();
  await expect(page.locator(".menu-up summary")).toContainText("Ada King");
  await page.getByRole("main").getByRole("button", { name: "Dark" }).click();
  await expect(page.locator("html")).toHaveAttribute("data-theme", "dark");
  await waitHydrated(page);
  await page.reload();
  await expect(page.locator("html")).toHaveAttribute("data-theme", "dark");
  await waitHydrated(page);
  await page.getByText(email).first().click();
  await page.getByRole("button", { name: "Sign out" }).click();
  await expect(page.getByText("You are signed out.")).toBeVisible();
  await waitHydrated(page);
});

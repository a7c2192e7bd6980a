// API keys: made on their page, shown once, rotated and revoked.

import { signUp } from "../../fixtures/people";
import { expect, gotoHydrated, test, waitHydrated } from "../../fixtures/test";

test("a key is made, its secret is shown once, and it is revoked", async ({ page, context, newPerson }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  const { tenant } = await signUp(page);
  const script = await newPerson();
  const opens = async (secret: string) =>
    (await script.request.get(`/api/v1/tenants/${tenant.id}/members`, { headers: { authorization: `Bearer ${secret}` } })).status();
  await gotoHydrated(page, `/t/${tenant.slug}`);
  await page.getByRole("link", { name: "Make an API key" }).click();
  await expect(page.getByText("No keys yet")).toBeVisible();
  await page.getByText("New key", { exact: true }).click();
  await page.getByRole("textbox", { name: "Name", exact: true }).fill("Nightly");
  await page.getByLabel("See who is a member").check();
  await page.getByRole("button", { name: "Make the key" }).click();

  await expect(page.getByRole("heading", { name: "Nightly is made" })).toBeVisible();
  await waitHydrated(page);
  const secret = await page.getByLabel("Secret", { exact: true }).inputValue();
  expect(secret).toMatch(/^tnt_\w{30,}$/);
  await page.getByRole("button", { name: "Copy secret" }).click();
  await expect(page.getByText("Copied to the clipboard.")).toBeVisible();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(secret);
  expect(await opens(secret)).toBe(200);

  await gotoHydrated(page, `/t/${tenant.slug}/keys`);
  await expect(page.getByText("1 key", { exact: true })).toBeVisible();
  expect(await page.content()).not.toContain(secret);
  const row = page.getByRole("row", { name: /Nightly/ });
  await expect(row).toContainText("Ada Lovelace");
  await row.getByText("1 scope").click();
  await expect(row.getByText("members:read")).toBeVisible();

  await test.step("another secret, and the end of the one before", async () => {
    await page.getByRole("button", { name: "Rotate Nightly" }).click();
    await page.getByLabel("The present secret works on for (hours)").fill("0");
    await page.getByRole("button", { name: "Make a new secret" }).click();
    await expect(page.getByRole("heading", { name: "Nightly has a new secret" })).toBeVisible();
    await waitHydrated(page);
    expect(await opens(secret)).toBe(401);
    expect(await opens(await page.getByLabel("Secret", { exact: true }).inputValue())).toBe(200);
  });

  await page.getByRole("button", { name: "Revoke Nightly" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Revoke", exact: true }).click();
  await expect(page.getByText("The key is revoked; it opens nothing any more.")).toBeVisible();
  await expect(row).toContainText("Revoked");
  await expect(page.getByRole("button", { name: "Revoke Nightly" })).toHaveCount(0);
});

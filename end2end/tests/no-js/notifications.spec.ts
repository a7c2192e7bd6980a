// What a tenant is told of and its webhooks, in a browser without JavaScript.

import { signUp } from "../../fixtures/people";
import { expect, test } from "../../fixtures/test";

// A form with faults comes back with their status, which the browser reports.
test.use({ allowedComplaints: [/status of 422 /] });

test("what is told is chosen by ticks", async ({ page }) => {
  const { tenant } = await signUp(page);
  await page.goto(`/t/${tenant.slug}`);
  await page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Notifications" }).click();
  const full = page.getByRole("checkbox", { name: "A limit is reached: by mail" });
  const near = page.getByRole("checkbox", { name: "80 % of a limit are used: by mail" });
  await expect(full).not.toBeChecked();
  await expect(near).toBeChecked();
  await full.check();
  await near.uncheck();
  await page.getByLabel("Days before a key ends").fill("14");
  await page.getByRole("button", { name: "Save what is told" }).click();
  await expect(page.getByText("What is told is saved.")).toBeVisible();
  await expect(full).toBeChecked();
  await expect(near).not.toBeChecked();
  await expect(page.getByLabel("Days before a key ends")).toHaveValue("14");

  await page.getByLabel("Days before a key ends").fill("91");
  await page.getByRole("button", { name: "Save what is told" }).click();
  await expect(page.getByRole("alert").filter({ hasText: "key_days: Must be between 1 and 90" })).toBeVisible();
});

test("a webhook: made, its secret shown once, tried, changed, removed", async ({ page }) => {
  const { tenant } = await signUp(page);
  const list = `/t/${tenant.slug}/notifications`;
  await page.goto(list);
  await page.getByLabel("Name", { exact: true }).fill("Operations");
  await page.getByLabel("Address", { exact: true }).fill("http://169.254.169.254/latest");
  await page.getByRole("button", { name: "Add webhook" }).click();
  await expect(page.getByRole("alert").filter({ hasText: "url: This address is not allowed" })).toBeVisible();
  await expect(page.getByLabel("Name", { exact: true })).toHaveValue("Operations");
  // Nobody is there, and nobody ever will be.
  await page.getByLabel("Address", { exact: true }).fill("https://hooks.invalid/tenantry");
  await page.getByRole("group", { name: "Only these events" }).getByLabel("A limit is reached").check();
  await page.getByRole("button", { name: "Add webhook" }).click();
  await expect(page.getByRole("heading", { name: "Operations is made" })).toBeVisible();
  const secret = await page.getByLabel("Secret", { exact: true }).inputValue();
  expect(secret).toMatch(/^whsec_/);
  await page.goto(list);
  expect(await page.content()).not.toContain(secret);

  await page.getByRole("link", { name: "Operations" }).click();
  await expect(page.getByText("Nothing was sent.")).toBeVisible();
  await page.getByRole("button", { name: "Send a test" }).click();
  await expect(page.getByText("The webhook did not take the test")).toBeVisible();
  const row = page.getByRole("table", { name: "Deliveries" }).getByRole("row").nth(1);
  await expect(row).toContainText("test");
  await expect(row).toContainText("the receiver could not be reached");
  await page.getByRole("link", { name: "Delivered" }).click();
  await expect(page.getByText("Nothing was sent.")).toBeVisible();

  await page.getByRole("button", { name: "Make a new secret" }).click();
  await expect(page.getByRole("heading", { name: "Operations has a new secret" })).toBeVisible();
  expect(await page.getByLabel("Secret", { exact: true }).inputValue()).not.toBe(secret);
  await page.getByLabel("Name", { exact: true }).fill("Second line");
  await page.getByLabel("Switched on").uncheck();
  await page.getByRole("button", { name: "Save webhook" }).click();
  await expect(page.getByText("The webhook is saved.")).toBeVisible();
  await expect(page.getByLabel("Name", { exact: true })).toHaveValue("Second line");
  await expect(page.getByLabel("A limit is reached")).toBeChecked();
  await expect(page.getByLabel("Switched on")).not.toBeChecked();
  await page.getByText("Remove", { exact: true }).click();
  await page.getByRole("button", { name: "Remove the webhook" }).click();
  await expect(page.getByText("The webhook is removed.")).toBeVisible();
  await expect(page.getByRole("link", { name: "Second line" })).toHaveCount(0);
});

// The first sign-up on the server. Runs before everything else, which relies on the account.

import { expect, gotoHydrated, test, waitHydrated } from "../fixtures/test";
import { operator, password } from "../fixtures/people";

test("the first account of a server becomes its operator", async ({ page, newPerson }) => {
  await gotoHydrated(page, "/");
  await expect(page).toHaveURL(/\/login$/);
  await page.getByRole("link", { name: "Create one" }).click();
  await page.getByLabel("Your name").fill(operator.name);
  await page.getByLabel("Email").fill(operator.email);
  await page.getByLabel("Password").fill(password);
  await page.getByLabel("Name of your tenant").fill(operator.tenant);
  await page.getByRole("button", { name: "Create account" }).click();
  await expect(page).toHaveURL("/t/house-of-olga");
  await waitHydrated(page);
  await page.getByText(operator.email).click();
  await page.getByRole("link", { name: "Operator area" }).click();
  await expect(page.getByRole("heading", { level: 1, name: "System" })).toBeVisible();

  // The next one does not.
  const second = await newPerson();
  await gotoHydrated(second, "/register");
  await second.getByLabel("Your name").fill("Second Person");
  await second.getByLabel("Email").fill("second@example.com");
  await second.getByLabel("Password").fill(password);
  await second.getByRole("button", { name: "Create account" }).click();
  await expect(second).toHaveURL(/\/t\//);
  await waitHydrated(second);
  await second.getByText("second@example.com").click();
  await expect(second.getByRole("link", { name: "Account" })).toBeVisible();
  await expect(second.getByRole("link", { name: "Operator area" })).toHaveCount(0);
});

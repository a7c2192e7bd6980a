// Signing in by a provider with JavaScript off.

import { password } from "../../fixtures/people";
import { answerProvider, startWithProvider } from "../../fixtures/sign-in-provider";
import { expect, test } from "../../fixtures/test";

test("an account is linked to a provider, signs in by it, and is unlinked", async ({ page, newPerson }) => {
  const here = await startWithProvider();
  try {
    const ben = { sub: "ben-7", email: "ben@home.example", name: "Ben" };
    await page.goto(`${here.url}/register`);
    await page.getByLabel("Your name").fill("Ben Both");
    await page.getByLabel("Email").fill("ben@example.com");
    await page.getByLabel("Password").fill(password);
    await page.getByRole("button", { name: "Create account" }).click();
    await page.goto(`${here.url}/account`);
    const section = page.locator("section").filter({ has: page.getByRole("heading", { name: "Signing in by a provider" }) });
    await section.locator("summary", { hasText: "Link" }).click();
    await section.getByLabel("Your password").fill(password);
    await section.getByRole("button", { name: "Link Acme" }).click();
    await answerProvider(page, ben);
    await expect(section).toContainText("ben@home.example");

    const elsewhere = await newPerson();
    await elsewhere.goto(`${here.url}/login?next=%2Faccount`);
    await elsewhere.getByRole("link", { name: "Continue with Acme" }).click();
    await answerProvider(elsewhere, ben);
    await expect(elsewhere).toHaveURL(`${here.url}/account`);

    await section.locator("summary", { hasText: "Unlink" }).click();
    await section.getByLabel("Your password").first().fill(password);
    await section.getByRole("button", { name: /^Unlink Acme/ }).click();
    await expect(section).not.toContainText("ben@home.example");
  } finally {
    await here.stop();
  }
});

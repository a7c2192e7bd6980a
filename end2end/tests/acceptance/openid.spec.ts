// Signing in by a provider of OpenID Connect, in a browser that goes there and back.

import { password } from "../../fixtures/people";
import { answerProvider, startWithProvider } from "../../fixtures/sign-in-provider";
import { expect, expectNoAxeViolations, gotoHydrated, test, waitHydrated } from "../../fixtures/test";

let here: Awaited<ReturnType<typeof startWithProvider>>;
test.beforeAll(async () => {
  // A server with a database of its own is made for it, beside other tests.
  test.setTimeout(120_000);
  here = await startWithProvider();
});
test.afterAll(async () => here?.stop());

// Pages that say no are answered with the status that they mean; the provider's own pages have no icon.
test.use({ allowedComplaints: [/status of (401|403|404|409) /] });

const ada = { sub: "ada-1", email: "ada@example.com", name: "Ada Lovelace" };

test("sign-up, sign-in, a refusal, linking and unlinking", async ({ page, newPerson }) => {
  const at = (path: string) => `${here.url}${path}`;

  await test.step("somebody new gets an account and a tenant", async () => {
    await gotoHydrated(page, at("/register"));
    await page.getByRole("link", { name: "Continue with Acme" }).click();
    await answerProvider(page, ada);
    await expect(page).toHaveURL(/\/t\/[^/]+$/);
    await waitHydrated(page);
    await expect(page.getByText("You are owner here.")).toBeVisible();
  });

  await test.step("and comes back, to where the way led", async () => {
    const again = await newPerson();
    await gotoHydrated(again, at("/account"));
    await expect(again).toHaveURL(/\/login\?next=/);
    await again.getByRole("link", { name: "Continue with Acme" }).click();
    await answerProvider(again, ada);
    await expect(again).toHaveURL(at("/account"));
    await waitHydrated(again);
    await expect(again.getByText("ada@example.com").first()).toBeVisible();
  });

  await test.step("who says no there is told so here", async () => {
    const no = await newPerson();
    await gotoHydrated(no, at("/login"));
    await no.getByRole("link", { name: "Continue with Acme" }).click();
    await no.waitForURL(/\/interaction\//);
    await no.goto(`${no.url()}?deny`);
    await expect(no).toHaveURL(new RegExp(`^${here.url}/`));
    await waitHydrated(no);
    await expect(no.getByRole("main")).toContainText(/provider/i);
    await expectNoAxeViolations(no);
    expect((await no.context().cookies()).filter(({ name }) => name === "session" )).toEqual([]);
  });

  await test.step("an account with a password links itself, signs in by it, and unlinks", async () => {
    const ben = await newPerson();
    await gotoHydrated(ben, at("/register"));
    await ben.getByLabel("Your name").fill("Ben Both");
    await ben.getByLabel("Email").fill("ben@example.com");
    await ben.getByLabel("Password").fill(password);
    await ben.getByRole("button", { name: "Create account" }).click();
    await expect(ben).toHaveURL(/\/t\//);
    await waitHydrated(ben);
    await gotoHydrated(ben, at("/account"));
    const section = ben.locator("section").filter({ has: ben.getByRole("heading", { name: "Signing in by a provider" }) });
    await section.locator("summary", { hasText: "Link" }).click();
    await section.getByLabel("Your password").fill(password);
    await section.getByRole("button", { name: "Link Acme" }).click();
    await answerProvider(ben, { sub: "ben-7", email: "ben@home.example", name: "Ben" });
    await expect(ben).toHaveURL(/\/account/);
    await waitHydrated(ben);
    await expect(section).toContainText("ben@home.example");
    await expectNoAxeViolations(ben);

    const elsewhere = await newPerson();
    await gotoHydrated(elsewhere, at("/login?next=%2Faccount"));
    await elsewhere.getByRole("link", { name: "Continue with Acme" }).click();
    await answerProvider(elsewhere, { sub: "ben-7", email: "ben@home.example", name: "Ben" });
    await expect(elsewhere).toHaveURL(at("/account"));
    await waitHydrated(elsewhere);
    await expect(elsewhere.getByText("ben@example.com").first()).toBeVisible();

    await section.locator("summary", { hasText: "Unlink" }).click();
    await section.getByLabel("Your password").first().fill(password);
    await section.getByRole("button", { name: /^Unlink Acme/ }).click();
    await expect(section).not.toContainText("ben@home.example");
    await waitHydrated(ben);
  });
});

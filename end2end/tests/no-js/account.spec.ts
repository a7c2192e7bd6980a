// One's own account in a browser without JavaScript: the password, where one is signed in, ways back in, the end.

import { oneTimeCode } from "../../fixtures/one-time";
import { join, logIn, operator, password, signUp } from "../../fixtures/people";
import { expect, test } from "../../fixtures/test";

// A form with faults comes back with their status, which the browser reports.
test.use({ allowedComplaints: [/status of (401|404|409|410|422) /] });

test("another password ends the sessions elsewhere", async ({ page, newPerson }) => {
  const { email } = await signUp(page);
  const elsewhere = await newPerson();
  await logIn(elsewhere, email);
  await page.goto("/account");
  await page.getByLabel("Present password").fill("not the password");
  await page.getByLabel("New password").fill("a better engine");
  await page.getByRole("button", { name: "Change password" }).click();
  await expect(page.getByRole("alert")).toBeVisible();
  await expect(page.getByLabel("Present password")).toHaveAttribute("aria-invalid", "true");
  await expect(page.getByLabel("New password")).toHaveValue("");
  await page.getByLabel("Present password").fill(password);
  await page.getByLabel("New password").fill("a better engine");
  await page.getByRole("button", { name: "Change password" }).click();
  await expect(page.getByText("Your password is changed. You are signed out everywhere else.")).toBeVisible();
  await elsewhere.goto("/account");
  await expect(elsewhere).toHaveURL(/\/login/);
  await elsewhere.getByLabel("Email").fill(email);
  await elsewhere.getByLabel("Password").fill("a better engine");
  await elsewhere.getByRole("button", { name: "Sign in" }).click();
  await expect(elsewhere).toHaveURL("/account");
});

test("sessions: one is ended, then all others", async ({ page, newPerson }) => {
  const { email } = await signUp(page);
  const others = [await newPerson(), await newPerson()];
  for (const other of others) await logIn(other, email);
  await page.goto("/account");
  const ends = page.getByRole("button", { name: /^End the session on/ });
  await expect(ends).toHaveCount(2);
  await expect(page.getByText("This one")).toHaveCount(1);
  await ends.first().click();
  await expect(page.getByText("The session is ended.")).toBeVisible();
  await expect(ends).toHaveCount(1);
  await page.getByRole("button", { name: "End all other sessions" }).click();
  await expect(page.getByText("You are signed out everywhere else.")).toBeVisible();
  await expect(ends).toHaveCount(0);
  for (const other of others) {
    await other.goto("/account");
    await expect(other).toHaveURL(/\/login/);
  }
});

test("a forgotten password: a link from the operator sets another", async ({ page, newPerson }) => {
  const { email, name } = await signUp(page);
  await page.context().clearCookies();
  await page.goto("/login");
  await page.getByRole("link", { name: /Forgot/ }).click();
  await expect(page.getByText("This server sends no mail.")).toBeVisible();

  const olga = await newPerson();
  await logIn(olga, operator.email);
  await olga.goto(`/admin/users?q=${email}`);
  await olga.getByRole("button", { name: `Access: ${name}` }).click();
  await olga.getByRole("button", { name: "Make a link to a new password" }).click();
  const link = await olga.getByLabel("Link to a new password").inputValue();

  await page.goto(link);
  await page.getByLabel("New password").fill("short");
  await page.getByRole("button", { name: "Set password" }).click();
  await expect(page.getByText("Must have at least 8 characters.").first()).toBeVisible();
  await page.getByLabel("New password").fill("another engine of brass");
  await page.getByRole("button", { name: "Set password" }).click();
  await expect(page.getByText("Your new password is set. Sign in with it.")).toBeVisible();
  await page.getByLabel("Email").fill(email);
  await page.getByLabel("Password").fill("another engine of brass");
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page.getByText("You are owner here.")).toBeVisible();
  await page.goto(link);
  await expect(page.getByRole("heading", { level: 1, name: "This link does not work" })).toBeVisible();
});

test("the end of an account: refused to a last owner, then done", async ({ page, newPerson }) => {
  const { tenant } = await signUp(page);
  const bob = await newPerson();
  await join(page, tenant, bob, "Bob Taylor");
  const end = async (who: typeof page) => {
    await who.goto("/account");
    await who.getByRole("button", { name: "Delete account" }).click();
    await who.getByRole("dialog").getByLabel("Your password").fill(password);
    await who.getByRole("dialog").getByRole("button", { name: "Delete account" }).click();
  };
  await end(page);
  await expect(page.getByText("A tenant needs an owner: make somebody else owner first.").first()).toBeVisible();
  await end(bob);
  await expect(bob.getByText("Your account is deleted.")).toBeVisible();
  await page.goto(`/t/${tenant.slug}/members`);
  await expect(page.getByText("1 member", { exact: true })).toBeVisible();
});

test("one-time codes: turned on, asked for, a recovery code, turned off", async ({ page }) => {
  const { email } = await signUp(page);
  await page.goto("/account");
  const codes = page.locator("section").filter({ has: page.getByRole("heading", { name: "One-time codes" }) }).last();
  await codes.getByLabel("Your password").fill(password);
  await codes.getByRole("button", { name: "Turn on one-time codes" }).click();
  const secret = await codes.locator("code").first().innerText();
  await codes.getByRole("textbox", { name: "Code" }).fill("12345");
  await codes.getByRole("button", { name: "Confirm" }).click();
  await expect(page.getByRole("alert")).toBeVisible();
  await codes.getByRole("textbox", { name: "Code" }).fill(oneTimeCode(secret));
  await codes.getByRole("button", { name: "Confirm" }).click();
  const recovery = await codes.getByRole("listitem").allInnerTexts();
  expect(recovery.length).toBeGreaterThan(5);
  await expect(codes).toContainText(`Recovery codes left: ${recovery.length}`);

  await page.context().clearCookies();
  await page.goto("/login?next=%2Faccount");
  await page.getByLabel("Email").fill(email);
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page.getByRole("heading", { level: 1, name: "One more step" })).toBeVisible();
  await page.getByLabel("Code").fill("000000");
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page.getByRole("alert")).toBeVisible();
  await page.getByLabel("Code").fill(oneTimeCode(secret, 1));
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page).toHaveURL("/account");

  await codes.getByText("Turn off", { exact: true }).first().click();
  const off = codes.locator("details, [popover]").filter({ has: page.getByRole("button", { name: "Turn off" }) }).last();
  await off.getByLabel("Your password").fill(password);
  await off.getByLabel("Code").fill(recovery[0]);
  await off.getByRole("button", { name: "Turn off" }).last().click();
  await expect(codes.getByRole("button", { name: "Turn on one-time codes" })).toBeVisible();
});

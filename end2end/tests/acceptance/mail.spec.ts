// What a server does that sends mail: sign-ups are finished by a link, invitations and new passwords come by it.

import { Mailbox } from "../../fixtures/mailbox";
import { type OwnServer, startServer } from "../../fixtures/own-server";
import { password } from "../../fixtures/people";
import { expect, expectNoAxeViolations, gotoHydrated, test, waitHydrated } from "../../fixtures/test";

let mailbox: Mailbox;
let server: OwnServer;

test.beforeAll(async () => {
  mailbox = await Mailbox.start();
  server = await startServer({ TENANTRY_SMTP_URL: mailbox.url, TENANTRY_MAIL_FROM: "Tenantry <tenantry@example.com>" });
});
test.afterAll(async () => {
  await server?.stop();
  await mailbox?.stop();
});

test("sign-up, an invitation and a forgotten password, all by mail", async ({ page, newPerson }) => {
  const at = (path: string) => `${server.url}${path}`;
  const register = async (who: typeof page, name: string, email: string) => {
    await gotoHydrated(who, at("/register"));
    await who.getByLabel("Your name").fill(name);
    await who.getByLabel("Email").fill(email);
    await who.getByLabel("Password").fill(password);
    await who.getByRole("button", { name: "Create account" }).click();
  };

  await test.step("the first account runs the server, and is signed in at once", async () => {
    await register(page, "Olga Operator", "olga@example.com");
    await expect(page).toHaveURL(/\/t\//);
    await waitHydrated(page);
    await gotoHydrated(page, at("/account"));
    await expect(page.getByText("Your address is not verified")).toBeVisible();
    await gotoHydrated(page, at(await mailbox.link("olga@example.com", /address/i)));
    await page.getByRole("button", { name: "Confirm" }).click();
    await waitHydrated(page);
    await gotoHydrated(page, at("/account"));
    await expect(page.getByText("Your address is not verified")).toHaveCount(0);
  });

  await test.step("an invitation comes by mail", async () => {
    await gotoHydrated(page, at("/"));
    await page.getByRole("link", { name: "Invitations" }).first().click();
    await expect(page.getByRole("heading", { level: 1, name: "Invitations" })).toBeVisible();
    await page.getByText("Invite people").first().click();
    await page.getByRole("textbox", { name: "Addresses" }).fill("ian@example.com");
    await page.getByRole("button", { name: /^Invite/ }).last().click();
    const ian = await newPerson();
    await gotoHydrated(ian, at(await mailbox.link("ian@example.com", /invites you/)));
    await ian.getByLabel("Your name").fill("Ian Invited");
    await ian.getByLabel("Password").fill(password);
    await ian.getByRole("button", { name: /Create account/ }).click();
    await expect(ian).toHaveURL(/\/t\//);
    await waitHydrated(ian);
  });

  await test.step("somebody signs up: the same page for a new address and a known one, and a link that finishes it", async () => {
    const nina = await newPerson();
    await register(nina, "Nina New", "nina@example.com");
    const sent = (who: typeof page) => who.getByText("A mail is on its way to your address.");
    await expect(sent(nina)).toBeVisible();
    const again = await newPerson();
    await register(again, "Nina New", "olga@example.com");
    await expect(sent(again)).toBeVisible();
    expect(await again.getByRole("main").innerText()).toBe(await nina.getByRole("main").innerText());

    await gotoHydrated(nina, at(await mailbox.link("nina@example.com", /^Finish/)));
    await expectNoAxeViolations(nina);
    await nina.getByLabel("Password").fill(password);
    await nina.getByRole("button", { name: "Finish" }).click();
    await expect(nina).toHaveURL(/\/t\//);
    await waitHydrated(nina);
  });

  await test.step("a forgotten password", async () => {
    const lost = await newPerson();
    await gotoHydrated(lost, at("/forgot"));
    await lost.getByLabel("Email").fill("nina@example.com");
    await lost.getByRole("button", { name: "Send the link" }).click();
    await expect(lost.getByText(/mail/i).first()).toBeVisible();
    await gotoHydrated(lost, at(await mailbox.link("nina@example.com", /new password/)));
    await lost.getByLabel("New password").fill("another engine of brass");
    await lost.getByRole("button", { name: "Set password" }).click();
    await gotoHydrated(lost, at("/login"));
    await lost.getByLabel("Email").fill("nina@example.com");
    await lost.getByLabel("Password").fill("another engine of brass");
    await lost.getByRole("button", { name: "Sign in" }).click();
    await expect(lost).toHaveURL(/\/t\//);
    await waitHydrated(lost);
  });
});

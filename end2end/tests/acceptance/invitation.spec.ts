// Invitations, with the one who invites and the one who is invited in browsers of their own.

import { inTenant } from "../../fixtures/database";
import { acceptInvitation, good, invite, logIn, operator, password, signUp, unique } from "../../fixtures/people";
import { expect, expectNoAxeViolations, gotoHydrated, test, waitHydrated } from "../../fixtures/test";

// The pages of dead links have the status of what is wrong with them, which the browser reports.
test.use({ allowedComplaints: [/the server responded with a status of (404|409|410|422) .*\/(invite|t)\//] });

test("the link is shown once, with a button that copies it", async ({ page, context, newPerson }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  const { tenant } = await signUp(page);
  const email = `grace-${unique()}@example.com`;
  await gotoHydrated(page, `/t/${tenant.slug}/invitations`);
  await expect(page.getByText("No pending invitations")).toBeVisible();
  await page.getByText("Invite people", { exact: true }).click();
  await page.getByLabel("Addresses", { exact: true }).fill(email);
  await page.getByLabel("Role in the tenant").selectOption("viewer");
  await page.getByRole("button", { name: "Invite", exact: true }).click();

  await expect(page.getByRole("heading", { name: "The invitation is made" })).toBeVisible();
  await waitHydrated(page);
  const link = await page.getByLabel(email, { exact: true }).inputValue();
  expect(new URL(link).pathname).toMatch(/^\/invite\/[\w-]{20,}$/);
  await page.getByRole("button", { name: "Copy link" }).click();
  await expect(page.getByText("Copied to the clipboard.")).toBeVisible();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(link);

  await gotoHydrated(page, `/t/${tenant.slug}/invitations`);
  await expect(page.getByRole("row", { name: new RegExp(email) })).toContainText("Viewer");
  await expect(page.getByRole("heading", { name: "The invitation is made" })).toHaveCount(0);
  expect(await page.content()).not.toContain(new URL(link).pathname);

  await test.step("the invited person registers on the page of the link", async () => {
    const grace = await newPerson();
    await gotoHydrated(grace, link);
    await expect(grace.getByRole("heading", { level: 1, name: `Join ${tenant.name}` })).toBeVisible();
    await expect(grace.getByText("Ada Lovelace")).toBeVisible();
    await expect(grace.getByLabel("Email")).toHaveValue(email);
    await grace.getByLabel("Your name").fill("Grace Hopper");
    await grace.getByLabel("Choose a password").fill(password);
    await grace.getByRole("button", { name: `Create account and join ${tenant.name}` }).click();
    await expect(grace).toHaveURL(new RegExp(`/t/${tenant.slug}\\?`));
    await waitHydrated(grace);
    await expect(grace.getByText("You are a member now.")).toBeVisible();
    await expect(grace.getByText("You are viewer here.")).toBeVisible();
  });

  await test.step("it is no longer pending", async () => {
    await page.reload();
    await waitHydrated(page);
    await expect(page.getByText("No pending invitations")).toBeVisible();
    await page.getByRole("link", { name: "Accepted" }).click();
    await expect(page.getByRole("row", { name: new RegExp(email) })).toBeVisible();
  });

  await test.step("the used link says so", async () => {
    const stranger = await newPerson();
    const response = await gotoHydrated(stranger, link);
    expect(response?.status()).toBe(409);
    await expect(stranger.getByText("This invitation was used already.")).toBeVisible();
    await expectNoAxeViolations(stranger);
    await stranger.getByRole("link", { name: "Sign in" }).click();
    await expect(stranger.getByRole("heading", { level: 1, name: "Sign in" })).toBeVisible();
  });
});

test("many addresses at once", async ({ page }) => {
  const { tenant } = await signUp(page);
  const [a, b] = [`a-${unique()}@example.com`, `b-${unique()}@example.com`];
  await gotoHydrated(page, `/t/${tenant.slug}/invitations`);
  await page.getByText("Invite people", { exact: true }).click();

  await test.step("a wrong one is named, and what was typed stays", async () => {
    await page.getByLabel("Addresses", { exact: true }).fill(`${a}, no-address`);
    await page.getByRole("button", { name: "Invite", exact: true }).click();
    await expect(page.getByRole("alert")).toContainText("Some fields are not right.");
    await waitHydrated(page);
    await expect(page.getByText("Entry 2: Must be an email address").first()).toBeVisible();
    await expect(page.getByLabel("Addresses", { exact: true })).toHaveValue(`${a}, no-address`);
  });

  await page.getByLabel("Addresses", { exact: true }).fill(`${a}\n${b}`);
  await page.getByRole("button", { name: "Invite", exact: true }).click();
  await expect(page.getByRole("heading", { name: "2 invitations are made" })).toBeVisible();
  await waitHydrated(page);
  await expect(page.getByLabel(a, { exact: true })).toHaveValue(/\/invite\//);
  await expect(page.getByLabel(b, { exact: true })).toHaveValue(/\/invite\//);
});

test("whoever is signed in with the address joins with one click", async ({ page, newPerson }) => {
  const { tenant } = await signUp(page);
  const bob = await newPerson();
  const { email } = await signUp(bob, "Bob Taylor");
  const link = await invite(page, tenant, email, "admin");
  await gotoHydrated(bob, link);
  await bob.getByRole("button", { name: `Join ${tenant.name}` }).click();
  await expect(bob).toHaveURL(new RegExp(`/t/${tenant.slug}\\?`));
  await waitHydrated(bob);
  await expect(bob.getByText("You are admin here.")).toBeVisible();
});

test("whoever has an account and is signed out signs in and joins", async ({ page, newPerson }) => {
  const { tenant } = await signUp(page);
  const bob = await newPerson();
  const { email } = await signUp(bob, "Bob Taylor");
  await bob.context().clearCookies();
  await gotoHydrated(bob, await invite(page, tenant, email));
  await bob.getByRole("link", { name: "Sign in to join" }).click();
  await bob.getByLabel("Email").fill(email);
  await bob.getByLabel("Password").fill(password);
  await bob.getByRole("button", { name: "Sign in" }).click();
  await bob.getByRole("button", { name: `Join ${tenant.name}` }).click();
  await expect(bob.getByText("You are a member now.")).toBeVisible();
  await waitHydrated(bob);
});

test("whoever is signed in with another address is told so and can switch", async ({ page, newPerson }) => {
  const { tenant } = await signUp(page);
  const eve = await newPerson();
  const other = await signUp(eve, "Eve Other");
  const email = `grace-${unique()}@example.com`;
  const link = await invite(page, tenant, email);
  await gotoHydrated(eve, link);
  await expect(eve.getByText(`You are signed in as ${other.email}, and the invitation is for ${email}.`)).toBeVisible();
  await eve.getByRole("button", { name: "Sign out and use the other address" }).click();
  // Signed out, and on the way back to the invitation.
  await expect(eve).toHaveURL(/\/login\?next=/);
  await waitHydrated(eve);
  await gotoHydrated(eve, link);
  await eve.getByLabel("Your name").fill("Grace Hopper");
  await eve.getByLabel("Choose a password").fill(password);
  await eve.getByRole("button", { name: /Create account and join/ }).click();
  await expect(eve.getByText("You are a member now.")).toBeVisible();
  await waitHydrated(eve);
});

test("a revoked link says what to do; sent again, the old link is dead and the new one works", async ({ page, newPerson }) => {
  const { tenant } = await signUp(page);
  const email = `grace-${unique()}@example.com`;
  const first = await invite(page, tenant, email);
  const guest = await newPerson();

  await gotoHydrated(page, `/t/${tenant.slug}/invitations`);
  await page.getByRole("button", { name: `Send the invitation of ${email} again` }).click();
  const second = new URL(await page.getByLabel(email, { exact: true }).inputValue()).pathname;
  await waitHydrated(page);
  expect(second).not.toBe(first);
  await gotoHydrated(guest, first);
  await expect(guest.getByRole("heading", { level: 1 })).not.toHaveText(`Create account and join ${tenant.name}`);
  await expect(guest.getByRole("button", { name: /join/ })).toHaveCount(0);
  await gotoHydrated(guest, second);
  await expect(guest.getByRole("button", { name: /Create account and join/ })).toBeVisible();

  await page.getByRole("button", { name: `Revoke the invitation of ${email}` }).click();
  const dialog = page.getByRole("dialog", { name: `Revoke the invitation of ${email}?` });
  await dialog.getByRole("button", { name: "Revoke" }).click();
  await expect(page.getByText("The invitation is revoked")).toBeVisible();
  await expect(page.getByText("No pending invitations")).toBeVisible();
  const response = await gotoHydrated(guest, second);
  expect(response?.status()).toBe(410);
  await expect(guest.getByText("This invitation was revoked.")).toBeVisible();
  await expect(guest.getByText("Ask who invited you")).toBeVisible();
});

test("a link whose time is over says what to do; the invitation stands among the expired ones", async ({ page, newPerson }) => {
  const { tenant } = await signUp(page);
  const email = `late-${unique()}@example.com`;
  const link = await invite(page, tenant, email);
  await inTenant(tenant.slug, `update invitation set expires_at = now() - interval '1 minute' where email = '${email}'`);
  const late = await newPerson();
  expect((await gotoHydrated(late, link))?.status()).toBe(410);
  await expect(late.getByText("This invitation has expired.")).toBeVisible();
  await expect(late.getByText("Ask who invited you to send it again.")).toBeVisible();
  await expect(late.getByRole("button", { name: /join/ })).toHaveCount(0);
  await expectNoAxeViolations(late);
  // Also past the page, which has no form for it.
  expect((await late.request.post(`/api/v1/invitations/${link.split("/").pop()}/accept`, { data: { name: "Late", password } })).status()).toBe(410);

  await gotoHydrated(page, `/t/${tenant.slug}/invitations`);
  await expect(page.getByText("No pending invitations")).toBeVisible();
  await page.getByRole("link", { name: "Expired" }).click();
  await expect(page.getByRole("row", { name: new RegExp(email) })).toBeVisible();
  await page.getByRole("button", { name: `Send the invitation of ${email} again` }).click();
  const again = new URL(await page.getByLabel(email, { exact: true }).inputValue()).pathname;
  await waitHydrated(page);
  await gotoHydrated(late, again);
  await expect(late.getByRole("button", { name: /Create account and join/ })).toBeVisible();
});

test("whoever came in by a link is led there when they open it again", async ({ page, newPerson }) => {
  const { tenant } = await signUp(page);
  const bob = await newPerson();
  const link = await invite(page, tenant, `bob-${unique()}@example.com`);
  await acceptInvitation(bob.request, link, "Bob Taylor");
  await gotoHydrated(bob, link);
  await bob.getByRole("link", { name: `To ${tenant.name}` }).click();
  await expect(bob).toHaveURL(`/t/${tenant.slug}`);
  await waitHydrated(bob);
});

test("whoever is in already is told so, and led there", async ({ page, newPerson }) => {
  const { tenant } = await signUp(page);
  const bob = await newPerson();
  const { email } = await signUp(bob, "Bob Taylor");
  const link = await invite(page, tenant, email);
  // Added by the operator while the invitation waits, which ends it.
  const olga = await newPerson();
  await logIn(olga, operator.email);
  await good(olga.request.post(`/api/v1/tenants/${tenant.id}/members`, { data: { email, role: "viewer" } }));
  await gotoHydrated(bob, link);
  await expect(bob.getByText("You are in already.")).toBeVisible();
  await expectNoAxeViolations(bob);
  await bob.getByRole("link", { name: `To ${tenant.name}` }).click();
  await expect(bob.getByText("You are viewer here.")).toBeVisible();
  await waitHydrated(bob);
});

test("a link that was never given out", async ({ page }) => {
  const response = await gotoHydrated(page, "/invite/not-a-link-at-all");
  expect(response?.status()).toBe(404);
  await expect(page.getByRole("heading", { level: 1, name: "No such invitation" })).toBeVisible();
  await expect(page.getByText("ask who invited you for a new one")).toBeVisible();
});

test("somebody who is a member already is refused by name", async ({ page }) => {
  const { tenant, email } = await signUp(page);
  await gotoHydrated(page, `/t/${tenant.slug}/invitations`);
  await page.getByText("Invite people", { exact: true }).click();
  await page.getByLabel("Addresses", { exact: true }).fill(email);
  await page.getByRole("button", { name: "Invite", exact: true }).click();
  await expect(page.getByRole("alert")).toContainText("This person is a member already.");
  await waitHydrated(page);

  await page.getByLabel("Addresses", { exact: true }).fill(`${email}, new-${unique()}@example.com`);
  await page.getByRole("button", { name: "Invite", exact: true }).click();
  await expect(page.getByLabel("Addresses", { exact: true })).toHaveAccessibleDescription(/Entry 1: .*member/);
  await waitHydrated(page);
});

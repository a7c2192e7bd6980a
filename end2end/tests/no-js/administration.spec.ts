// What owners and operators set, in a browser without JavaScript: keys, domains, ways of signing in, permissions, accounts.

import { join, logIn, makeTenant, operator, signUp, unique } from "../../fixtures/people";
import { expect, test } from "../../fixtures/test";

// A form with faults comes back with their status, which the browser reports.
test.use({ allowedComplaints: [/status of (401|403|404|409|422) /] });

test("keys: made, shown once, with another secret, revoked", async ({ page, request }) => {
  const { tenant } = await signUp(page);
  const opens = async (secret: string) =>
    (await request.get(`/api/v1/tenants/${tenant.id}/members`, { headers: { authorization: `Bearer ${secret}` } })).status();
  await page.goto(`/t/${tenant.slug}/keys`);
  await page.getByText("New key", { exact: true }).click();
  await page.getByRole("textbox", { name: "Name", exact: true }).fill("Nightly");
  await page.getByRole("button", { name: "Make the key" }).click();
  await expect(page.getByRole("alert")).toBeVisible();
  await expect(page.getByRole("textbox", { name: "Name", exact: true })).toHaveValue("Nightly");
  await page.getByLabel("See who is a member").check();
  await page.getByRole("button", { name: "Make the key" }).click();
  await expect(page.getByRole("heading", { name: "Nightly is made" })).toBeVisible();
  const secret = await page.getByLabel("Secret", { exact: true }).inputValue();
  expect(await opens(secret)).toBe(200);

  await page.goto(`/t/${tenant.slug}/keys`);
  expect(await page.content()).not.toContain(secret);
  await page.getByRole("button", { name: "Rotate Nightly" }).click();
  await page.getByLabel("The present secret works on for (hours)").fill("0");
  await page.getByRole("button", { name: "Make a new secret" }).click();
  await expect(page.getByRole("heading", { name: "Nightly has a new secret" })).toBeVisible();
  expect(await opens(secret)).toBe(401);
  const second = await page.getByLabel("Secret", { exact: true }).inputValue();
  expect(await opens(second)).toBe(200);
  await page.goto(`/t/${tenant.slug}/keys`);
  await page.getByRole("button", { name: "Revoke Nightly" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Revoke", exact: true }).click();
  await expect(page.getByText("The key is revoked; it opens nothing any more.")).toBeVisible();
  expect(await opens(second)).toBe(401);
});

test("domains: named by the owner, confirmed by the operator, removed", async ({ page, newPerson }) => {
  const { tenant } = await signUp(page);
  const domain = `plain-${unique()}.example`;
  const settings = `/t/${tenant.slug}/settings`;
  await page.goto(settings);
  await page.getByLabel("Domain", { exact: true }).fill("no domain");
  await page.getByRole("button", { name: "Add domain" }).click();
  await expect(page.getByRole("alert").first()).toBeVisible();
  await page.getByLabel("Domain", { exact: true }).fill(domain);
  await page.getByRole("button", { name: "Add domain" }).click();
  const row = page.getByRole("row", { name: new RegExp(domain) });
  await expect(row).toContainText("Waits for an operator");
  await expect(row.getByRole("button", { name: `Confirm ${domain}` })).toHaveCount(0);

  const olga = await newPerson();
  await logIn(olga, operator.email);
  await olga.goto(settings);
  await olga.getByRole("button", { name: `Confirm ${domain}` }).click();
  await expect(olga.getByText("The domains are saved.")).toBeVisible();

  await page.goto(settings);
  await expect(row).toContainText("Confirmed");
  await page.getByLabel(`What people of ${domain} become`).selectOption("viewer");
  await page.getByRole("button", { name: `Save ${domain}` }).click();
  await expect(page.getByLabel(`What people of ${domain} become`)).toHaveValue("viewer");
  await page.getByRole("button", { name: `Remove ${domain}` }).click();
  await expect(row).toHaveCount(0);
});

test("what signing in takes", async ({ page }) => {
  const { tenant } = await signUp(page);
  await page.goto(`/t/${tenant.slug}/settings`);
  await page.getByLabel("Sign in again after (hours)").fill("0");
  await page.getByRole("button", { name: "Save what signing in takes" }).click();
  await expect(page.getByLabel("Sign in again after (hours)")).toHaveAttribute("aria-invalid", "true");
  await page.getByLabel("Sign in again after (hours)").fill("12");
  await page.getByRole("button", { name: "Save what signing in takes" }).click();
  await expect(page.getByText("What signing in takes is saved.")).toBeVisible();
  await expect(page.getByLabel("Sign in again after (hours)")).toHaveValue("12");
});

test("a permission is granted to a member, and taken back", async ({ page, newPerson }) => {
  const { tenant } = await signUp(page);
  const bob = await newPerson();
  const { id } = await join(page, tenant, bob, "Bob Taylor", "viewer");
  const invitations = async () => (await bob.request.get(`/api/v1/tenants/${tenant.id}/invitations`)).status();
  expect(await invitations()).toBe(403);
  await page.goto(`/t/${tenant.slug}/members/${id}`);
  await page.getByText("Grant or deny", { exact: true }).click();
  await page.getByLabel("Permission", { exact: true }).selectOption("invitations:read");
  await page.getByLabel("What is said").selectOption("grant");
  await page.getByRole("button", { name: "Save permission" }).click();
  await expect(page.getByText("The permission is saved.")).toBeVisible();
  expect(await invitations()).toBe(200);
  await page.getByRole("button", { name: /^Clear invitations:read/ }).click();
  await expect(page.getByText("The permission is saved.")).toBeVisible();
  expect(await invitations()).toBe(403);
});

test("accounts: disabled and enabled, operator and not", async ({ page, newPerson }) => {
  const person = await newPerson();
  const { email, name } = await signUp(person);
  const status = async () => (await person.request.get("/api/v1/me")).status();
  await logIn(page, operator.email);
  const change = async (verb: string) => {
    await page.goto(`/admin/users?q=${email}`);
    await page.getByRole("button", { name: `${verb}: ${name}` }).click();
    await page.getByRole("dialog").getByRole("button", { name: verb, exact: true }).click();
    await expect(page.getByText("The account is saved.")).toBeVisible();
  };
  await change("Disable");
  expect(await status()).toBe(401);
  await change("Enable");
  await logIn(person, email);
  expect(await status()).toBe(200);
  await change("Make operator");
  expect((await person.goto("/admin"))?.status()).toBe(200);
  await change("Take operator");
  expect((await person.goto("/admin"))?.status()).toBe(404);

  await page.goto(`/admin/users?q=${email}`);
  await page.getByRole("button", { name: `Access: ${name}` }).click();
  await page.getByRole("button", { name: "Sign out everywhere" }).click();
  await expect(page.getByText("They are signed out everywhere.")).toBeVisible();
  expect(await status()).toBe(401);
});

test("plans: made, changed, given to a tenant, refused while in use, deleted", async ({ page }) => {
  const word = unique();
  await logIn(page, operator.email);
  const tenant = await makeTenant(page, `Planned ${word}`);
  await page.goto("/admin/plans");
  await page.getByText("New plan").click();
  await page.getByLabel("Name", { exact: true }).first().fill(`Plan ${word}`);
  await page.getByLabel("Members").first().fill("many");
  await page.getByRole("button", { name: "Create plan" }).click();
  await expect(page.locator(".alert").first()).toBeVisible();
  await expect(page.getByLabel("Members").first()).toHaveValue("many");
  await page.getByLabel("Members").first().fill("5");
  await page.getByRole("button", { name: "Create plan" }).click();
  await expect(page.getByText("The plan is created.")).toBeVisible();

  const card = page.getByRole("region", { name: `Plan ${word}` });
  await card.getByText("Edit", { exact: true }).click();
  await card.getByLabel("Members").fill("7");
  await card.getByRole("button", { name: "Save plan" }).click();
  await expect(page.getByText("The plan is saved.")).toBeVisible();
  await expect(card).toContainText("7");

  await page.goto(`/t/${tenant.slug}/settings`);
  await page.getByText("Set plan").first().click();
  await page.getByRole("combobox", { name: /^Plan/ }).selectOption({ label: `Plan ${word}` });
  await page.getByRole("button", { name: "Set plan" }).last().click();
  await expect(page.getByText("The plan is set.")).toBeVisible();

  const remove = async () => {
    await page.goto("/admin/plans");
    await card.getByRole("button", { name: `Delete Plan ${word}` }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
  };
  await remove();
  await expect(page.locator(".alert").first()).toBeVisible();
  await page.goto(`/t/${tenant.slug}/settings`);
  await page.getByText("Set plan").first().click();
  await page.getByRole("combobox", { name: /^Plan/ }).selectOption({ label: "No plan" });
  await page.getByRole("button", { name: "Set plan" }).last().click();
  await expect(page.getByText("The plan is set.")).toBeVisible();
  await remove();
  await expect(page.getByText("The plan is deleted.")).toBeVisible();
  await expect(card).toHaveCount(0);
});

test("the catalogue: a model made, changed, switched off, deleted", async ({ page }) => {
  const word = unique();
  await logIn(page, operator.email);
  await page.goto("/admin/models");
  await page.getByText("New model").click();
  await page.getByLabel("Name", { exact: true }).fill(`house/${word}`);
  await page.getByLabel(/^Display name/).fill(`House ${word}`);
  await page.getByLabel(/^Input price/).fill("a dollar");
  await page.getByRole("button", { name: "Create model" }).click();
  await expect(page.locator(".alert").first()).toBeVisible();
  await expect(page.getByLabel(/^Display name/)).toHaveValue(`House ${word}`);
  await page.getByLabel(/^Input price/).fill("0.25");
  await page.getByRole("button", { name: "Create model" }).click();
  await expect(page.getByText("The model is in the catalogue.")).toBeVisible();

  await page.goto(`/admin/models?q=${word}`);
  await page.getByRole("link", { name: `House ${word}` }).click();
  await expect(page.getByLabel(/^Input price/)).toHaveValue("0.25");
  await page.getByLabel(/^Context length/).fill("32000");
  await page.getByLabel(/^Active/).uncheck();
  await page.getByRole("button", { name: "Save model" }).click();
  await expect(page.getByText("The model is saved.")).toBeVisible();
  await page.goto(`/admin/models?q=${word}`);
  const row = page.getByRole("row", { name: new RegExp(`House ${word}`) });
  await expect(row).toContainText("Switched off");
  await expect(row).toContainText("32k");

  await row.getByRole("link").first().click();
  await page.getByRole("button", { name: "Delete", exact: true }).first().click();
  await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
  await expect(page.getByText("The model is deleted.")).toBeVisible();
  await page.goto(`/admin/models?q=${word}`);
  await expect(page.getByText("No models here")).toBeVisible();
});

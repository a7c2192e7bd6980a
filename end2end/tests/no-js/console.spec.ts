// The console in a browser without JavaScript: every form is sent by the browser, every answer is a page.

import { FakeProvider } from "../../fixtures/fake-provider";
import { join, logIn, makeModel, operator, password, signUp, unique } from "../../fixtures/people";
import { expect, test } from "../../fixtures/test";

// A form with faults comes back with their status, which the browser reports.
test.use({ allowedComplaints: [/status of (401|404|409|422) /] });

test("a newcomer's way: sign-up, workspace, invitation, acceptance, sign-out and in", async ({ page, newPerson }) => {
  const word = unique();
  const email = `ada-${word}@example.com`;
  const colleague = `grace-${word}@example.com`;
  const slug = `plain-${word}`;

  await test.step("registers", async () => {
    await page.goto("/register");
    await page.getByLabel("Your name").fill("Ada Lovelace");
    await page.getByLabel("Email").fill(email);
    await page.getByLabel("Password").fill(password);
    await page.getByLabel("Name of your tenant").fill(`Plain ${word}`);
    await page.getByRole("button", { name: "Create account" }).click();
    await expect(page).toHaveURL(`/t/${slug}`);
    await expect(page.getByRole("heading", { level: 1, name: `Plain ${word}` })).toBeVisible();
  });

  await test.step("creates a workspace", async () => {
    await page.getByRole("link", { name: "Create a workspace" }).click();
    await page.getByText("New workspace").click();
    await page.getByLabel("Name", { exact: true }).fill("Research");
    await page.getByRole("button", { name: "Create workspace" }).click();
    await expect(page).toHaveURL(new RegExp(`/t/${slug}/workspaces/research`));
    await expect(page.getByText("The workspace is created.")).toBeVisible();
  });

  let link = "";
  await test.step("invites; the link stands on the page", async () => {
    await page.getByRole("link", { name: "Invitations" }).click();
    await page.getByText("Invite people", { exact: true }).click();
    await page.getByLabel("Addresses", { exact: true }).fill(`${colleague}, other-${word}@example.com`);
    await page.getByLabel("Role in the tenant").selectOption("developer");
    await page.getByLabel("Research").check();
    await page.getByRole("button", { name: "Invite", exact: true }).click();
    await expect(page.getByRole("heading", { name: "2 invitations are made" })).toBeVisible();
    link = await page.getByLabel(colleague, { exact: true }).inputValue();
    await expect(page.getByRole("button", { name: "Copy link" })).toHaveCount(0);
  });

  await test.step("the invited person registers and joins", async () => {
    const grace = await newPerson();
    await grace.goto(link);
    await grace.getByLabel("Your name").fill("Grace Hopper");
    await grace.getByLabel("Choose a password").fill(password);
    await grace.getByRole("button", { name: /Create account and join/ }).click();
    await expect(grace.getByText("You are a member now.")).toBeVisible();
    await expect(grace.getByText("You are developer here.")).toBeVisible();
  });

  await test.step("revokes the other one", async () => {
    await page.goto(`/t/${slug}/invitations`);
    await page.getByRole("button", { name: `Revoke the invitation of other-${word}@example.com` }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Revoke" }).click();
    await expect(page).toHaveURL(new RegExp(`/t/${slug}/invitations`));
    await expect(page.getByText("The invitation is revoked; its link no longer works.")).toBeVisible();
    await expect(page.getByText("No pending invitations")).toBeVisible();
  });

  await test.step("signs out and in", async () => {
    await page.getByText(email).first().click();
    await page.getByRole("button", { name: "Sign out" }).click();
    await expect(page.getByText("You are signed out.")).toBeVisible();
    await page.goto(`/t/${slug}/members?sort=name`);
    await expect(page).toHaveURL(/\/login\?next=/);
    await page.getByLabel("Email").fill(email);
    await page.getByLabel("Password").fill(password);
    await page.getByRole("button", { name: "Sign in" }).click();
    await expect(page).toHaveURL(`/t/${slug}/members?sort=name`);
    await expect(page.getByRole("link", { name: "Grace Hopper" })).toBeVisible();
  });
});

test("models: enabled, for workspaces only, many at once; the report", async ({ page, newPerson }) => {
  const word = unique();
  const olga = await newPerson();
  await logIn(olga, operator.email);
  await makeModel(olga, `plain-${word}/a`, `Plain ${word} A`);
  await makeModel(olga, `plain-${word}/b`, `Plain ${word} B`);
  const { tenant } = await signUp(page);
  await page.goto(`/t/${tenant.slug}/models`);
  await page.getByRole("searchbox").fill(`plain-${word}`);
  await page.getByRole("button", { name: "Search" }).click();
  await expect(page.getByText("2 models match")).toBeVisible();
  const row = page.getByRole("row", { name: new RegExp(`plain-${word}/a`) });
  await row.getByRole("switch").click();
  await expect(page).toHaveURL(new RegExp(`q=plain-${word}`));
  await expect(page.getByText("The models are saved.")).toBeVisible();
  await expect(row.getByRole("switch")).toHaveAttribute("aria-checked", "true");
  await row.locator("summary").click();
  await row.getByRole("button", { name: "Only workspaces that list it" }).click();
  await expect(row).toContainText("Workspaces that list it");
  await page.getByRole("checkbox", { name: `Select Plain ${word} A` }).check();
  await page.getByRole("checkbox", { name: `Select Plain ${word} B` }).check();
  await page.getByRole("button", { name: "For everyone" }).click();
  await expect(page.getByRole("row", { name: new RegExp(`plain-${word}/b`) })).toContainText("Everyone");
  await expect(row).toContainText("Everyone");

  await page.goto(`/t/${tenant.slug}/workspaces/default?tab=models`);
  await page.getByLabel("Mode").selectOption("restrict");
  await page.getByLabel(`Plain ${word} B`).check();
  await page.getByRole("button", { name: "Save models" }).click();
  await expect(page.getByText("The models of the workspace are saved.")).toBeVisible();
  await expect(page).toHaveURL(/tab=models/);
  await expect(page.getByLabel("Mode")).toHaveValue("restrict");
  await page.goto(`/t/${tenant.slug}/models/report`);
  await expect(page.getByRole("columnheader", { name: `plain-${word}/a` })).toBeVisible();
});

test("members: role, workspace role, removal, leaving", async ({ page, newPerson }) => {
  const { tenant } = await signUp(page);
  const bob = await newPerson();
  const { id, name, email } = await join(page, tenant, bob, "Bob Taylor", "viewer");
  await page.goto(`/t/${tenant.slug}/members/${id}`);
  await page.getByLabel("Role in the tenant").selectOption("developer");
  await page.getByRole("button", { name: "Save role" }).click();
  await expect(page.getByText("The member is saved.")).toBeVisible();
  await expect(page.getByLabel("Role in the tenant")).toHaveValue("developer");

  await page.goto(`/t/${tenant.slug}/workspaces/default`);
  await page.getByText("Add a person").click();
  await page.getByLabel("Person").selectOption({ label: `${name} (${email})` });
  await page.getByRole("button", { name: "Add person" }).click();
  await expect(page.getByText("The role in the workspace is set.")).toBeVisible();
  await page.getByLabel(`Role of ${name}`, { exact: true }).selectOption("reviewer");
  await page.getByRole("button", { name: `Save the role of ${name}` }).click();
  await expect(page.getByLabel(`Role of ${name}`, { exact: true })).toHaveValue("reviewer");

  await page.goto(`/t/${tenant.slug}/members`);
  await page.getByLabel("Role", { exact: true }).selectOption("developer");
  await page.getByRole("button", { name: "Search" }).click();
  await expect(page.getByText("1 member matches, role developer")).toBeVisible();
  await page.goto(`/t/${tenant.slug}/members/${id}`);
  await page.getByRole("button", { name: "Remove", exact: true }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Remove", exact: true }).click();
  await expect(page).toHaveURL(new RegExp(`/t/${tenant.slug}/members\\?done=`));
  await expect(page.getByText("The member is removed.")).toBeVisible();

  await test.step("the last owner is refused in words", async () => {
    await page.goto("/account");
    await page.getByRole("button", { name: `Leave ${tenant.name}` }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Leave", exact: true }).click();
    await expect(page.getByText("A tenant needs an owner: make somebody else owner first.").first()).toBeVisible();
  });
});

test("members: one by the menu of their row, many at once", async ({ page, newPerson }) => {
  const { tenant, email } = await signUp(page);
  await join(page, tenant, await newPerson(), "Bob Taylor", "viewer");
  await join(page, tenant, await newPerson(), "Carl Brown", "viewer");
  const row = (name: string) => page.getByRole("row", { name: new RegExp(name) });
  await page.goto(`/t/${tenant.slug}/members?sort=name`);
  await row("Bob Taylor").locator("summary").click();
  await row("Bob Taylor").getByRole("button", { name: "Make admin" }).click();
  await expect(page.getByText("The member is saved.")).toBeVisible();
  await expect(row("Bob Taylor")).toContainText("Admin");
  for (const name of ["Bob Taylor", "Carl Brown"]) await page.getByRole("checkbox", { name: `Select ${name}` }).check();
  await page.getByLabel("Role for the selected").selectOption("developer");
  await page.getByRole("button", { name: "Set role" }).click();
  for (const name of ["Bob Taylor", "Carl Brown"]) await expect(row(name)).toContainText("Developer");
  await expect(page).toHaveURL(/sort=name/);

  await page.getByRole("checkbox", { name: "Select Carl Brown" }).check();
  await page.getByRole("checkbox", { name: "Select Ada Lovelace" }).check();
  await page.getByRole("button", { name: "Disable", exact: true }).first().click();
  await expect(page.getByText("A tenant needs an owner: make somebody else owner first.").first()).toBeVisible();
  await page.goto(`/t/${tenant.slug}/members?q=${email}`);
  await expect(page.getByText("Disabled")).toHaveCount(0);
});

test("tenants: a new one, its settings, suspended and active again", async ({ page }) => {
  const { tenant } = await signUp(page);
  const word = unique();
  await page.goto(`/t/${tenant.slug}`);
  await page.locator(".switcher summary").click();
  await page.getByRole("link", { name: "New tenant" }).click();
  await page.getByLabel("Name", { exact: true }).fill(`Second ${word}`);
  await page.getByRole("button", { name: "Create tenant" }).click();
  await expect(page).toHaveURL(new RegExp(`/t/second-${word}\\?done=`));

  await page.goto(`/t/second-${word}/settings`);
  await page.getByLabel("Slug").fill(`moved-${word}`);
  await page.getByRole("radio", { name: "Teal" }).check({ force: true });
  await page.getByRole("button", { name: "Save settings" }).click();
  await expect(page).toHaveURL(new RegExp(`/t/moved-${word}/settings\\?done=`));
  await expect(page.getByText("The settings are saved.")).toBeVisible();
  await expect(page.getByRole("radio", { name: "Teal" })).toBeChecked();
  await test.step("a fault stands at its field, and what was typed stays", async () => {
    await page.getByLabel("Name", { exact: true }).fill("Typed and kept");
    await page.getByLabel("Slug").fill("No Slug!");
    await page.getByRole("radio", { name: "Rose" }).check({ force: true });
    await page.getByRole("button", { name: "Save settings" }).click();
    await expect(page.getByText(/Must be lower-case letters/).first()).toBeVisible();
    await expect(page.getByLabel("Slug")).toHaveValue("No Slug!");
    await expect(page.getByLabel("Name", { exact: true })).toHaveValue("Typed and kept");
    await expect(page.getByRole("radio", { name: "Rose" })).toBeChecked();
    await page.getByLabel("Slug").fill(`moved-${word}`);
    await page.getByRole("radio", { name: "Teal" }).check({ force: true });
    await page.getByLabel("Name", { exact: true }).fill(`Second ${word}`);
    await page.getByRole("button", { name: "Save settings" }).click();
    await expect(page.getByText("The settings are saved.")).toBeVisible();
  });

  await page.goto(`/t/moved-${word}/settings`);
  await page.getByRole("button", { name: "Suspend" }).click();
  await page.getByRole("dialog").getByLabel(/Type/).fill(`Second ${word}`);
  await page.getByRole("dialog").getByRole("button", { name: "Suspend" }).click();
  await expect(page.getByText("The tenant is suspended.")).toBeVisible();
  await page.getByRole("button", { name: "Activate", exact: true }).click();
  await expect(page.getByText("The tenant is active again.")).toBeVisible();
  await page.goto(`/t/second-${word}/workspaces`);
  await expect(page).toHaveURL(`/t/moved-${word}/workspaces`);
});

test("the operator's forms: provider, check, models of it, plan", async ({ page }) => {
  const word = unique();
  const fake = await FakeProvider.start();
  fake.models = [{ id: `plain-fake-${word}`, name: "Plain fake", context_length: 8000, pricing: { prompt: "0.000001", completion: "0.000001" } }];
  try {
    await logIn(page, operator.email);
    await page.goto("/admin/providers");
    await page.getByText("New provider").click();
    await page.getByLabel("Name", { exact: true }).fill(`Plain fake ${word}`);
    await page.getByLabel("Base URL").fill(fake.baseUrl);
    await page.getByRole("button", { name: "Create provider" }).click();
    await expect(page.getByText("The provider is created.")).toBeVisible();
    await page.goto("/admin/providers");
    await page.getByRole("link", { name: `Plain fake ${word}` }).click();
    await page.getByRole("button", { name: "Check now" }).click();
    await expect(page.getByText("The provider answers.")).toBeVisible();
    await page.getByRole("link", { name: "Read the model list" }).click();
    await expect(page.getByText("1 new")).toBeVisible();
    await page.getByRole("button", { name: /^Apply 1 change/ }).click();
    await expect(page.getByText("The provider's models are in the catalogue.")).toBeVisible();

    await page.goto("/admin/plans");
    await page.getByText("New plan").click();
    await page.getByLabel("Name", { exact: true }).first().fill(`Plan ${word}`);
    await page.getByLabel("Members").first().fill("5");
    await page.getByRole("button", { name: "Create plan" }).click();
    await expect(page.getByText("The plan is created.")).toBeVisible();
    await expect(page.getByRole("region", { name: `Plan ${word}` })).toContainText("5");
  } finally {
    await fake.stop();
  }
});

test("the account: name, theme; wrong log-ins", async ({ page }) => {
  await page.goto("/login");
  await page.getByLabel("Email").fill("nobody@example.com");
  await page.getByLabel("Password").fill("not the password");
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page.getByText("The address or the password is wrong.")).toBeVisible();
  await expect(page.getByLabel("Email")).toHaveValue("nobody@example.com");
  await expect(page.getByLabel("Password")).toHaveValue("");

  await signUp(page);
  await page.goto("/account");
  await page.getByLabel("Name", { exact: true }).fill("Ada King");
  await page.getByRole("button", { name: "Save profile" }).click();
  await expect(page.getByText("Your profile is saved.")).toBeVisible();
  await page.getByRole("main").getByRole("button", { name: "Dark" }).click();
  await expect(page.locator("html")).toHaveAttribute("data-theme", "dark");
  await page.getByRole("main").getByRole("button", { name: "As the system" }).click();
  await expect(page.locator("html")).not.toHaveAttribute("data-theme");
});

test("values stay after an error: in panels, in dialogs, in ticked boxes", async ({ page, newPerson }) => {
  const word = unique();
  const olga = await newPerson();
  await logIn(olga, operator.email);
  await olga.goto("/admin/models");
  await olga.getByText("New model").click();
  await olga.getByLabel("Name", { exact: true }).fill(`kept-${word}`);
  await olga.getByLabel(/^Input price/).fill("much");
  await olga.getByRole("button", { name: "Create model" }).click();
  await expect(olga.getByText("Must be an amount in US dollars, such as 0.15.").first()).toBeVisible();
  await expect(olga.getByLabel("Name", { exact: true })).toHaveValue(`kept-${word}`);
  await expect(olga.getByLabel(/^Input price/)).toHaveValue("much");

  const { tenant } = await signUp(page);
  await page.goto(`/t/${tenant.slug}/settings`);
  await page.getByRole("button", { name: "Suspend" }).click();
  await page.getByRole("dialog").getByLabel(/Type/).fill("another name");
  await page.getByRole("dialog").getByRole("button", { name: "Suspend" }).click();
  await expect(page.getByText("Does not match.").first()).toBeVisible();
  await expect(page.getByLabel(/Type .* to confirm/).first()).toHaveValue("another name");
});

test("an unknown page below a tenant keeps the frame", async ({ page }) => {
  const { tenant } = await signUp(page);
  expect((await page.goto(`/t/${tenant.slug}/nothing/here`))?.status()).toBe(404);
  await expect(page.getByRole("heading", { level: 1, name: "Nothing here" })).toBeVisible();
  await expect(page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Members" })).toBeVisible();
});

test.describe("on a small screen", () => {
  test.use({ viewport: { width: 375, height: 800 } });
  test("the navigation opens", async ({ page }) => {
    const { tenant } = await signUp(page);
    await page.goto(`/t/${tenant.slug}`);
    await page.getByRole("button", { name: "Navigation" }).click();
    await page.getByRole("link", { name: "Members", exact: true }).first().click();
    await expect(page.getByRole("heading", { level: 1, name: "Members" })).toBeVisible();
  });
});

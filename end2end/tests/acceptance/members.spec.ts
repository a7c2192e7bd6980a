// The members of a tenant: finding them, what they may do, and how they go.

import { acceptInvitation, good, join, logIn, makeModel, makeWorkspace, operator, password, signUp, unique } from "../../fixtures/people";
import { expect, gotoHydrated, test, waitHydrated } from "../../fixtures/test";

test("many members are changed at once, and one by the menu of their row", async ({ page, newPerson }) => {
  const { tenant } = await signUp(page);
  await join(page, tenant, await newPerson(), "Bob Taylor", "viewer");
  await join(page, tenant, await newPerson(), "Carl Brown", "viewer");
  const row = (name: string) => page.getByRole("row", { name: new RegExp(name) });
  await gotoHydrated(page, `/t/${tenant.slug}/members`);
  await expect(page.getByRole("button", { name: "Set role" })).toHaveCount(0);
  for (const name of ["Bob Taylor", "Carl Brown"]) await page.getByRole("checkbox", { name: `Select ${name}` }).check();
  await expect(page.getByText("2 members selected")).toBeVisible();
  await page.getByLabel("Role for the selected").selectOption("developer");
  await page.getByRole("button", { name: "Set role" }).click();
  await expect(page.getByText("2 members are developer now.")).toBeVisible();
  for (const name of ["Bob Taylor", "Carl Brown"]) await expect(row(name)).toContainText("Developer");
  await expect(page.getByText("Tick members to change many at once")).toBeVisible();

  await row("Bob Taylor").locator("summary").click();
  await row("Bob Taylor").getByRole("button", { name: "Disable" }).click();
  await expect(page.getByText("Bob Taylor is disabled now.")).toBeVisible();
  await expect(row("Bob Taylor")).toContainText("Disabled");
});

test("search, order, filter and pages", async ({ page, newPerson, playwright, baseURL }) => {
  test.setTimeout(180_000);
  const word = unique();
  const { tenant } = await signUp(page, "Zora Last");
  await test.step("59 people come in", async () => {
    // The plan of new tenants has 50 seats.
    const olga = await newPerson();
    await logIn(olga, operator.email);
    await good(olga.request.patch(`/api/v1/tenants/${tenant.id}/quotas`, { data: { members: 100 } }));
    const addresses = Array.from({ length: 59 }, (_, n) => `m${String(n).padStart(2, "0")}-${word}@example.com`);
    const invite = (email: string[], role: string) =>
      good<{ items: { email: string; link: string }[] }>(
        page.request.post(`/api/v1/tenants/${tenant.id}/invitations`, { data: { email: email.join(","), role } }),
      );
    const links = [...(await invite(addresses.slice(0, 55), "viewer")).items, ...(await invite(addresses.slice(55), "admin")).items];
    expect(links).toHaveLength(59);
    const one = async () => {
      for (let next = links.pop(); next; next = links.pop()) {
        const theirs = await playwright.request.newContext({ baseURL });
        await acceptInvitation(theirs, next.link, `Member ${next.email.slice(1, 3)}`);
        await theirs.dispose();
      }
    };
    await Promise.all([one(), one(), one()]);
  });

  const names = page.locator("tbody th .row-link");
  await gotoHydrated(page, `/t/${tenant.slug}/members`);
  await test.step("pages", async () => {
    await expect(page.getByText("60 members", { exact: true })).toBeVisible();
    await expect(names).toHaveCount(50);
    await expect(page.getByText("Page 1 of 2")).toBeVisible();
    await page.getByRole("link", { name: "Next" }).click();
    await expect(page).toHaveURL(/page=2/);
    await expect(names).toHaveCount(10);
    await expect(page.getByRole("link", { name: "Next" })).toHaveCount(0);
    await page.getByRole("link", { name: "Previous" }).click();
    await expect(names).toHaveCount(50);
  });

  await test.step("order", async () => {
    await page.getByRole("columnheader", { name: "Name" }).getByRole("link").click();
    await expect(page.getByRole("columnheader", { name: "Name" })).toHaveAttribute("aria-sort", "ascending");
    await expect(names.first()).toHaveText("Member 00");
    await page.getByRole("columnheader", { name: "Name" }).getByRole("link").click();
    await expect(page.getByRole("columnheader", { name: "Name" })).toHaveAttribute("aria-sort", "descending");
    await expect(names.first()).toHaveText("Zora Last");
    await page.reload();
    await waitHydrated(page);
    await expect(names.first()).toHaveText("Zora Last");
  });

  await test.step("search, in the address, and back", async () => {
    await page.getByRole("searchbox", { name: "Search name or address" }).fill(`m07-${word}`);
    await page.getByRole("button", { name: "Search" }).click();
    await expect(page).toHaveURL(/q=m07/);
    await expect(names).toHaveText(["Member 07"]);
    await expect(page.getByText("1 member matches")).toBeVisible();
    await page.goBack();
    await expect(names).toHaveCount(50);
    await page.goForward();
    await expect(names).toHaveText(["Member 07"]);
    await page.getByRole("link", { name: "Clear" }).click();
    await expect(names).toHaveCount(50);
    await page.getByRole("searchbox", { name: "Search name or address" }).fill("nobody-of-this-name");
    await page.getByRole("button", { name: "Search" }).click();
    await expect(page.getByText("Nobody matches")).toBeVisible();
  });

  await test.step("filter by role", async () => {
    await gotoHydrated(page, `/t/${tenant.slug}/members`);
    await page.getByLabel("Role", { exact: true }).selectOption("admin");
    await expect(page).toHaveURL(/role=admin/);
    await expect(names).toHaveCount(4);
    await expect(page.getByText("4 members match, role admin")).toBeVisible();
  });
});

test("a role is changed, and what the person sees changes", async ({ page, newPerson }) => {
  const { tenant } = await signUp(page);
  const bob = await newPerson();
  const { name } = await join(page, tenant, bob, "Bob Taylor", "viewer");
  await gotoHydrated(bob, `/t/${tenant.slug}`);
  await expect(bob.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Invitations" })).toHaveCount(0);

  await gotoHydrated(page, `/t/${tenant.slug}/members`);
  await page.getByRole("link", { name }).click();
  await expect(page.getByRole("heading", { level: 1, name })).toBeVisible();
  await page.getByLabel("Role in the tenant").selectOption("admin");
  await page.getByRole("button", { name: "Save role" }).click();
  await expect(page.getByText("Bob Taylor is admin now.")).toBeVisible();
  await expect(page.getByText("are admin in every workspace")).toBeVisible();
  await test.step("taken back, and again", async () => {
    await page.getByRole("button", { name: "Undo" }).last().click();
    await expect(page.getByText("Bob Taylor is viewer now.")).toBeVisible();
    await expect(page.getByLabel("Role in the tenant")).toHaveValue("viewer");
    await page.getByRole("button", { name: "Undo" }).last().click();
    await expect(page.getByLabel("Role in the tenant")).toHaveValue("admin");
  });

  await gotoHydrated(bob, `/t/${tenant.slug}`);
  await expect(bob.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Invitations" })).toBeVisible();
  // An admin makes nobody owner.
  await gotoHydrated(bob, `/t/${tenant.slug}/invitations`);
  await bob.getByText("Invite people", { exact: true }).click();
  await expect(bob.getByLabel("Role in the tenant").getByRole("option")).toHaveText([/^Admin/, /^Developer/, /^Viewer/]);
});

test("the models that a member may use, and why", async ({ page, newPerson }) => {
  const word = unique();
  const olga = await newPerson();
  await logIn(olga, operator.email);
  const open = await makeModel(olga, `open-${word}`, `Open ${word}`);
  const narrow = await makeModel(olga, `narrow-${word}`, `Narrow ${word}`);
  const { tenant } = await signUp(page);
  const base = `/api/v1/tenants/${tenant.id}`;
  await good(page.request.patch(`${base}/models`, { data: { enable: [open.id] } }));
  await good(page.request.put(`${base}/models/${narrow.id}`, { data: { enabled: true, audience: "workspaces" } }));
  const research = await makeWorkspace(page, tenant, "Research");
  await good(page.request.put(`${base}/workspaces/${research.id}/models`, { data: { mode: "restrict", models: [narrow.id] } }));
  const bob = await newPerson();
  const { id } = await join(page, tenant, bob, "Bob Taylor");
  await gotoHydrated(page, `/t/${tenant.slug}/members/${id}`);
  const models = page.locator("section").filter({ has: page.getByRole("heading", { name: "Models they can use" }) });
  await expect(models.getByRole("listitem")).toHaveText([/Open .*everyone/]);
  await good(page.request.put(`${base}/workspaces/${research.id}/members/${id}`, { data: { role: "annotator" } }));
  await gotoHydrated(page, `/t/${tenant.slug}/members/${id}`);
  await expect(models.getByRole("listitem")).toHaveCount(2);
  await expect(models.getByRole("link", { name: "Research" })).toBeVisible();
  // Who may not see who can use what, does not.
  await gotoHydrated(bob, `/t/${tenant.slug}/members/${id}`);
  await expect(bob.getByRole("heading", { level: 1, name: "Bob Taylor" })).toBeVisible();
  await expect(bob.getByText("Models they can use")).toHaveCount(0);
});

test.describe("refusals", () => {
  test.use({ allowedComplaints: [/status of (403|404|409) /] });

  test("a member is removed and has no access any more", async ({ page, newPerson }) => {
    const { tenant } = await signUp(page);
    const bob = await newPerson();
    const { id, name } = await join(page, tenant, bob, "Bob Taylor");
    await gotoHydrated(page, `/t/${tenant.slug}/members/${id}`);
    await page.getByRole("button", { name: "Remove", exact: true }).click();
    const dialog = page.getByRole("dialog", { name: `Remove ${name} from ${tenant.name}?` });
    await expect(dialog).toContainText("They lose access at once");
    await dialog.getByRole("button", { name: "Remove", exact: true }).click();
    await expect(page).toHaveURL(`/t/${tenant.slug}/members`);
    await expect(page.getByText("The member is removed.")).toBeVisible();
    await expect(page.getByRole("link", { name })).toHaveCount(0);

    const response = await gotoHydrated(bob, `/t/${tenant.slug}`);
    expect(response?.status()).toBe(404);
    await expect(bob.getByRole("heading", { level: 1, name: "Nothing here" })).toBeVisible();
  });

  test("a disabled member is kept out and let in again", async ({ page, newPerson }) => {
    const { tenant } = await signUp(page);
    const bob = await newPerson();
    const { id } = await join(page, tenant, bob, "Bob Taylor");
    await gotoHydrated(page, `/t/${tenant.slug}/members/${id}`);
    await page.getByRole("button", { name: "Disable" }).click();
    await expect(page.getByText("Bob Taylor is disabled now.")).toBeVisible();
    expect((await gotoHydrated(bob, `/t/${tenant.slug}`))?.ok()).toBe(false);
    await page.getByRole("button", { name: "Let in again" }).click();
    await expect(page.getByText("Bob Taylor is active now.")).toBeVisible();
    expect((await gotoHydrated(bob, `/t/${tenant.slug}`))?.status()).toBe(200);
  });

  test("somebody leaves", async ({ page, newPerson }) => {
    const { tenant } = await signUp(page);
    const bob = await newPerson();
    const { name } = await join(page, tenant, bob, "Bob Taylor");
    await gotoHydrated(bob, "/account");
    await bob.getByRole("button", { name: `Leave ${tenant.name}` }).click();
    await bob.getByRole("dialog").getByRole("button", { name: "Leave", exact: true }).click();
    await expect(bob.getByRole("row", { name: new RegExp(tenant.name) })).toHaveCount(0);
    await gotoHydrated(page, `/t/${tenant.slug}/members`);
    await expect(page.getByText("1 member", { exact: true })).toBeVisible();
    await expect(page.getByRole("link", { name })).toHaveCount(0);
  });

  test("the last owner can neither leave, nor step down, nor go", async ({ page }) => {
    const { tenant, id } = await signUp(page);
    const message = "A tenant needs an owner: make somebody else owner first.";
    await gotoHydrated(page, "/account");
    await page.getByRole("button", { name: `Leave ${tenant.name}` }).click();
    const leave = page.getByRole("dialog");
    await leave.getByRole("button", { name: "Leave", exact: true }).click();
    await expect(leave.getByRole("alert")).toContainText(message);

    await gotoHydrated(page, `/t/${tenant.slug}/members/${id}`);
    await page.getByLabel("Role in the tenant").selectOption("viewer");
    await page.getByRole("button", { name: "Save role" }).click();
    await expect(page.getByRole("alert")).toContainText(message);
    await page.getByRole("button", { name: "Remove", exact: true }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Remove", exact: true }).click();
    await expect(page.getByRole("dialog").getByRole("alert")).toContainText(message);

    await gotoHydrated(page, "/account");
    await page.getByRole("button", { name: "Delete account" }).click();
    const remove = page.getByRole("dialog", { name: "Delete your account?" });
    await remove.getByLabel("Your password").fill(password);
    await remove.getByRole("button", { name: "Delete account" }).click();
    await expect(remove.getByRole("alert")).toContainText(message);
  });

  test("a viewer who goes where only admins may is told who can grant it", async ({ page, newPerson }) => {
    const { tenant } = await signUp(page);
    const bob = await newPerson();
    await join(page, tenant, bob, "Bob Taylor", "viewer");
    const response = await gotoHydrated(bob, `/t/${tenant.slug}/invitations`);
    expect(response?.status()).toBe(403);
    await expect(bob.getByRole("heading", { level: 1, name: "Not for your role" })).toBeVisible();
    await expect(bob.getByText("An owner or admin of this tenant can give it to you.")).toBeVisible();
  });
});

test("workspace roles: added, changed, taken out; its models narrowed", async ({ page, newPerson }) => {
  const { tenant } = await signUp(page);
  const bob = await newPerson();
  const { name, email } = await join(page, tenant, bob, "Bob Taylor", "viewer");
  await good(page.request.post(`/api/v1/tenants/${tenant.id}/workspaces`, { data: { name: "Research" } }));
  await gotoHydrated(page, `/t/${tenant.slug}/workspaces/research`);
  await page.getByText("Add a person").click();
  await page.getByLabel("Person").selectOption({ label: `${name} (${email})` });
  await page.getByLabel("Role", { exact: true }).selectOption("reviewer");
  await page.getByRole("button", { name: "Add person" }).click();
  await expect(page.getByText(`${name} is reviewer here now.`)).toBeVisible();
  await expect(page.getByLabel(`Role of ${name}`, { exact: true })).toHaveValue("reviewer");
  await page.getByLabel(`Role of ${name}`, { exact: true }).selectOption("admin");
  await page.getByRole("button", { name: `Save the role of ${name}` }).click();
  await expect(page.getByText(`${name} is admin here now.`)).toBeVisible();
  await gotoHydrated(bob, `/t/${tenant.slug}/workspaces/research`);
  await expect(bob.getByRole("heading", { level: 1, name: "Research" })).toBeVisible();
  await page.getByRole("link", { name: "Settings" }).last().click();
  await expect(page).toHaveURL(/tab=settings/);
  await page.getByRole("button", { name: "Archive" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Archive" }).click();
  await expect(page.getByText("This workspace is archived")).toBeVisible();
  await page.locator(".toasts").getByRole("button", { name: "Restore" }).click();
  await expect(page.getByText("Research is active again.")).toBeVisible();
  await page.getByRole("navigation", { name: "Workspace" }).getByRole("link", { name: "Members" }).click();
  await page.getByRole("button", { name: `Remove ${name}` }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Remove" }).click();
  await expect(page.getByText("The person is no longer in the workspace.")).toBeVisible();
  await expect(page.getByRole("link", { name })).toHaveCount(0);
});

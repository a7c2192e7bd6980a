// From the first sign-up to model access, as a newcomer goes through it. The operator was made by first.setup.ts.

import { FakeProvider } from "../../fixtures/fake-provider";
import { logIn, operator, password, signUp, unique } from "../../fixtures/people";
import { expect, gotoHydrated, test, waitHydrated } from "../../fixtures/test";

test("from sign-up to a model that a colleague may use", async ({ page, newPerson }) => {
  test.slow();
  const word = unique();
  const tenantName = `Story ${word}`;
  const slug = `story-${word}`;
  const colleague = `grace-${word}@example.com`;

  await test.step("signs up", async () => {
    await gotoHydrated(page, "/register");
    await page.getByLabel("Your name").fill("Ada Lovelace");
    await page.getByLabel("Email").fill(`ada-${word}@example.com`);
    await page.getByLabel("Password").fill(password);
    await page.getByLabel("Name of your tenant").fill(tenantName);
    await page.getByRole("button", { name: "Create account" }).click();
    await expect(page).toHaveURL(`/t/${slug}`);
    await waitHydrated(page);
    await expect(page.getByRole("heading", { level: 1, name: tenantName })).toBeVisible();
    await expect(page.getByRole("region", { name: "First steps" })).toContainText("0 of 4 done");
  });

  await test.step("makes a workspace", async () => {
    await page.getByRole("link", { name: "Create a workspace" }).click();
    await page.getByText("New workspace").click();
    await page.getByLabel("Name", { exact: true }).fill("Research");
    await page.getByLabel("Description").fill("Where the papers are read");
    await page.getByRole("button", { name: "Create workspace" }).click();
    await expect(page).toHaveURL(`/t/${slug}/workspaces/research`);
    await expect(page.getByRole("heading", { level: 1, name: "Research" })).toBeVisible();
    await expect(page.getByText("Research is created.")).toBeVisible();
  });

  let link = "";
  await test.step("invites a colleague", async () => {
    await page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Invitations" }).click();
    await page.getByText("Invite people", { exact: true }).click();
    await page.getByLabel("Addresses", { exact: true }).fill(colleague);
    await page.getByLabel("Role in the tenant").selectOption("developer");
    await page.getByLabel("Research").check();
    await page.getByRole("button", { name: "Invite", exact: true }).click();
    link = await page.getByLabel(colleague, { exact: true }).inputValue();
    await waitHydrated(page);
  });

  const grace = await newPerson();
  await test.step("the colleague registers by the link", async () => {
    await gotoHydrated(grace, link);
    await grace.getByLabel("Your name").fill("Grace Hopper");
    await grace.getByLabel("Choose a password").fill(password);
    await grace.getByRole("button", { name: `Create account and join ${tenantName}` }).click();
    await expect(grace.getByRole("heading", { level: 1, name: tenantName })).toBeVisible();
    await expect(grace.getByText("You are a member now.")).toBeVisible();
  });

  const model = `house/gpt-${word}`;
  const olga = await newPerson();
  await test.step("the operator adds a provider and a model by hand", async () => {
    await logIn(olga, operator.email);
    await gotoHydrated(olga, "/admin/providers");
    await olga.getByText("New provider").click();
    await olga.getByLabel("Name", { exact: true }).fill(`House ${word}`);
    await olga.getByLabel("Kind").selectOption({ label: "vLLM" });
    await olga.getByLabel("Base URL").fill("https://models.example.com/v1");
    await olga.getByLabel("API key").fill("sk-not-a-real-key");
    await olga.getByRole("button", { name: "Create provider" }).click();
    await expect(olga.getByText(`House ${word} is created.`)).toBeVisible();

    await gotoHydrated(olga, "/admin/models");
    await olga.getByText("New model").click();
    await olga.getByLabel("Name", { exact: true }).fill(model);
    await olga.getByLabel("Display name").fill(`House GPT ${word}`);
    await olga.getByRole("combobox", { name: "Provider" }).selectOption({ label: `House ${word}` });
    await olga.getByLabel("Context length (tokens)").fill("128000");
    await olga.getByLabel("Input price", { exact: false }).first().fill("0.15");
    await olga.getByRole("button", { name: "Create model" }).click();
    await expect(olga.getByText(`House GPT ${word} is in the catalogue.`)).toBeVisible();
  });

  await test.step("nobody may use it before the tenant enables it", async () => {
    await gotoHydrated(page, `/t/${slug}/models/report?q=grace`);
    await expect(page.getByText("0 models").or(page.getByRole("row", { name: /Grace Hopper/ })).first()).toBeVisible();
    await expect(page.getByText(model)).toHaveCount(0);
  });

  await test.step("the tenant enables it", async () => {
    await gotoHydrated(page, `/t/${slug}/models?q=${word}`);
    const row = page.getByRole("row", { name: new RegExp(model) });
    await expect(row).toContainText("Nobody");
    await expect(row).toContainText("128k");
    await expect(row).toContainText("$0.15");
    await row.getByRole("switch").click();
    await expect(row.getByRole("switch")).toHaveAttribute("aria-checked", "true");
    await expect(row).toContainText("Everyone");
    await expect(page.getByText(`House GPT ${word} is enabled.`)).toBeVisible();
  });

  await test.step("the report says who can use it", async () => {
    await page.getByRole("link", { name: "Who can use what" }).click();
    await expect(page.getByRole("columnheader", { name: model })).toBeVisible();
    for (const name of ["Ada Lovelace", "Grace Hopper"]) {
      await expect(page.getByRole("row", { name: new RegExp(name) })).toContainText("yes");
    }
    const csv = page.waitForEvent("download");
    await page.getByRole("link", { name: "CSV" }).click();
    const text = await (await import("node:fs/promises")).readFile(await (await csv).path(), "utf8");
    expect(text.split("\r\n")[0].split("\n")[0]).toBe("user_email,user_name,organization_id,accessible_models,model_names");
    expect(text).toContain(colleague);
  });

  await test.step("the last of the first steps is a key", async () => {
    await gotoHydrated(page, `/t/${slug}`);
    await expect(page.getByRole("region", { name: "First steps" })).toContainText("3 of 4 done");
    await page.getByRole("link", { name: "Make an API key" }).click();
    await page.getByText("New key", { exact: true }).click();
    await page.getByRole("textbox", { name: "Name", exact: true }).fill("Scripts");
    await page.getByRole("checkbox", { name: /See who is a member/ }).check();
    await page.getByRole("button", { name: "Make the key" }).click();
    await expect(page.getByRole("heading", { name: "Scripts is made" })).toBeVisible();
    await waitHydrated(page);
  });

  await test.step("the first steps are done", async () => {
    await page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Overview" }).click();
    await expect(page.getByRole("heading", { level: 1, name: tenantName })).toBeVisible();
    await expect(page.getByRole("region", { name: "First steps" })).toHaveCount(0);
    await expect(page.getByRole("link", { name: /Members/ }).filter({ hasText: "2" })).toBeVisible();
  });
});

test("the operator reads a provider's models: the changes first, then applied", async ({ page }) => {
  const word = unique();
  const fake = await FakeProvider.start();
  try {
    const entry = (name: string, prompt: string) => ({
      id: `fake-${word}/${name}`,
      name: `Fake ${name}`,
      context_length: 64_000,
      pricing: { prompt, completion: "0.000002" },
    });
    fake.models = [entry("small", "0.00000015"), entry("large", "0.000003")];
    await logIn(page, operator.email);
    await gotoHydrated(page, "/admin/providers");
    await page.getByText("New provider").click();
    await page.getByLabel("Name", { exact: true }).fill(`Fake ${word}`);
    await page.getByLabel("Kind").selectOption({ label: "OpenRouter" });
    await page.getByLabel("Base URL").fill(fake.baseUrl);
    await page.getByLabel("API key").fill(`sk-fake-${word}`);
    await page.getByRole("button", { name: "Create provider" }).click();
    await expect(page.getByText(`Fake ${word} is created.`)).toBeVisible();
    expect(fake.seen, "creating does not call the provider").toEqual([]);
    await gotoHydrated(page, "/admin/providers");
    await page.getByRole("link", { name: `Fake ${word}` }).click();

    await test.step("checks", async () => {
      await page.getByRole("button", { name: "Check now" }).click();
      await expect(page.getByText("The provider answers.")).toBeVisible();
      await expect(page.getByText("Answers", { exact: true })).toBeVisible();
      expect(fake.seen).toContain(`Bearer sk-fake-${word}`);
      fake.failure = 401;
      await page.getByRole("button", { name: "Check now" }).click();
      await expect(page.getByText("Fails", { exact: true })).toBeVisible();
      fake.failure = null;
    });

    await test.step("shows the changes", async () => {
      await page.getByRole("link", { name: "Read the model list" }).click();
      await page.getByText("2 new").click();
      await expect(page.getByText(`fake-${word}/small`)).toBeVisible();
      await expect(page.getByText(`fake-${word}/large`)).toBeVisible();
    });

    await test.step("applies them", async () => {
      await page.getByRole("button", { name: "Apply 2 changes" }).click();
      await expect(page.getByText("2 models added, 0 changed, 0 marked.")).toBeVisible();
      await gotoHydrated(page, `/admin/models?q=${word}`);
      const row = page.getByRole("row", { name: new RegExp(`fake-${word}/small`) });
      await expect(row).toContainText("64k");
      await expect(row).toContainText("$0.15");
      await expect(row).toContainText("$2.00");
    });

    await test.step("a later list: one changed, one gone", async () => {
      fake.models = [entry("small", "0.0000001")];
      await gotoHydrated(page, "/admin/providers");
      await page.getByRole("link", { name: `Fake ${word}` }).click();
      await page.getByRole("link", { name: "Read the model list" }).click();
      await expect(page.getByText("1 changed")).toBeVisible();
      await expect(page.getByText("1 no longer listed; they are marked, and stay otherwise as they are")).toBeVisible();
      await page.getByRole("button", { name: "Apply 2 changes", exact: true }).click();
      await expect(page.getByText("0 models added, 1 changed, 1 marked.")).toBeVisible();
      await gotoHydrated(page, `/admin/models?q=${word}`);
      await expect(page.getByRole("row", { name: new RegExp(`fake-${word}/small`) })).toContainText("$0.10");
      await expect(page.getByRole("row", { name: new RegExp(`fake-${word}/large`) })).toContainText("$3.00");
    });
  } finally {
    await fake.stop();
  }
});

test("a tenant changes many models at once", async ({ page, newPerson }) => {
  const word = unique();
  const olga = await newPerson();
  await logIn(olga, operator.email);
  for (const n of [1, 2, 3]) {
    const data = { name: `bulk-${word}/${n}`, display_name: `Bulk ${word} ${n}` };
    expect((await olga.request.post("/api/v1/models", { data })).status()).toBe(201);
  }
  const { tenant } = await signUp(page);
  await gotoHydrated(page, `/t/${tenant.slug}/models?q=bulk-${word}`);
  await expect(page.getByText("3 models match")).toBeVisible();
  await page.getByRole("checkbox", { name: "Select all on this page" }).check();
  await expect(page.getByText("3 models selected")).toBeVisible();
  await page.getByRole("checkbox", { name: `Select Bulk ${word} 2` }).uncheck();
  await expect(page.getByText("2 models selected")).toBeVisible();
  await page.getByRole("group", { name: "Selected models" }).getByRole("button", { name: "Enable" }).click();
  await expect(page.getByText("2 models are enabled.")).toBeVisible();
  await expect(page.getByRole("switch", { checked: true })).toHaveCount(2);
  await page.getByLabel("Enabled", { exact: true }).selectOption("no");
  await expect(page).toHaveURL(/enabled=no/);
  await expect(page.getByRole("switch")).toHaveCount(1);

  await gotoHydrated(page, `/t/${tenant.slug}/models?q=bulk-${word}`);
  const row = page.getByRole("row", { name: new RegExp(`bulk-${word}/1`) });
  await row.getByText(`Who can use Bulk ${word} 1`).locator("..").click();
  await row.getByRole("button", { name: "Only workspaces that list it" }).click();
  await expect(row).toContainText("Workspaces that list it");
});

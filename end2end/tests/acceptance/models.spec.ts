// Models of a tenant: found by provider and price, and why a person cannot use one.

import { good, join, logIn, operator, signUp, unique } from "../../fixtures/people";
import { expect, gotoHydrated, test } from "../../fixtures/test";

// What is typed wrong on purpose.
test.use({ allowedComplaints: [/status of 422 /] });

test("prices are typed in dollars; the list is narrowed by provider and price", async ({ page, newPerson }) => {
  const word = unique();
  const olga = await newPerson();
  await logIn(olga, operator.email);
  const provider = await good<{ id: string }>(
    olga.request.post("/api/v1/providers", { data: { name: `Vendor ${word}`, kind: "other", base_url: "https://vendor.example.com/v1" } }),
  );
  await gotoHydrated(olga, "/admin/models");
  const add = async (name: string, input: string, output: string) => {
    await olga.getByText("New model").click();
    await olga.getByLabel("Name", { exact: true }).fill(`price-${word}/${name}`);
    await olga.getByLabel("Provider", { exact: true }).selectOption(provider.id);
    await olga.getByLabel(/^Input price/).fill(input);
    await olga.getByLabel(/^Output price/).fill(output);
    await olga.getByRole("button", { name: "Create model" }).click();
  };
  await add("bad", "cheap", "1");
  await expect(olga.getByText("Must be an amount in US dollars, such as 0.15.").first()).toBeVisible();
  await expect(olga.getByLabel(/^Output price/)).toHaveValue("1");
  await olga.reload();
  for (const [name, input, output] of [["small", "0.15", "0.6"], ["large", "2.5", "10"], ["gift", "0", "0"], ["riddle", "", ""]]) {
    await gotoHydrated(olga, "/admin/models");
    await add(name, input, output);
    await expect(olga.getByText("is in the catalogue.").first()).toBeVisible();
  }
  const { items } = await good<{ items: { name: string; input_price: number | null }[] }>(olga.request.get(`/api/v1/models?q=price-${word}/small`));
  expect(items[0].input_price).toBe(150_000);

  const { tenant } = await signUp(page);
  await gotoHydrated(page, `/t/${tenant.slug}/models?q=price-${word}`);
  const names = page.locator("tbody th .row-link");
  await expect(page.getByRole("row", { name: /\/small/ })).toContainText("$0.15");
  await expect(page.getByRole("row", { name: /\/gift/ })).toContainText("free");
  await expect(page.getByRole("row", { name: /\/riddle/ })).toContainText("\u2013");
  await page.getByLabel("Price of a million tokens").selectOption("1");
  await expect(page).toHaveURL(/price=1/);
  await expect(names).toHaveText([`price-${word}/gift`, `price-${word}/small`]);
  await expect(page.getByText("2 models match, up to $1")).toBeVisible();
  await page.getByLabel("Price of a million tokens").selectOption("0");
  await expect(names).toHaveText([`price-${word}/gift`]);
  await gotoHydrated(page, `/t/${tenant.slug}/models`);
  await page.getByLabel("Provider", { exact: true }).selectOption(`Vendor ${word}`);
  await expect(names).toHaveCount(4);
});

test("why somebody cannot use a model", async ({ page, newPerson }) => {
  const word = unique();
  const olga = await newPerson();
  await logIn(olga, operator.email);
  const provider = await good<{ id: string }>(
    olga.request.post("/api/v1/providers", { data: { name: `Why ${word}`, kind: "other", base_url: "https://why.example.com/v1" } }),
  );
  await good(olga.request.post("/api/v1/models", { data: { name: `why-${word}`, provider: provider.id } }));
  const { tenant } = await signUp(page);
  const { email } = await join(page, tenant, await newPerson(), "Bob Taylor");
  await gotoHydrated(page, `/t/${tenant.slug}/models?q=why-${word}`);
  await page.getByRole("link", { name: `why-${word}` }).click();
  await expect(page.getByRole("heading", { level: 1, name: `why-${word}` })).toBeVisible();
  const ask = async (whom: string) => {
    await page.getByLabel("Address of a member").fill(whom);
    await page.getByRole("button", { name: "Check" }).click();
  };
  await ask(email);
  await expect(page.getByText(`${email} cannot use why-${word}.`)).toBeVisible();
  await expect(page.getByText("The model is not enabled in this tenant.")).toBeVisible();
  await page.getByRole("button", { name: "Enable" }).click();
  await expect(page.getByText(`${email} can use why-${word}.`)).toBeVisible();
  await page.getByRole("button", { name: "Only in workspaces that list it" }).click();
  await expect(page.getByText("they are in none of these")).toBeVisible();
  await ask("stranger@example.com");
  await expect(page.getByText("They are no member of this tenant.")).toBeVisible();
  await ask("nonsense");
  await expect(page.getByText("This is no address of a member")).toBeVisible();
});

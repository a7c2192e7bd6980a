// A model is tried: the answer comes as it is said, with what it came to; it can be stopped; it counts.

import { FakeProvider } from "../../fixtures/fake-provider";
import { good, logIn, makeTenant, operator, unique } from "../../fixtures/people";
import { expect, expectNoAxeViolations, gotoHydrated, test } from "../../fixtures/test";

// What is refused is answered with its status, which the browser reports.
test.use({ allowedComplaints: [/status of 422 /] });

test("a question, its answer word by word, one that is stopped, one that is wrong", async ({ page }) => {
  const word = unique();
  const fake = await FakeProvider.start();
  try {
    await logIn(page, operator.email);
    const tenant = await makeTenant(page, `Play ${word}`);
    await test.step("without a model it says what to do", async () => {
      await gotoHydrated(page, `/t/${tenant.slug}/playground`);
      await expect(page.getByText("No model to try here")).toBeVisible();
      await expectNoAxeViolations(page);
    });
    const provider = await good<{ id: string }>(
      page.request.post("/api/v1/providers", { data: { name: `Play ${word}`, kind: "openai", base_url: fake.baseUrl, api_key: "sk-fake" } }),
    );
    const model = await good<{ id: string }>(
      page.request.post("/api/v1/models", {
        data: { name: `play/${word}`, provider: provider.id, upstream_name: "fake", input_price: 1_000_000, output_price: 2_000_000 },
      }),
    );
    await good(page.request.put(`/api/v1/tenants/${tenant.id}/models/${model.id}`, { data: { enabled: true } }));

    await gotoHydrated(page, `/t/${tenant.slug}/playground`);
    await expect(page.getByLabel("Model")).toHaveValue(`play/${word}`);
    const talk = page.getByRole("list", { name: "Conversation" });
    await test.step("the answer is shown as it comes", async () => {
      await page.getByLabel("Your question").fill("Hello?");
      await page.getByRole("button", { name: "Ask" }).click();
      await expect(talk.getByRole("listitem").last()).toHaveText("Good ");
      await expect(page.getByRole("button", { name: "Ask" })).toBeDisabled();
      fake.more();
      await expect(talk.getByText("Good day, Ada.")).toBeVisible();
      await expect(talk.getByText("12 tokens in, 3 out \u00b7 $0.000018 \u00b7")).toBeVisible();
      await expect(page.getByLabel("Your question")).toHaveValue("");
      await expectNoAxeViolations(page);
    });
    await test.step("one is stopped", async () => {
      await page.getByLabel("Your question").fill("And now?");
      await page.getByRole("button", { name: "Ask" }).click();
      await expect(talk.getByRole("listitem").last()).toHaveText("Good ");
      await page.getByRole("button", { name: "Stop" }).click();
      await expect(talk.getByText("Stopped.")).toBeVisible();
    });
    await test.step("bad input is told, and kept", async () => {
      await page.getByLabel("Longest answer (tokens)").fill("many");
      await page.getByLabel("Your question").fill("Once more?");
      await page.getByRole("button", { name: "Ask" }).click();
      await expect(talk.getByRole("alert")).toContainText("max_tokens");
      await expect(page.getByLabel("Your question")).toHaveValue("Once more?");
    });
    await test.step("it is in the usage", async () => {
      await gotoHydrated(page, `/t/${tenant.slug}/usage?by=model`);
      await expect(page.getByRole("cell", { name: `play/${word}` }).or(page.getByRole("rowheader", { name: `play/${word}` })).first()).toBeVisible();
    });
    await gotoHydrated(page, `/t/${tenant.slug}/playground`);
    await expect(talk.getByRole("listitem")).toHaveCount(0);
  } finally {
    await fake.stop();
  }
});

// Routes, providers, rules and limits, as operators and owners set them.

import { signUp } from "../../fixtures/people";
import { ownLimits, providersAndRoutes, rulesAndNewModels } from "../../fixtures/supply";
import { gotoHydrated, test } from "../../fixtures/test";

test.use({ allowedComplaints: [/status of (404|409|422) /] });

test("providers and routes", ({ page }) => providersAndRoutes(page, gotoHydrated));

test("rules about models, and new ones", async ({ page, newPerson }) => {
  const { tenant } = await signUp(page);
  await rulesAndNewModels(page, tenant, await newPerson(), gotoHydrated);
});

test("limits of a tenant's own", async ({ page, newPerson }) => {
  const { tenant } = await signUp(await newPerson());
  await ownLimits(page, tenant, gotoHydrated);
});

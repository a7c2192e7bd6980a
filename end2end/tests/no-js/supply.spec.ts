// Routes, providers, rules and limits in a browser without JavaScript.

import { signUp } from "../../fixtures/people";
import { ownLimits, providersAndRoutes, rulesAndNewModels } from "../../fixtures/supply";
import { type Page } from "@playwright/test";
import { test } from "../../fixtures/test";

test.use({ allowedComplaints: [/status of (409|422) /] });

const open = (page: Page, path: string) => page.goto(path);

test("providers and routes", ({ page }) => providersAndRoutes(page, open));

test("rules about models, and new ones", async ({ page, newPerson }) => {
  const { tenant } = await signUp(page);
  await rulesAndNewModels(page, tenant, await newPerson(), open);
});

test("limits of a tenant's own", async ({ page, newPerson }) => {
  const { tenant } = await signUp(await newPerson());
  await ownLimits(page, tenant, open);
});

import { defineConfig, devices } from "@playwright/test";

// scripts/end2end starts a server and sets both.
const baseURL = process.env.TENANTRY_E2E_URL;
const executablePath = process.env.CHROMIUM;
if (!baseURL || !executablePath) throw new Error("run scripts/end2end: it starts the server and finds the browser");

const browser = {
  ...devices["Desktop Chrome"],
  baseURL,
  screenshot: "only-on-failure" as const,
  trace: "retain-on-failure" as const,
  launchOptions: {
    executablePath,
    // Chromium's sandbox refuses root, and needs user namespaces that containers and Ubuntu withhold; the pages are ours.
    // The others keep it from calling home, which a closed network punishes with delays.
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  },
};

export default defineConfig({
  testDir: "tests",
  outputDir: "results",
  // One server with one database: specs make tenants of their own, and files run side by side.
  fullyParallel: false,
  workers: 2,
  forbidOnly: !!process.env.CI,
  retries: 0,
  timeout: 60_000,
  expect: { timeout: 10_000 },
  reporter: [["list"], ["json", { outputFile: "results/summary.json" }]],
  projects: process.env.TENANTRY_SCREENSHOTS ? [{ name: "screenshots", testMatch: "screenshots/**/*.shots.ts", use: browser }] : [
    // The first account of a server is special, so it is made before all others.
    { name: "first", testMatch: "first.setup.ts", use: browser },
    { name: "chromium", testMatch: "acceptance/**/*.spec.ts", dependencies: ["first"], use: browser },
    { name: "no-js", testMatch: "no-js/**/*.spec.ts", dependencies: ["first"], use: { ...browser, javaScriptEnabled: false } },
  ],
});

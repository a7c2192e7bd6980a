// Called by scripts/bench-gateway: node bench-gateway.mjs URL PID TOOL SECONDS. Sets the server up, measures, prints a table.

import { execFileSync, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { loadavg, cpus } from "node:os";

const [url, serverPid, tool, seconds] = process.argv.slice(2);
const started = [];
process.on("exit", () => started.forEach((child) => child.kill()));

async function start(...words) {
  const child = spawn(tool, words, { stdio: ["ignore", "pipe", "inherit"] });
  started.push(child);
  const [line] = await once(createInterface({ input: child.stdout }), "line");
  return { url: line, pid: child.pid };
}

let cookie = "";
async function ask(method, path, body) {
  const answer = await fetch(`${url}/api/v1/${path}`, { method, headers: { "content-type": "application/json", cookie }, body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
  cookie ||= answer.headers.getSetCookie()[0]?.split(";")[0] ?? "";
  return answer.json();
}

// Seconds of processor time of a process, and its memory in MB.
const ticks = Number(execFileSync("getconf", ["CLK_TCK"]).toString());
const cpu = (pid) => {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1].split(" ");
  return (Number(fields[11]) + Number(fields[12])) / ticks;
};
const memory = (pid) => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))[1]) / 1024;

const mock = await start("serve", "127.0.0.1:0");
const proxy = await start("proxy", "127.0.0.1:0", mock.url);
await ask("POST", "auth/register", { email: "bench@tenantry.test", name: "Bench", password: "a password for measurements", tenant_name: "Bench" });
const provider = await ask("POST", "providers", { name: "Mock", kind: "other", base_url: `${mock.url}/v1` });
const model = await ask("POST", "models", { name: "mock", provider: provider.id, upstream_name: "mock", input_price: 150000, output_price: 600000 });
await ask("PUT", `tenants/bench/models/${model.id}`, { enabled: true });
// High enough to refuse nothing: what is measured is the counting.
await ask("PATCH", "tenants/bench/quotas", { api_calls_per_hour: 100000000, tokens_per_day: 1000000000000, spend_per_month: 1000000000000, concurrent_requests: 1000 });
const key = (await ask("POST", "tenants/bench/api-keys", { name: "bench", scopes: ["gateway:use"] })).secret;

const ways = [
  { name: "direct", url: mock.url, pid: mock.pid },
  { name: "bare proxy", url: proxy.url, pid: proxy.pid },
  { name: "gateway", url, pid: serverPid },
];
const ms = (us) => (us == null ? "-" : (us / 1000).toFixed(2));
console.log(`${cpus().length} processors, load of the machine before: ${loadavg().map((n) => n.toFixed(1)).join(" ")}; ${seconds} s each, client and all servers on the same machine\n`);
for (const kind of ["json", "stream"]) {
  console.log(kind === "json" ? "Whole answers" : "Streams of five parts");
  console.log("\n| at once | way | requests/s | p50 ms | p95 ms | p99 ms | first part p50 ms | CPU ms a request | failed |");
  console.log("|--:|---|--:|--:|--:|--:|--:|--:|--:|");
  for (const concurrency of [1, 10, 50, 300]) {
    for (const way of ways) {
      const before = cpu(way.pid);
      const out = execFileSync(tool, ["load", way.url, key, "mock", String(concurrency), seconds, kind]);
      const used = cpu(way.pid) - before;
      const seen = JSON.parse(out);
      // The second of warming up is in the processor time as well.
      const all = seen.requests * (1 + 1 / Number(seconds));
      const own = all ? ((used * 1000) / all).toFixed(3) : "-";
      console.log(`| ${concurrency} | ${way.name} | ${seen.per_second} | ${ms(seen.p50_us)} | ${ms(seen.p95_us)} | ${ms(seen.p99_us)} | ${ms(seen.first_p50_us)} | ${own} | ${seen.failed} |`);
    }
  }
  console.log("");
}
console.log(`memory of the server afterwards: ${memory(serverPid).toFixed(0)} MB`);
process.exit(0);

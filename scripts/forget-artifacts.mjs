// Reads cargo's JSON messages and removes what it made of one crate, so that cargo makes it again the next time.
// Usage: cargo ... --message-format json | node forget-artifacts.mjs PACKAGE

import { readFileSync, rmSync } from "node:fs";
import { basename, dirname, join } from "node:path";

const crate = process.argv[2];
for (const line of readFileSync(0, "utf8").split("\n")) {
  if (!line.startsWith('{"reason":"compiler-artifact"')) continue;
  const message = JSON.parse(line);
  if (!message.package_id.includes(`#${crate}@`)) continue;
  for (const file of message.filenames) {
    const hash = /-([0-9a-f]{16})\./.exec(basename(file))?.[1];
    if (!hash) continue;
    rmSync(join(dirname(dirname(file)), ".fingerprint", `${crate}-${hash}`), { recursive: true, force: true });
    rmSync(file, { force: true });
  }
}

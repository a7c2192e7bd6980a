// Unpacks the Chromium that npm brings (brotli, made for another place) into a folder, beside a script that starts it.
// Usage: node unpack-chromium.mjs FROM INTO

import { execFileSync } from "node:child_process";
import { chmodSync, createReadStream, createWriteStream, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { createBrotliDecompress } from "node:zlib";

const [from, into] = process.argv.slice(2);

async function unpack(name, target) {
  await pipeline(createReadStream(join(from, name)), createBrotliDecompress(), createWriteStream(target));
}

await unpack("chromium.br", join(into, "chrome"));
chmodSync(join(into, "chrome"), 0o755);
// Libraries that a bare machine lacks, software rendering, and fonts.
for (const name of ["al2023", "swiftshader", "fonts"]) {
  const tar = join(into, `${name}.tar`);
  await unpack(`${name}.tar.br`, tar);
  execFileSync("tar", ["-xf", tar, "-C", into]);
  rmSync(tar);
}

// Its own names folders of the place that it was made for; a page without any font ends its process.
writeFileSync(
  join(into, "fonts.conf"),
  `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir prefix="relative">fonts</dir>
  <cachedir prefix="xdg">fontconfig</cachedir>
</fontconfig>
`,
);
writeFileSync(
  join(into, "chromium"),
  `#!/bin/sh
here=$(dirname -- "$(readlink -f -- "$0")")
# The machine's own libraries first: ours are for those that it lacks.
export LD_LIBRARY_PATH="\${LD_LIBRARY_PATH:+$LD_LIBRARY_PATH:}/usr/lib/$(uname -m)-linux-gnu:$here/lib:$here"
[ -e /etc/fonts/fonts.conf ] || export FONTCONFIG_FILE="$here/fonts.conf"
exec "$here/chrome" "$@"
`,
  { mode: 0o755 },
);

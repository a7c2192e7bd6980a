// What scripts/build-site does. Options are read from [[workspace.metadata.leptos]] in Cargo.toml, where cargo-leptos
// reads them too, and the files get the names that it gives them.

import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { basename, dirname, join, relative, resolve } from "node:path";
import { promisify } from "node:util";
import zlib from "node:zlib";

const root = resolve(import.meta.dirname, "..");
process.chdir(root);

const metadata = JSON.parse(
  execFileSync("cargo", ["metadata", "--no-deps", "--format-version", "1", "--locked"], { maxBuffer: 1 << 28, encoding: "utf8" }),
);
const [leptos] = metadata.metadata.leptos;
const name = leptos["output-name"];
const profile = leptos["lib-profile-release"] ?? "release";
const site = join(root, leptos["site-root"]);
const pkg = join(site, leptos["site-pkg-dir"] ?? "pkg");
// Beside the site and not in it: all that is in the site is served.
const stampFile = `${site}.stamp.json`;

const hash = (data) => createHash("sha256").update(data).digest("hex");

/** What the last run made from what; an unreadable one means that all is made again. */
let stamp = {};
try {
  stamp = JSON.parse(readFileSync(stampFile, "utf8"));
} catch {}

/** Files that belong to the site; any other is removed at the end. */
const wanted = new Set();

function run(program, args) {
  const { status, error } = spawnSync(program, args, { stdio: ["ignore", "inherit", "inherit"] });
  if (status === 0) return;
  console.error(`build-site: ${program} ${error?.code === "ENOENT" ? "is missing; run scripts/setup" : "failed"}`);
  process.exit(1);
}

async function step(text, work) {
  console.log(`==> ${text}`);
  const since = performance.now();
  const said = await work();
  console.log(`==> ${text}: ${said ? `${said}, ` : ""}${((performance.now() - since) / 1000).toFixed(1)} s`);
}

/** Writes only what differs: the server embeds these files and is built again when one is newer. */
function put(path, data) {
  wanted.add(path);
  if (existsSync(path) && readFileSync(path).equals(data)) return false;
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, data);
  return true;
}

function filesIn(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
    .sort();
}

const made = { files: {} };
const wasm = join(pkg, `${name}.wasm`);
const js = join(pkg, `${name}.js`);
mkdirSync(dirname(site), { recursive: true });
const work = mkdtempSync(join(dirname(site), "build-site-"));
process.on("exit", () => rmSync(work, { recursive: true, force: true }));
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => process.exit(1));

await step(`wasm: cargo build -p ${leptos["lib-package"]} --profile ${profile}`, () => {
  const features = leptos["lib-features"] ?? [];
  const args = ["rustc", "--locked", "--lib", "-p", leptos["lib-package"], "--target", "wasm32-unknown-unknown", "--profile", profile];
  if (features.length) args.push("--features", features.join(","));
  // Where the code refers to itself, so that it can be cut into pieces.
  args.push("--crate-type", "cdylib", "--", "-Clink-args=--emit-relocs");
  run("cargo", args);
});

await step("wasm: wasm-split, wasm-bindgen and wasm-opt", async () => {
  const built = join(
    metadata.target_directory,
    "wasm32-unknown-unknown",
    profile === "dev" ? "debug" : profile,
    `${leptos["lib-package"].replaceAll("-", "_")}.wasm`,
  );
  // The lock files stand for the versions of the tools.
  made.wasm = hash(
    [readFileSync(built), readFileSync("Cargo.lock"), readFileSync("scripts/npm/site/package-lock.json"), readFileSync(import.meta.filename)].map(hash).join(),
  );
  made.code = stamp.code;
  if (stamp.wasm === made.wasm && stamp.code?.every((file) => existsSync(join(pkg, file)))) {
    for (const file of made.code) wanted.add(join(pkg, file));
    return "unchanged";
  }
  // Each group of pages that is fetched later becomes a file of its own.
  const split = join(work, "split");
  mkdirSync(split);
  run("wasm-split-cli", ["--out-name", name, built, split]);
  run("wasm-bindgen", [
    ...["--target", "web", "--no-typescript", "--keep-lld-exports", "--no-demangle"],
    ...["--out-name", name, "--out-dir", work, join(split, `${name}.wasm`)],
  ]);
  put(wasm, await optimized(join(work, `${name}_bg.wasm`)));

  // What loads the pieces goes into the script that they need anyhow: the server gives that a name with a hash, which
  // another file could not import.
  const loader = "./__wasm_split.js";
  let load = readFileSync(join(split, loader), "utf8");
  const pieces = filesIn(split).filter((path) => path.endsWith(".wasm") && path !== join(split, `${name}.wasm`));
  for (const path of pieces) {
    const data = await optimized(path);
    const file = basename(path).replace(/\.wasm$/, `-${hash(data).slice(0, 8)}.wasm`);
    put(join(pkg, file), data);
    load = replaced(load, `"./${basename(path)}"`, `"./${file}"`);
  }
  load = replaced(load, `import { initSync } from "./${name}.js";`, "");
  const exported = [...load.matchAll(/^export const (\w+)/gm)].map((match) => match[1]);
  let script = readFileSync(join(work, `${name}.js`), "utf8");
  // It is imported once for each of its functions.
  const imported = [...script.matchAll(/^import \* as (\w+) from "\.\/__wasm_split\.js";?$/gm)];
  for (const [line, as] of imported) script = replaced(script, line, `const ${as} = { ${exported.join(", ")} };`);
  if (imported.length) script = `${load.replaceAll(/^export /gm, "")}\n${script}`;
  put(js, Buffer.from(script));
  // JavaScript that crates bring along, which the script imports from there.
  const snippets = join(work, "snippets");
  for (const path of filesIn(snippets)) put(join(pkg, "snippets", relative(snippets, path)), readFileSync(path));
  made.code = [...wanted].map((path) => relative(pkg, path));
});

/** The text with one thing in it replaced, which has to be there. */
function replaced(text, what, by) {
  if (!text.includes(what)) throw new Error(`expected ${what} in what wasm-split wrote`);
  return text.replace(what, () => by);
}

async function optimized(path) {
  const out = `${path}.opt`;
  // The features that rustc switches on for this target; without them wasm-opt refuses its output.
  run("wasm-opt", [
    "-Oz",
    "--gufa-optimizing",
    "-Oz",
    "--enable-bulk-memory",
    "--enable-bulk-memory-opt",
    "--enable-mutable-globals",
    "--enable-nontrapping-float-to-int",
    "--enable-sign-ext",
    "--enable-reference-types",
    "--enable-multivalue",
    "--strip-debug",
    "--strip-producers",
    path,
    "-o",
    out,
  ]);
  return readFileSync(out);
}

if (leptos["tailwind-input-file"]) {
  await step(`css: tailwindcss ${leptos["tailwind-input-file"]}`, () => {
    // Always run: only Tailwind knows which files it looks through.
    const out = join(work, "out.css");
    run("tailwindcss", ["--input", leptos["tailwind-input-file"], "--output", out, "--minify"]);
    if (!put(join(pkg, `${name}.css`), readFileSync(out))) return "unchanged";
  });
}

if (leptos["assets-dir"]) {
  for (const path of filesIn(leptos["assets-dir"])) put(join(site, relative(leptos["assets-dir"], path)), readFileSync(path));
}

await step("compression", async () => {
  const brotli = promisify(zlib.brotliCompress);
  const gzip = promisify(zlib.gzip);
  let count = 0;
  await Promise.all(
    [...wanted]
      // These are compressed already.
      .filter((path) => !/\.(png|jpe?g|webp|avif|gif|woff2?|br|gz)$/.test(path))
      .map(async (path) => {
        const data = readFileSync(path);
        const key = relative(site, path);
        made.files[key] = hash(data);
        const [br, gz] = [`${path}.br`, `${path}.gz`];
        wanted.add(br).add(gz);
        if (stamp.files?.[key] === made.files[key] && existsSync(br) && existsSync(gz)) return;
        count += 1;
        const params = {
          [zlib.constants.BROTLI_PARAM_QUALITY]: 11,
          [zlib.constants.BROTLI_PARAM_LGWIN]: 22,
          [zlib.constants.BROTLI_PARAM_SIZE_HINT]: data.length,
        };
        put(br, await brotli(data, { params }));
        put(gz, await gzip(data, { level: 9 }));
      }),
  );
  return count ? `${count} files` : "unchanged";
});

for (const path of filesIn(site)) if (!wanted.has(path)) rmSync(path);

writeFileSync(`${stampFile}.part`, JSON.stringify(made, null, 1));
renameSync(`${stampFile}.part`, stampFile);

const kilobytes = (path) => `${(statSync(path).size / 1024).toFixed(1)} KB`;
const sizes = filesIn(pkg)
  .filter((path) => /\.(wasm|js|css)$/.test(path))
  .map((path) => `${relative(pkg, path)} ${kilobytes(path)} (brotli ${kilobytes(`${path}.br`)})`);
console.log(`site: ${sizes.join(", ")}`);

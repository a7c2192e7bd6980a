// Runs SQL files in order, each in one message, where there is no psql. Usage: node apply-sql.mjs SOCKETDIR DATABASE FILE...

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const pg = createRequire(`${process.env.PG_MODULES}/`)("pg");
const [host, database, ...files] = process.argv.slice(2);
const client = new pg.Client({ host, database, user: "postgres" });
await client.connect();
for (const file of files) {
  await client.query(readFileSync(file, "utf8")).catch((error) => {
    console.error(`${file}: ${error.message}${error.position ? ` (at character ${error.position})` : ""}`);
    process.exit(1);
  });
}
await client.end();

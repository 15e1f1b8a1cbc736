/**
 * `store-main.ts <path>`: a client's store that is opened for the first time and written to, as a process
 * of its own. Each line of output is `<what> <Unix time in ms>`: that is on the disk now.
 */
import { randomBytes } from "node:crypto";
import { writeSync } from "node:fs";
import { openNodeStore } from "../../../../client-sdk/src/storage-sqlite/index.ts";

/** A store is copied into its file after 4 MB: it comes to that. */
const rowsMax = 600;
const filler = "x".repeat(8_000);
/** So many rows are written in passing before they are all brought to the disk. */
const passing = 5;

const acknowledge = (what: string): void => void writeSync(1, `${what} ${Date.now() + 1}\n`);
const random = (length: number) => new Uint8Array(randomBytes(length));
const { database, key } = await openNodeStore(process.argv[2] ?? "", undefined, random);
const create =
  "CREATE TABLE IF NOT EXISTS counted (number INTEGER PRIMARY KEY, filler TEXT NOT NULL)";
await database.transaction((tx) => tx.run(create));
acknowledge(`key-${Buffer.from(key).toString("hex")}`);
for (let number = 1; number <= rowsMax; number += 1) {
  const inPassing = Math.floor(number / passing) % 2 === 1;
  const row = (): string => `${filler}${number}`;
  await database.transaction(
    (tx) => tx.run("INSERT INTO counted VALUES (?, ?)", number, row()),
    inPassing ? "soon" : "durable",
  );
  if (inPassing && number % passing === passing - 1) await database.settle();
  if (!inPassing || number % passing === passing - 1) acknowledge(`${number}`);
}

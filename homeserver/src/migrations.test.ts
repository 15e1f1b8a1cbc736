import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { z } from "zod";
import { migrations } from "./migrations.ts";

/** By module, how many migrations the databases of operators have seen, and the digest of their texts. */
const released: Readonly<Record<string, readonly [count: number, sha256: string]>> = {
  authentication: [10, "ddc9328b258dc42c393b60afd7e88d23c40c365d675c0236608644da5607a4d5"],
  "key-packages": [2, "c65f3187af3350088c8a55bcfe29b1ec4739cce9769b4f8685d799cd5987bde0"],
  queuing: [2, "4fd91329da621e5f4c827487e9b26bf98a74785ea771a8efaa8769a641783064"],
  delivery: [10, "c70d9eaea8cf455caebe7ea312dd12a9ed353efe7c1a0a88890136f7e41f24ab"],
  backup: [1, "b2c34373413249bade36376ed468595f1c660f6c55783cd1cc9ea9fc2aab6361"],
  peers: [2, "1347421c0868d5dea63504af04af55e008f88f6abfa513f251eaf44879e6f608"],
  federation: [1, "06210515c486c159248454c80112bf7e66e05ae1b39ec0fd92f7953a5c289f5b"],
  factors: [4, "0fca68329982b58e80045a791795c086a1bef536a3d08ea6b8095b669cf66de3"],
  assets: [2, "3adeb6d8d99b88467e36e8918b400b9ba4be5ffd3b5fa8b9866d9bdeb66efe28"],
};

const journalSchema = z.object({ entries: z.array(z.object({ tag: z.string() })) });

test.each(Object.entries(released))(
  "the migrations of %s that databases have seen stay as they were",
  (module, [count, digest]) => {
    const folder = migrations.find((one) => one.module === module)?.folder ?? "";
    const journal = readFileSync(join(folder, "meta/_journal.json"), "utf8");
    const { entries } = journalSchema.parse(JSON.parse(journal));
    const hash = createHash("sha256");
    for (const { tag } of entries.slice(0, count)) {
      hash.update(readFileSync(join(folder, `${tag}.sql`)));
    }
    expect(entries.length).toBeGreaterThanOrEqual(count);
    expect(hash.digest("hex")).toBe(digest);
  },
);

test("there is a digest for the migrations of each module", () => {
  expect(Object.keys(released)).toEqual(migrations.map(({ module }) => module));
});

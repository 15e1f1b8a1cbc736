import { expect, test } from "vitest";

import type { SqlDatabase } from "../../src/storage/index.ts";
import { startServer } from "../world/server.ts";
import { openTampered } from "../world/tampered.ts";

test("R-047 what it takes to send a message does not grow with how many wait", async () => {
  await using server = await startServer();
  await (await server.register("alice")).close();
  const read = { rows: 0 };
  const alice = await openTampered(server, "alice", {
    database: (database) => counting(database, read),
  });
  const room = await alice.conversations.create({ name: "Many" });
  const rowsFor = async (count: number): Promise<number> => {
    read.rows = 0;
    const texts = Array.from({ length: count }, (_, index) => `${count}/${index}`);
    await Promise.all(texts.map((text) => room.send(text)));
    await alice.caughtUp();
    return read.rows / count;
  };
  await rowsFor(4);
  const [few, many] = [await rowsFor(8), await rowsFor(48)];
  // If each step looked at all that wait, this would be about six times as many.
  expect(many).toBeLessThan(few * 1.5);
});

/** Counts the rows that statements about wishes answer. */
function counting(database: SqlDatabase, read: { rows: number }): SqlDatabase {
  return {
    transaction: (run) =>
      database.transaction((tx) =>
        run({
          run: (sql, ...values) => tx.run(sql, ...values),
          all(sql, ...values) {
            const rows = tx.all(sql, ...values);
            if (sql.includes("FROM intents")) read.rows += rows.length;
            return rows;
          },
        }),
      ),
    settle: () => database.settle(),
    close: () => database.close(),
  };
}

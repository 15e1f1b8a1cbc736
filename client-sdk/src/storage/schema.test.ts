import { createHash } from "node:crypto";

import { expect, test } from "vitest";

import type { SqlTx } from "./port.ts";
import { migrate } from "./schema.ts";

/** The statements that stores of users have run: none of them may change, or its place. */
const released = {
  statements: 90,
  sha256: "a4a9c26d57c03bd67c5500a84c4b15939ce33bf643fce1217e5a09663844748d",
};

test("what made the stores that users have stays as it was, and what is new comes behind it", () => {
  const ran: string[] = [];
  const recorder: SqlTx = {
    run(statement) {
      ran.push(statement);
      return { changes: 0, lastId: 0 };
    },
    all: () => [],
  };
  migrate(recorder);
  // The table of the version, before them, and what notes the version, behind them.
  const made = ran.slice(1, -2);
  expect(made.length).toBeGreaterThanOrEqual(released.statements);
  const text = made.slice(0, released.statements).join("\n;\n");
  expect(createHash("sha256").update(text).digest("hex")).toBe(released.sha256);
});

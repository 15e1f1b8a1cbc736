import { Refusal } from "@treehouse/protocol";
import { expect, test } from "vitest";

import { checkName } from "./names.ts";

test("a name that can be none of a store is the asker's fault, and no damage", () => {
  for (const name of ["a/b", "", ".hidden", "a b", "x".repeat(101)]) {
    expect(() => checkName(name)).toThrow(Refusal);
    expect(() => checkName(name)).toThrow(expect.objectContaining({ code: "malformed" }));
  }
  for (const name of ["alice", "alice@example.org", "a.b_c-d"]) {
    expect(() => checkName(name)).not.toThrow();
  }
});

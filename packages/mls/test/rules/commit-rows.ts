import type { Bytes, HandshakeRule, RefusalCode } from "@treehouse/protocol";

import type { Draft } from "./draft.ts";
import type { BaseName, Lab } from "./lab.ts";

/**
 * One row of the matrix: an upload that everybody accepts (`from`), changed in what one rule says,
 * and signed again by its author. `members` are rules that no server can judge.
 */
export type CommitRow = {
  readonly rule: HandshakeRule;
  readonly name: string;
  readonly from: BaseName;
  readonly code?: RefusalCode;
  readonly seenBy?: "members";
  make(draft: Draft, lab: Lab): Draft | Bytes | Promise<Draft | Bytes>;
};

/** Rows of one base, with the same code unless they say otherwise. */
export function rowsFrom(
  from: BaseName,
  rows: readonly (readonly [HandshakeRule, string, CommitRow["make"], RefusalCode?])[],
): readonly CommitRow[] {
  return rows.map(([rule, name, make, code]) => ({
    rule,
    name,
    from,
    make,
    ...(code === undefined ? {} : { code }),
  }));
}

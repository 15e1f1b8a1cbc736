import type { Bytes } from "@treehouse/protocol";

import type { GroupChanges } from "../../src/member/index.ts";

export function applyRows(rows: Map<string, Bytes>, changes: GroupChanges): void {
  for (const name of changes.delete) rows.delete(name);
  for (const [name, value] of changes.put) rows.set(name, value);
}

export function octetsOf(changes: GroupChanges): number {
  let octets = 0;
  for (const [name, value] of changes.put) octets += name.length + value.length;
  return octets;
}

import fc from "fast-check";
import { expect, test } from "vitest";

import { fromHex, toHex } from "../bytes/index.ts";
import { encodeHistoryPolicy, HISTORY_POLICY_COMPONENT, historyPolicyOf } from "./index.ts";

const stateOf = (data: Uint8Array<ArrayBuffer>) => ({
  otherComponents: [{ component: HISTORY_POLICY_COMPONENT, data }],
});
const nothing = { days: 0, roles: [] };

test("FED-1070 a policy is read as it was written, in the form of the MIMI room policy", () => {
  const octets = encodeHistoryPolicy({ days: 7, roles: [4, 2, 3] });
  expect(toHex(octets)).toBe("000c0000000200000003000000040100093a80");
  expect(historyPolicyOf(stateOf(octets))).toEqual({ days: 7, roles: [2, 3, 4] });
  expect(toHex(encodeHistoryPolicy(nothing))).toBe("02");
});

test("FED-1070 what is not there, forbidden, not automatic or not readable grants nothing", () => {
  expect(historyPolicyOf({ otherComponents: [] })).toEqual(nothing);
  for (const hex of ["02", "", "03", "00", "00000000093a80", "00000200093a80"]) {
    expect(historyPolicyOf(stateOf(fromHex(hex)))).toEqual(nothing);
  }
  const years = stateOf(fromHex("00040000000201ffffffff"));
  expect(historyPolicyOf(years)).toEqual({ days: 366, roles: [2] });
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 20 }), (octets) => {
      const { days } = historyPolicyOf(stateOf(new Uint8Array(octets)));
      expect(days >= 0 && days <= 366).toBe(true);
    }),
  );
});

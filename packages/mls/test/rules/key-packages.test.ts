import type { Bytes } from "@treehouse/protocol";
import { copyBytes, LIMITS } from "@treehouse/protocol";
import type { KeyPackage } from "ts-mls/keyPackage.js";
import { encodeKeyPackage } from "ts-mls/keyPackage.js";
import { beforeAll, expect, test } from "vitest";

import { checkKeyPackage } from "../../src/public/index.ts";
import { draftOf, keyPackagesOf } from "./draft.ts";
import { keyPackageRows, ownerOf } from "./key-packages.ts";
import type { Lab } from "./lab.ts";
import { openLab, verdictOf } from "./lab.ts";

let lab: Lab;
beforeAll(async () => {
  lab = await openLab(6_001);
});

const octets = (keyPackage: KeyPackage) => copyBytes(encodeKeyPackage(keyPackage));
const upload = (bytes: Bytes) =>
  verdictOf(() => checkKeyPackage(lab.world.context, bytes, { at: lab.at }));

test.each(keyPackageRows.map((row) => [row.rule, row.name, row] as const))(
  "FED-982 FED-995 an upload of a KeyPackage is judged as its addition is: %s (%s)",
  async (rule, _, { code, from, inGroup, make }) => {
    const [keyPackage] = keyPackagesOf(draftOf(lab.base(from)));
    if (keyPackage === undefined) throw new Error("There is no Add.");
    expect(await upload(octets(keyPackage))).toBeUndefined();
    const changed = octets(await make(keyPackage, lab, ownerOf(lab, from)));
    const verdict = { code: code ?? "invalidKeyPackage", rule };
    expect(await upload(changed)).toEqual(inGroup === true ? undefined : verdict);
  },
);

test("FED-102 FED-995 octets that are no KeyPackage are refused before anything is read", async () => {
  const [keyPackage] = keyPackagesOf(draftOf(lab.base("add")));
  if (keyPackage === undefined) throw new Error("There is no Add.");
  const bytes = octets(keyPackage);
  const malformed = { code: "malformed", rule: "form" };
  for (const wrong of [
    new Uint8Array(),
    bytes.slice(0, -1),
    new Uint8Array([...bytes, 0]),
    bytes.with(1, 2),
    bytes.with(4, 0xc0),
  ]) {
    expect(await upload(wrong)).toEqual(malformed);
  }
  const long = new Uint8Array(LIMITS.keyPackageBytesMax + 1);
  expect(await upload(long)).toEqual({ code: "tooLarge", rule: "octets" });
});

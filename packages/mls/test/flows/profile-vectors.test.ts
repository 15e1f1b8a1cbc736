import { readFileSync } from "node:fs";
import {
  capabilitiesCodec,
  fromHex,
  Refusal,
  requiredCapabilitiesCodec,
  RULES_KNOWN_EXTENSION,
  toHex,
} from "@treehouse/protocol";
import { expect, test } from "vitest";

import { checkKeyPackage, registerGroup } from "../../src/public/index.ts";
import { leafCapabilities } from "../../src/profile/index.ts";
import { createWorld } from "../world/people.ts";

type Named = { readonly name: string };
type Refused = Named & { readonly rule: string; readonly code: string };
type Founding = Named & { readonly groupInfo: string; readonly ratchetTree: string };

/** `vectors/mls.json`, which the specification's own encoder has written. */
const vectors: {
  readonly at: number;
  readonly keyPackages: readonly (Named & {
    readonly client: string;
    readonly lastResort: boolean;
    readonly ref: string;
    readonly hex: string;
  })[];
  readonly refusedKeyPackages: readonly (Refused & { readonly hex: string })[];
  readonly groups: readonly (Founding & {
    readonly group: string;
    readonly hub: string;
    readonly hubKey: string;
    readonly treeHash: string;
  })[];
  readonly refusedGroups: readonly (Refused & Founding)[];
  readonly leafCapabilities: string;
  readonly requiredCapabilities: string;
} = JSON.parse(
  readFileSync(new URL("../../../../federation-spec/vectors/mls.json", import.meta.url), "utf8"),
);

const { context } = createWorld(1);
const { at } = vectors;

const found = ({ groupInfo, ratchetTree }: Founding) =>
  registerGroup(context, {
    groupInfo: fromHex(groupInfo),
    ratchetTree: fromHex(ratchetTree),
    at,
  });

test.each(vectors.keyPackages)("FED-981 FED-982 a KeyPackage is taken: $name", async (vector) => {
  const { client, lastResort, ref } = await checkKeyPackage(context, fromHex(vector.hex), { at });
  expect({ client, lastResort, ref: toHex(ref) }).toEqual({
    client: vector.client,
    lastResort: vector.lastResort,
    ref: vector.ref,
  });
});

test.each(vectors.refusedKeyPackages)(
  "FED-980 FED-981 FED-982 a KeyPackage is refused: $name ($rule)",
  async ({ hex, code }) => {
    expect(await codeOf(checkKeyPackage(context, fromHex(hex), { at }))).toBe(code);
  },
);

test.each(vectors.groups)("FED-985 FED-986 a group is taken: $name", async (vector) => {
  const { group, externalSenders, treeHash } = await found(vector);
  expect({ group, treeHash: toHex(treeHash) }).toEqual({
    group: vector.group,
    treeHash: vector.treeHash,
  });
  const [hub] = externalSenders;
  expect(hub && { identity: hub.identity, key: toHex(hub.signatureKey) }).toEqual({
    identity: vector.hub,
    key: vector.hubKey,
  });
});

test.each(vectors.refusedGroups)(
  "FED-985 FED-986 FED-990 a group is refused: $name ($rule)",
  async (vector) => {
    expect(await codeOf(found(vector))).toBe(vector.code);
  },
);

test("FED-981 our leaves promise just what the vectors' do", () => {
  const told = capabilitiesCodec.decode(fromHex(vectors.leafCapabilities));
  const { extensions, proposals } = leafCapabilities();
  expect({ extensions: told.extensions, proposals: told.proposals }).toEqual({
    extensions,
    proposals,
  });
  const required = requiredCapabilitiesCodec.decode(fromHex(vectors.requiredCapabilities));
  const none = extensions.filter((type) => type !== RULES_KNOWN_EXTENSION);
  expect(required).toEqual({ extensions: none, proposals, credentials: [1] });
});

async function codeOf(judged: Promise<unknown>): Promise<string> {
  try {
    await judged;
    return "taken";
  } catch (error) {
    if (error instanceof Refusal) return error.code;
    throw error;
  }
}

import { LIMITS } from "@treehouse/protocol";
import type { Extension } from "ts-mls/extension.js";
import { encodeExternalSenders } from "ts-mls/externalSender.js";
import type { GroupInfo } from "ts-mls/groupInfo.js";
import { beforeAll, expect, test } from "vitest";

import { DICTIONARY_EXTENSION } from "../../src/profile/index.ts";
import type { Lab } from "./lab.ts";
import { openLab } from "./lab.ts";
import type { TreeRow } from "./tree-judges.ts";
import { bad, treeVerdicts } from "./tree-judges.ts";

let lab: Lab;
beforeAll(async () => {
  lab = await openLab(6_007);
});

const octets = new Uint8Array(32).fill(9);

const inContext = (change: (context: GroupInfo["groupContext"]) => object) => ({
  info: ({ groupContext }: GroupInfo) => ({
    groupContext: { ...groupContext, ...change(groupContext) },
  }),
});

const withList = (change: (list: readonly Extension[]) => readonly Extension[]) =>
  inContext(({ extensions }) => ({ extensions: [...change(extensions)] }));

const withData = (type: Extension["extensionType"], extensionData: Uint8Array) =>
  withList((list) =>
    list.map((one) => (one.extensionType === type ? { ...one, extensionData } : one)),
  );

const senders = (...list: Parameters<typeof encodeExternalSenders>[0]) =>
  withData("external_senders", encodeExternalSenders(list));

const basic = (identity: string) => ({
  credentialType: "basic" as const,
  identity: new TextEncoder().encode(identity),
});
const hub = { signaturePublicKey: octets, credential: basic("hub.example") };

const contextRows: readonly TreeRow[] = [
  bad(
    "groupSuite",
    "suite 3",
    inContext(() => ({ cipherSuite: "MLS_128_DHKEMX25519_CHACHA20POLY1305_SHA256_Ed25519" })),
  ),
  bad(
    "groupUri",
    "octets for an id",
    inContext(() => ({ groupId: octets })),
    "malformed",
  ),
  bad(
    "groupUri",
    "a room's URI",
    inContext(({ groupId }) => ({ groupId: groupId.slice(0, -2) })),
    "malformed",
  ),
  bad(
    "groupEpoch",
    "2^53",
    inContext(() => ({ epoch: 2n ** 53n })),
    "malformed",
  ),
  bad(
    "groupExtensions",
    "none",
    withList(() => []),
  ),
  bad(
    "groupExtensions",
    "another order",
    withList((list) => list.toReversed()),
  ),
  bad(
    "groupExtensions",
    "one too many",
    withList((list) => [...list, { extensionType: 0xf002, extensionData: octets }]),
  ),
  bad(
    "groupExtensions",
    "the state twice",
    withList((list) => [...list, ...list.slice(-1)]),
  ),
  bad("requiredCapabilities", "octets", withData("required_capabilities", octets)),
  bad("requiredCapabilities", "nothing", withData("required_capabilities", new Uint8Array(3))),
  bad("externalSenderCount", "none", senders()),
  bad("externalSenderCount", "two", senders(hub, hub)),
  bad(
    "externalSenderKey",
    "of 31 octets",
    senders({ ...hub, signaturePublicKey: octets.slice(1) }),
  ),
  bad(
    "externalSenderCredential",
    "X.509",
    senders({ ...hub, credential: { credentialType: "x509", certificates: [octets] } }),
  ),
  bad(
    "externalSenderCredential",
    "no domain",
    senders({ ...hub, credential: basic("Hub!") }),
    "malformed",
  ),
  bad("form", "external senders: octets", withData("external_senders", octets), "malformed"),
  bad("dictionaryForm", "octets", withData(DICTIONARY_EXTENSION, octets)),
  bad("dictionaryForm", "nothing", withData(DICTIONARY_EXTENSION, new Uint8Array())),
  bad(
    "dictionaryLength",
    "64 KiB and an octet",
    withData(DICTIONARY_EXTENSION, new Uint8Array(LIMITS.dictionaryBytesMax + 1)),
    "limitExceeded",
  ),
  bad("groupInfoSignerBlank", "a blank leaf", { info: () => ({ signer: 4 }) }),
  bad("groupInfoSignerBlank", "2^32 - 1", { info: () => ({ signer: 2 ** 32 - 1 }) }),
  bad("groupInfoSignature", "another member's", {
    signedBy: ({ bob }) => bob.identity.signaturePrivateKey,
  }),
  bad("groupInfoSignature", "in another's name", { info: () => ({ signer: 1 }) }),
  bad("groupInfoExtensions", "none", { info: () => ({ extensions: [] }) }),
  bad("groupInfoExtensions", "one too many", {
    info: ({ extensions }) => ({
      extensions: [...extensions, { extensionType: 0xf002, extensionData: octets }],
    }),
  }),
  bad("groupInfoExternalPub", "without the length inside", {
    info: () => ({ extensions: [{ extensionType: "external_pub", extensionData: octets }] }),
  }),
];

test.each(contextRows)(
  "FED-986 FED-990 FED-995 a GroupInfo is refused by servers and joiners: $rule ($name)",
  async (row) => {
    const verdict = { code: row.code, rule: row.rule };
    expect(await treeVerdicts(lab, row)).toEqual({ server: verdict, joiner: verdict });
  },
);

test("FED-985 FED-995 a group that begins with several members is refused by its server", async () => {
  const begun = inContext(() => ({ epoch: 0n }));
  const { server } = await treeVerdicts(lab, begun);
  expect(server).toEqual({ code: "invalidCommit", rule: "foundedAlone" });
});

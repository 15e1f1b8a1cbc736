import type { Bytes, HandshakeRule, RefusalCode } from "@treehouse/protocol";
import { concatBytes, LIMITS } from "@treehouse/protocol";
import type { Extension } from "ts-mls/extension.js";
import type { GroupInfo } from "ts-mls/groupInfo.js";
import { encodeExternalPub } from "ts-mls/groupInfo.js";
import { beforeAll, expect, test } from "vitest";

import { changedGroupInfo, changedWelcome } from "./draft.ts";
import type { BaseName, Lab } from "./lab.ts";
import { openLab, verdictOf } from "./lab.ts";

/** What a hub alone can judge: the GroupInfo and the Welcome that come with a commit. */
let lab: Lab;
beforeAll(async () => {
  lab = await openLab(6_002);
});

type Upload = { readonly groupInfo: Bytes; readonly welcome: Bytes | undefined };
type Change = (upload: Upload) => Upload | Promise<Upload>;
type Row = readonly [HandshakeRule, string, BaseName, Change, RefusalCode?];

const info =
  (change: (one: GroupInfo) => Partial<GroupInfo>): Change =>
  async (upload) => {
    const key = lab.alice.identity.signaturePrivateKey;
    const groupInfo = await changedGroupInfo(lab, upload.groupInfo, key, (one) => ({
      ...one,
      ...change(one),
    }));
    return { ...upload, groupInfo };
  };

const inContext = (
  change: (context: GroupInfo["groupContext"]) => Partial<GroupInfo["groupContext"]>,
) => info((one) => ({ groupContext: { ...one.groupContext, ...change(one.groupContext) } }));

const withPub = (extensionData: Uint8Array) =>
  info(() => ({ extensions: [{ extensionType: "external_pub", extensionData }] }));

const alsoWith = (extension: Extension) =>
  info(({ extensions }) => ({ extensions: [...extensions, extension] }));

const infoOctets =
  (change: (bytes: Bytes) => Bytes): Change =>
  (upload) => ({ ...upload, groupInfo: change(upload.groupInfo) });

const byBob = (signer: number): Change => {
  return async (upload) => {
    const key = lab.bob.identity.signaturePrivateKey;
    const change = (one: GroupInfo) => ({ ...one, signer });
    return { ...upload, groupInfo: await changedGroupInfo(lab, upload.groupInfo, key, change) };
  };
};

const octets = new Uint8Array(32).fill(9);

const groupInfoRows: readonly Row[] = [
  [
    "groupInfoContext",
    "of the epoch before",
    "update",
    (one) => ({ ...one, groupInfo: lab.judges("update").hub.groupInfo }),
  ],
  [
    "groupInfoContext",
    "of a later epoch",
    "update",
    inContext(({ epoch }) => ({ epoch: epoch + 1n })),
  ],
  ["groupInfoContext", "of another group", "update", inContext(() => ({ groupId: octets }))],
  ["groupInfoContext", "of another tree", "update", inContext(() => ({ treeHash: octets }))],
  [
    "groupInfoContext",
    "of another past",
    "update",
    inContext(() => ({ confirmedTranscriptHash: octets })),
  ],
  ["groupInfoContext", "of no extensions", "update", inContext(() => ({ extensions: [] }))],
  [
    "groupInfoContext",
    "of another suite",
    "update",
    inContext(() => ({ cipherSuite: "MLS_128_DHKEMX25519_CHACHA20POLY1305_SHA256_Ed25519" })),
  ],
  ["groupInfoTag", "another tag", "update", info(() => ({ confirmationTag: octets }))],
  ["groupInfoTag", "no tag", "update", info(() => ({ confirmationTag: new Uint8Array() }))],
  ["groupInfoSigner", "another member", "update", byBob(1)],
  ["groupInfoSigner", "a blank leaf", "update", byBob(4)],
  ["groupInfoSigner", "a leaf beyond the tree", "update", byBob(2 ** 32 - 1)],
  ["groupInfoSignature", "by another member", "update", byBob(0)],
  [
    "groupInfoSignature",
    "with its last octet changed",
    "update",
    infoOctets((one) => one.with(one.length - 1, (one.at(-1) ?? 0) ^ 1)),
  ],
  ["groupInfoExtensions", "none", "update", info(() => ({ extensions: [] }))],
  [
    "groupInfoExtensions",
    "a tree",
    "update",
    alsoWith({ extensionType: "ratchet_tree", extensionData: new Uint8Array(1) }),
  ],
  [
    "groupInfoExtensions",
    "a private one",
    "update",
    alsoWith({ extensionType: 0xf002, extensionData: octets }),
  ],
  [
    "groupInfoExtensions",
    "external_pub twice",
    "update",
    info(({ extensions }) => ({ extensions: [...extensions, ...extensions] })),
  ],
  ["groupInfoExternalPub", "nothing", "update", withPub(new Uint8Array())],
  ["groupInfoExternalPub", "without the length inside", "update", withPub(octets)],
  ["groupInfoExternalPub", "of 31 octets", "update", withPub(encodeExternalPub(octets.slice(1)))],
  [
    "groupInfoExternalPub",
    "with which every agreement gives zero",
    "update",
    withPub(encodeExternalPub(new Uint8Array(32))),
  ],
  [
    "groupInfoExternalPub",
    "an octet too many",
    "update",
    withPub(concatBytes(encodeExternalPub(octets), new Uint8Array(1))),
  ],
  ["form", "GroupInfo: none", "update", infoOctets(() => new Uint8Array()), "malformed"],
  [
    "form",
    "GroupInfo: an octet short",
    "update",
    infoOctets((one) => one.slice(0, -1)),
    "malformed",
  ],
  [
    "form",
    "GroupInfo: an octet too many",
    "update",
    infoOctets((one) => concatBytes(one, new Uint8Array(1))),
    "malformed",
  ],
  [
    "octets",
    "GroupInfo",
    "update",
    infoOctets(() => new Uint8Array(LIMITS.groupInfoBytesMax + 1)),
    "tooLarge",
  ],
];

const welcome =
  (change: (bytes: Bytes) => Bytes | undefined): Change =>
  (upload) => {
    if (upload.welcome === undefined) throw new Error("There is no Welcome.");
    return { ...upload, welcome: change(upload.welcome) };
  };

const welcomeOf =
  (name: BaseName): Change =>
  (upload) => ({ ...upload, welcome: lab.base(name).welcome });

const secrets = (change: Parameters<typeof changedWelcome>[1]) =>
  welcome((bytes) => changedWelcome(bytes, change));

const welcomeRows: readonly Row[] = [
  ["welcomeMissing", "an addition", "add", welcome(() => undefined)],
  ["welcomeMissing", "an addition with a path", "mixed", welcome(() => undefined)],
  ["welcomeRecipients", "nobody is added", "update", welcomeOf("add")],
  ["welcomeRecipients", "somebody else", "add", welcomeOf("addOwn")],
  ["welcomeRecipients", "one more", "add", welcomeOf("addTwo")],
  ["welcomeRecipients", "one less", "addTwo", welcomeOf("add")],
  ["welcomeRecipients", "none", "add", secrets((one) => ({ ...one, secrets: [] }))],
  [
    "welcomeRecipients",
    "one twice",
    "add",
    secrets((one) => ({ ...one, secrets: [...one.secrets, ...one.secrets] })),
  ],
  [
    "welcomeRecipients",
    "one twice instead of two",
    "addTwo",
    secrets((one) => ({
      ...one,
      secrets: one.secrets.map(() => one.secrets[0]).flatMap((s) => s ?? []),
    })),
  ],
  [
    "welcomeSuite",
    "suite 3",
    "add",
    secrets((one) => ({
      ...one,
      cipherSuite: "MLS_128_DHKEMX25519_CHACHA20POLY1305_SHA256_Ed25519",
    })),
  ],
  ["form", "Welcome: none", "add", welcome(() => new Uint8Array()), "malformed"],
  ["form", "Welcome: an octet short", "add", welcome((one) => one.slice(0, -1)), "malformed"],
  [
    "form",
    "Welcome: an octet too many",
    "add",
    welcome((one) => concatBytes(one, new Uint8Array(1))),
    "malformed",
  ],
  [
    "octets",
    "Welcome",
    "add",
    welcome(() => new Uint8Array(LIMITS.welcomeBytesMax + 1)),
    "tooLarge",
  ],
];

const rows = [...groupInfoRows, ...welcomeRows].map(
  ([rule, name, from, change, code = "invalidCommit"]) => ({ rule, name, from, change, code }),
);

test.each(rows)(
  "T-16 T-26 FED-990 FED-991 FED-995 an upload is refused as a whole: $rule ($name)",
  async ({ rule, from, change, code }) => {
    const { commit, groupInfo, welcome: given } = lab.base(from);
    const { hub } = lab.judges(from);
    const upload = (one: Upload) =>
      verdictOf(() =>
        hub.checkCommit({
          commit,
          groupInfo: one.groupInfo,
          ...(one.welcome === undefined ? {} : { welcome: one.welcome }),
          at: lab.at,
        }),
      );
    const good = { groupInfo, welcome: given };
    expect(await upload(good)).toBeUndefined();
    expect(await upload(await change(good))).toEqual({ code, rule });
  },
);

import type { Bytes, HandshakeRule, RefusalCode } from "@treehouse/protocol";
import { concatBytes, copyBytes, LIMITS } from "@treehouse/protocol";
import type { GroupInfo } from "ts-mls/groupInfo.js";
import { extractWelcomeSecret, signGroupInfo } from "ts-mls/groupInfo.js";
import type { GroupSecrets } from "ts-mls/groupSecrets.js";
import type { Welcome } from "ts-mls/welcome.js";
import {
  decryptGroupInfo,
  decryptGroupSecrets,
  encodeWelcome,
  encryptGroupInfo,
  encryptGroupSecrets,
} from "ts-mls/welcome.js";
import { beforeAll, describe, expect, test } from "vitest";

import { joinWelcome } from "../../src/member/index.ts";
import { decodeSecret } from "../../src/member/key-package.ts";
import { decodeUntrusted, groupInfoKind, welcomeKind } from "../../src/wire/index.ts";
import { none } from "../world/room.ts";
import { changedWelcome } from "./draft.ts";
import type { BaseName, Lab } from "./lab.ts";
import { openLab, verdictOf } from "./lab.ts";

/** The inside of a Welcome, which its receiver alone can judge. */
let lab: Lab;
beforeAll(async () => {
  lab = await openLab(6_006);
});

const octets = new Uint8Array(32).fill(9);

/** The Welcome of a base opened as Dora does, changed, and closed again as its author does. */
async function remade(
  bytes: Bytes,
  change: {
    secrets?: (secrets: GroupSecrets) => Partial<GroupSecrets>;
    info?: (info: GroupInfo) => Partial<GroupInfo>;
  },
): Promise<Bytes> {
  const { cs, newcomers, alice } = lab;
  const welcome = decodeUntrusted(welcomeKind, bytes);
  const [part] = welcome.secrets;
  const secret = part && lab.secretOf(copyBytes(part.newMember));
  if (part === undefined || secret === undefined) throw new Error("Nobody's Welcome.");
  const own = decodeSecret(secret, newcomers.dora.identity);
  const key = await cs.hpke.importPrivateKey(own.privatePackage.initPrivateKey);
  const secrets = await decryptGroupSecrets(key, part.newMember, welcome, cs.hpke);
  const noPsk = new Uint8Array(cs.kdf.size);
  const info = secrets && (await decryptGroupInfo(welcome, secrets.joinerSecret, noPsk, cs));
  if (secrets === undefined || info === undefined) throw new Error("It does not open.");
  const signer = alice.identity.signaturePrivateKey;
  const changed = { ...info, ...change.info?.(info) };
  const signed = await signGroupInfo(changed, signer, cs.signature);
  const welcomeSecret = await extractWelcomeSecret(secrets.joinerSecret, noPsk, cs.kdf);
  const encryptedGroupInfo = await encryptGroupInfo(signed, welcomeSecret, cs);
  const initKey = await cs.hpke.importPublicKey(own.publicPackage.initKey);
  const closed = await encryptGroupSecrets(
    initKey,
    encryptedGroupInfo,
    { ...secrets, ...change.secrets?.(secrets) },
    cs.hpke,
  );
  const encryptedGroupSecrets = { kemOutput: closed.enc, ciphertext: closed.ct };
  const made: Welcome = {
    ...welcome,
    encryptedGroupInfo,
    secrets: [{ newMember: part.newMember, encryptedGroupSecrets }],
  };
  return copyBytes(encodeWelcome(made));
}

type Given = { readonly welcome: Bytes; readonly tree: Bytes };
type JoinRow = readonly [
  HandshakeRule,
  string,
  BaseName,
  RefusalCode,
  (given: Given) => Partial<Given> | Promise<Partial<Given>>,
];

const remaking =
  (change: Parameters<typeof remade>[1]): JoinRow[4] =>
  async ({ welcome }) => ({ welcome: await remade(welcome, change) });

const octetsOf =
  (change: (welcome: Welcome) => Welcome): JoinRow[4] =>
  ({ welcome }) => ({ welcome: changedWelcome(welcome, change) });

const treeBefore = () => lab.judges("add").hub.ratchetTree();

const joinRows: readonly JoinRow[] = [
  ["form", "no octets", "add", "malformed", () => ({ welcome: new Uint8Array() })],
  ["form", "an octet short", "add", "malformed", ({ welcome }) => ({ welcome: welcome.slice(1) })],
  [
    "form",
    "an octet too many",
    "add",
    "malformed",
    ({ welcome }) => ({ welcome: concatBytes(welcome, none) }),
  ],
  [
    "octets",
    "more than a MiB",
    "add",
    "tooLarge",
    () => ({ welcome: new Uint8Array(LIMITS.welcomeBytesMax + 1) }),
  ],
  [
    "welcomeSuite",
    "suite 3",
    "add",
    "invalidMessage",
    octetsOf((one) => ({
      ...one,
      cipherSuite: "MLS_128_DHKEMX25519_CHACHA20POLY1305_SHA256_Ed25519",
    })),
  ],
  [
    "welcomeOther",
    "for nobody",
    "add",
    "invalidMessage",
    octetsOf((one) => ({ ...one, secrets: [] })),
  ],
  [
    "welcomeOther",
    "for another KeyPackage",
    "add",
    "invalidMessage",
    octetsOf((one) => ({
      ...one,
      secrets: one.secrets.map((part) => ({ ...part, newMember: octets })),
    })),
  ],
  [
    "welcomeSecrets",
    "another GroupInfo",
    "add",
    "invalidMessage",
    octetsOf((one) => ({ ...one, encryptedGroupInfo: one.encryptedGroupInfo.toReversed() })),
  ],
  [
    "welcomeSecrets",
    "secrets for somebody else",
    "add",
    "invalidMessage",
    octetsOf((one) => ({
      ...one,
      secrets: one.secrets.map(({ newMember, encryptedGroupSecrets: { ciphertext } }) => ({
        newMember,
        encryptedGroupSecrets: {
          kemOutput: lab.world.crypto.hpkeGenerateKeyPair().publicKey,
          ciphertext,
        },
      })),
    })),
  ],
  [
    "welcomeSecrets",
    "another joiner secret",
    "add",
    "invalidMessage",
    remaking({ secrets: () => ({ joinerSecret: octets }) }),
  ],
  [
    "welcomePsk",
    "an external PSK",
    "add",
    "invalidMessage",
    remaking({
      secrets: () => ({ psks: [{ psktype: "external", pskId: octets, pskNonce: octets }] }),
    }),
  ],
  [
    "welcomePsk",
    "a PSK of a resumption",
    "add",
    "invalidMessage",
    remaking({
      secrets: () => ({
        psks: [
          {
            psktype: "resumption",
            usage: "branch",
            pskGroupId: octets,
            pskEpoch: 1n,
            pskNonce: octets,
          },
        ],
      }),
    }),
  ],
  [
    "welcomeTree",
    "a tree inside",
    "add",
    "invalidMessage",
    remaking({
      info: ({ extensions }) => ({
        extensions: [...extensions, { extensionType: "ratchet_tree", extensionData: treeBefore() }],
      }),
    }),
  ],
  [
    "confirmationTag",
    "another one",
    "add",
    "invalidCommit",
    remaking({ info: () => ({ confirmationTag: octets }) }),
  ],
  [
    "groupInfoSignerBlank",
    "a blank leaf",
    "add",
    "invalidCommit",
    remaking({ info: () => ({ signer: 6 }) }),
  ],
  [
    "groupInfoSignature",
    "in another member's name",
    "add",
    "invalidCommit",
    remaking({ info: () => ({ signer: 1 }) }),
  ],
  [
    "groupSuite",
    "suite 3 inside",
    "add",
    "invalidCommit",
    remaking({
      info: ({ groupContext }) => ({
        groupContext: {
          ...groupContext,
          cipherSuite: "MLS_128_DHKEMX25519_CHACHA20POLY1305_SHA256_Ed25519",
        },
      }),
    }),
  ],
  [
    "treeHash",
    "the tree before the addition",
    "add",
    "invalidCommit",
    () => ({ tree: treeBefore() }),
  ],
  [
    "welcomeOwnLeaf",
    "a group without the joiner",
    "add",
    "invalidCommit",
    async ({ welcome }) => {
      const { groupContext } = decodeUntrusted(groupInfoKind, lab.judges("add").hub.groupInfo);
      const { treeHash } = groupContext;
      const info = (one: GroupInfo) => ({ groupContext: { ...one.groupContext, treeHash } });
      return { welcome: await remade(welcome, { info }), tree: treeBefore() };
    },
  ],
  [
    "pathSecret",
    "of another path",
    "mixed",
    "invalidCommit",
    remaking({ secrets: () => ({ pathSecret: octets }) }),
  ],
];

const joins = joinRows.map(([rule, name, from, code, change]) => ({
  rule,
  name,
  from,
  code,
  change,
}));

describe("T-21 T-24 FED-991 FED-995 a Welcome is refused by who is to join", () => {
  const join = (given: Given) =>
    verdictOf(() =>
      joinWelcome(lab.world.context, lab.newcomers.dora.identity, {
        welcome: given.welcome,
        ratchetTree: given.tree,
        secrets: lab.secretOf,
        at: lab.at,
      }),
    );

  test.each(joins)("$rule ($name)", async ({ rule, from, code, change }) => {
    const { commit, groupInfo, welcome } = lab.base(from);
    if (welcome === undefined) throw new Error("Nobody is added.");
    const bundle = { commit, groupInfo, welcome, at: lab.at };
    const { group } = await lab.judges(from).hub.checkCommit(bundle);
    const good = { welcome, tree: group.ratchetTree() };
    expect(await join(good)).toBeUndefined();
    expect(await join({ ...good, welcome: await remade(welcome, {}) })).toBeUndefined();
    expect(await join({ ...good, ...(await change(good)) })).toEqual({ code, rule });
  });
});

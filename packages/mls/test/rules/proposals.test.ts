import type { Bytes, HandshakeRule, RefusalCode } from "@treehouse/protocol";
import { concatBytes, copyBytes, LIMITS } from "@treehouse/protocol";
import {
  protectExternalProposalPublic,
  protectProposalPublic,
} from "ts-mls/messageProtectionPublic.js";
import type { GroupContext } from "ts-mls/groupContext.js";
import type { Proposal } from "ts-mls/proposal.js";
import type { SenderNonMember } from "ts-mls/sender.js";
import { beforeAll, describe, expect, test } from "vitest";

import { checkProposal } from "../../src/validity/index.ts";
import { decodeUntrusted, handshakeKind } from "../../src/wire/index.ts";
import { encodePublic, remove } from "../fuzz/forge.ts";
import { none } from "../world/room.ts";
import { judgedFirst } from "./costs.ts";
import { draftOf, keyPackagesOf } from "./draft.ts";
import type { BaseName, Lab, Verdict } from "./lab.ts";
import { memberVerdict, openLab, verdictOf } from "./lab.ts";
import { externalInit, psk, reinit, stateChange, update } from "./samples.ts";

/** Proposals on their own: the hub's, or a member's, of one removal. */
let lab: Lab;
beforeAll(async () => {
  lab = await openLab(6_003);
});

type Making = {
  readonly proposal?: Proposal;
  readonly key?: Uint8Array;
  readonly aad?: Uint8Array;
  readonly context?: Partial<GroupContext>;
};

const theHub: SenderNonMember = { senderType: "external", senderIndex: 0 };

async function ofHub(making: Making = {}, sender: SenderNonMember = theHub): Promise<Bytes> {
  const { groupContext } = lab.base("update").state;
  const { publicMessage } = await protectExternalProposalPublic(
    making.key ?? lab.world.hub.privateKey,
    { ...groupContext, ...making.context },
    making.aad ?? none,
    making.proposal ?? remove(2),
    sender,
    lab.cs,
  );
  return encodePublic(publicMessage);
}

async function ofAlice(making: Making = {}, leaf = 0, tagged = true): Promise<Bytes> {
  const { groupContext, keySchedule } = lab.base("update").state;
  const { publicMessage } = await protectProposalPublic(
    making.key ?? lab.alice.identity.signaturePrivateKey,
    tagged ? keySchedule.membershipKey : new Uint8Array(32),
    { ...groupContext, ...making.context },
    making.aad ?? none,
    making.proposal ?? remove(2),
    leaf,
    lab.cs,
  );
  return encodePublic(publicMessage);
}

async function judged(message: Bytes, from: BaseName = "update", which?: "fresh") {
  const { hub, members: groups } = lab.judges(from);
  const cost = { hub: 0 };
  lab.counter.take();
  const verdict = await verdictOf(() => hub.checkProposals([message], lab.at));
  cost.hub = lab.counter.take().signatureChecks;
  const members: (Verdict | undefined)[] = [];
  for (const group of await groups(which)) {
    members.push(await memberVerdict(group, () => group.processProposal(message)));
  }
  return { hub: verdict, members, cost };
}

type Row = readonly [HandshakeRule, string, () => Promise<Bytes>, RefusalCode?, BaseName?];

const foreign = () => lab.bob.identity.signaturePrivateKey;
const types: readonly (readonly [string, () => Proposal])[] = [
  ["an Add", () => ({ proposalType: "add", add: { keyPackage: newcomer() } })],
  ["an Update", () => update(lab.base("update"), 0)],
  ["a PSK", () => psk],
  ["a ReInit", () => reinit],
  ["an external_init", () => externalInit()],
  ["a change of the state", () => stateChange(lab.base("update"))],
  ["a private type", () => ({ proposalType: 0xf123, proposalData: none })],
];

function newcomer() {
  const [keyPackage] = keyPackagesOf(draftOf(lab.base("add")));
  if (keyPackage === undefined) throw new Error("There is no Add.");
  return keyPackage;
}

const places: readonly (readonly [string, number])[] = [
  ["a blank leaf", 4],
  ["a place never used", 7],
  ["beyond the tree", 8],
  ["2^31", 2 ** 31],
  ["2^32 - 1", 2 ** 32 - 1],
];

const before = { epoch: 1n };
const later = { epoch: 2n ** 40n };
const otherGroup = { groupId: new Uint8Array(20) };
const tooMuch = new Uint8Array(LIMITS.authenticatedDataBytesMax + 1);

const rows: readonly Row[] = [
  ...types.flatMap(([name, proposal]): Row[] => [
    ["proposedType", `${name} of the hub`, () => ofHub({ proposal: proposal() })],
    ["proposedType", `${name} of a member`, () => ofAlice({ proposal: proposal() })],
  ]),
  ...places.flatMap(([name, leaf]): Row[] => [
    ["proposedBlank", `${name}, of the hub`, () => ofHub({ proposal: remove(leaf) })],
    ["proposedBlank", `${name}, of a member`, () => ofAlice({ proposal: remove(leaf) })],
  ]),
  ["proposedTwice", "by the hub", () => ofHub(), "invalidProposal", "pending"],
  ["proposedTwice", "by a member", () => ofAlice(), "invalidProposal", "pending"],
  [
    "senderType",
    "an external sender that there is not",
    () => ofHub({}, { ...theHub, senderIndex: 1 }),
  ],
  [
    "senderType",
    "external sender 2^32 - 1",
    () => ofHub({}, { ...theHub, senderIndex: 2 ** 32 - 1 }),
  ],
  [
    "senderType",
    "a newcomer",
    () => {
      const proposal: Proposal = { proposalType: "add", add: { keyPackage: newcomer() } };
      const key = lab.newcomers.dora.identity.signaturePrivateKey;
      return ofHub({ proposal, key }, { senderType: "new_member_proposal" });
    },
  ],
  ["senderBlank", "a blank leaf", () => ofAlice({}, 4)],
  ["senderBlank", "a leaf beyond the tree", () => ofAlice({}, 2 ** 32 - 1)],
  ["signature", "of the hub by a member's key", () => ofHub({ key: foreign() })],
  ["signature", "of a member by another's key", () => ofAlice({ key: foreign() })],
  ["signature", "of a member in the name of another", () => ofAlice({}, 1)],
  ["groupId", "of the hub", () => ofHub({ context: otherGroup })],
  ["groupId", "of a member", () => ofAlice({ context: otherGroup })],
  ["epoch", "an earlier one, of the hub", () => ofHub({ context: before }), "wrongEpoch"],
  ["epoch", "a later one, of the hub", () => ofHub({ context: later }), "wrongEpoch"],
  ["epoch", "a later one, of a member", () => ofAlice({ context: later }), "wrongEpoch"],
  ["authenticatedDataLength", "of the hub", () => ofHub({ aad: tooMuch }), "limitExceeded"],
  ["contentType", "a commit", async () => lab.base("update").commit],
  ["form", "nothing", async () => new Uint8Array(), "malformed"],
  ["form", "an octet short", async () => (await ofHub()).slice(0, -1), "malformed"],
  ["form", "an octet too many", async () => concatBytes(await ofHub(), none), "malformed"],
  ["form", "wire format of a Welcome", async () => (await ofHub()).with(3, 3), "malformed"],
  ["octets", "a MiB and one", async () => new Uint8Array(LIMITS.handshakeBytesMax + 1), "tooLarge"],
];

describe("FED-989 FED-995 a proposal", () => {
  test("of a removal, by the hub or by a member, is taken by all", async () => {
    for (const message of [await ofHub(), await ofAlice()]) {
      const { hub, members } = await judged(message, "update", "fresh");
      expect({ hub, members }).toEqual({ hub: undefined, members: [undefined, undefined] });
    }
  });

  const named = rows.map(([rule, name, make, code, from]) => ({ rule, name, make, code, from }));
  test.each(named)("T-16 FED-997 is refused by all: $rule ($name)", async (row) => {
    const { rule, make, code, from } = row;
    const verdict = { code: code ?? "invalidProposal", rule };
    const { hub, members, cost } = await judged(await make(), from);
    expect({ hub, members }).toEqual({ hub: verdict, members: [verdict, verdict] });
    expect(cost.hub).toBe(judgedFirst.has(rule) ? 0 : 1);
  });

  test("without the membership tag is refused by members, who alone can know", async () => {
    const { hub, members } = await judged(await ofAlice({}, 0, false));
    const verdict = { code: "invalidProposal", rule: "membershipTag" };
    expect({ hub, members }).toEqual({ hub: undefined, members: [verdict, verdict] });
  });

  test("is refused when the hub's bundle is empty, too long, or of several senders", async () => {
    const { hub } = lab.judges("update");
    const message = await ofHub();
    const bundle = (messages: readonly Bytes[]) =>
      verdictOf(() => hub.checkProposals(messages, lab.at));
    const code = "invalidProposal";
    expect(await bundle([])).toEqual({ code, rule: "proposedCount" });
    const many = Array.from({ length: LIMITS.proposalsPerCommitMax + 1 }, () => message);
    expect(await bundle(many)).toEqual({ code, rule: "proposedCount" });
    const other = await ofAlice({ proposal: remove(5) });
    expect(await bundle([message, other])).toEqual({ code, rule: "proposedBySeveral" });
    expect(await bundle([message, await ofHub({ proposal: remove(5) })])).toBeUndefined();
  });

  test("is refused when as many as may be are pending", async () => {
    const { groupContext, ratchetTree, confirmationTag } = lab.base("update").state;
    const message = await ofHub();
    const proposals = Array.from({ length: LIMITS.removalIntentsPerEpochMax }, (_, index) => ({
      ref: copyBytes(new Uint8Array([index])),
      message,
      removes: 100 + index,
      senderLeaf: undefined,
    }));
    const state = { groupContext, ratchetTree, confirmationTag };
    const given = (list: typeof proposals) =>
      verdictOf(() => checkProposal(lab.world.crypto, { ...state, proposals: list }, message));
    expect(await given(proposals.slice(1))).toBeUndefined();
    const verdict = { code: "limitExceeded", rule: "proposedTooMany" };
    expect(await given(proposals)).toEqual(verdict);
    expect(decodeUntrusted(handshakeKind, message).senderType).toBe("external");
  });
});

import type { Bytes } from "@treehouse/protocol";
import { copyBytes, encodeSafeAad, LIMITS } from "@treehouse/protocol";
import { protectProposalPublic } from "ts-mls/messageProtectionPublic.js";

import { encodePublic, remove } from "../fuzz/forge.ts";
import type { CommitRow } from "./commit-rows.ts";
import { rowsFrom } from "./commit-rows.ts";
import type { Draft } from "./draft.ts";
import { byValue, sealed, withProposals } from "./draft.ts";
import type { Lab } from "./lab.ts";

function withContent(draft: Draft, change: Partial<Draft["content"]>): Draft {
  return { ...draft, content: { ...draft.content, ...change } };
}

function flipped(bytes: Uint8Array, at: number): Bytes {
  const copy = copyBytes(bytes);
  copy[at] = (copy[at] ?? 0) ^ 1;
  return copy;
}

/** The octets of a commit with one of them replaced, counted from the MLSMessage's beginning. */
function withOctet(at: (draft: Draft) => number, octet: number): CommitRow["make"] {
  return (draft) => {
    const bytes = copyBytes(draft.base.commit);
    bytes[at(draft)] = octet;
    return bytes;
  };
}

const header = 4;
const afterGroupId = ({ content }: Draft) => header + 1 + content.groupId.length;
const senderAt = (draft: Draft) => afterGroupId(draft) + 8;
/** A member's sender has five octets, and our smallest authenticated data two. */
const contentTypeAt = (draft: Draft) => senderAt(draft) + 5 + 2;
const proposalsAt = (draft: Draft) => contentTypeAt(draft) + 1;
const pathAt = (draft: Draft) => proposalsAt(draft) + 1;

/** The group id's length in two octets where one is enough. */
function wideLength({ base }: Draft): Bytes {
  const { commit } = base;
  const length = commit[header] ?? 0;
  return new Uint8Array([
    ...commit.subarray(0, header),
    0x40,
    length,
    ...commit.subarray(header + 1),
  ]);
}

/** Framed as a proposal, which a member may send, but not as a commit. */
async function asProposal(draft: Draft, lab: Lab): Promise<Bytes> {
  const { state, signatureKey } = draft.base;
  const { publicMessage } = await protectProposalPublic(
    signatureKey,
    state.keySchedule.membershipKey,
    state.groupContext,
    draft.content.authenticatedData,
    remove(2),
    state.privatePath.leafIndex,
    lab.cs,
  );
  return encodePublic(publicMessage);
}

async function asApplication(draft: Draft, lab: Lab): Promise<Bytes> {
  const [member] = await lab.judges("update").members("fresh");
  if (member === undefined) throw new Error("Nobody is there.");
  return member.encrypt(copyBytes(draft.content.authenticatedData), new Uint8Array([0]));
}

/** RFC 9420 §6: what stands around a commit. */
export const framingRows: readonly CommitRow[] = [
  ...rowsFrom("update", [
    ["octets", "more than a MiB", () => new Uint8Array(LIMITS.handshakeBytesMax + 1), "tooLarge"],
    ["form", "nothing at all", () => new Uint8Array(), "malformed"],
    ["form", "an octet short", ({ base }) => base.commit.slice(0, -1), "malformed"],
    ["form", "an octet too many", ({ base }) => new Uint8Array([...base.commit, 0]), "malformed"],
    ["form", "the first half", ({ base }) => base.commit.slice(0, 300), "malformed"],
    ["form", "MLS version 0", withOctet(() => 1, 0), "malformed"],
    ["form", "MLS version 2", withOctet(() => 1, 2), "malformed"],
    ["form", "wire format 0", withOctet(() => 3, 0), "malformed"],
    ["form", "wire format of a Welcome", withOctet(() => 3, 3), "malformed"],
    ["form", "an unknown wire format", withOctet(() => 3, 9), "malformed"],
    ["form", "a length in two octets where one is enough", wideLength, "malformed"],
    ["form", "a length with prefix 11", withOctet(() => header, 0xc0), "malformed"],
    ["form", "an unknown sender type", withOctet(senderAt, 9), "malformed"],
    ["form", "sender type 0", withOctet(senderAt, 0), "malformed"],
    ["form", "an unknown content type", withOctet(contentTypeAt, 9), "malformed"],
    ["form", "content type 0", withOctet(contentTypeAt, 0), "malformed"],
    ["form", "a length of proposals beyond the end", withOctet(proposalsAt, 0xbf), "malformed"],
    ["form", "an optional path that is 2", withOctet(pathAt, 2), "malformed"],
    ["form", "a PrivateMessage", asApplication, "malformed"],
    ["contentType", "a proposal", asProposal],
    [
      "groupId",
      "another generation's",
      (draft) => withContent(draft, { groupId: flipped(draft.content.groupId, 40) }),
    ],
    ["groupId", "an empty one", (draft) => withContent(draft, { groupId: new Uint8Array() })],
    [
      "epoch",
      "the one before",
      (draft) => withContent(draft, { epoch: draft.content.epoch - 1n }),
      "wrongEpoch",
    ],
    [
      "epoch",
      "the next one",
      (draft) => withContent(draft, { epoch: draft.content.epoch + 1n }),
      "wrongEpoch",
    ],
    ["epoch", "2^64 - 1", (draft) => withContent(draft, { epoch: 2n ** 64n - 1n }), "wrongEpoch"],
    [
      "authenticatedDataLength",
      "4 KiB and an octet",
      (draft) =>
        withContent(draft, {
          authenticatedData: new Uint8Array(LIMITS.authenticatedDataBytesMax + 1),
        }),
      "limitExceeded",
    ],
    [
      "authenticatedDataForm",
      "nothing at all",
      (draft) => withContent(draft, { authenticatedData: new Uint8Array() }),
    ],
    [
      "authenticatedDataForm",
      "components that descend",
      (draft) => withContent(draft, { authenticatedData: new Uint8Array([6, 0, 9, 0, 0, 8, 0]) }),
    ],
    [
      "authenticatedDataForm",
      "a component twice",
      (draft) => withContent(draft, { authenticatedData: new Uint8Array([6, 0, 9, 0, 0, 9, 0]) }),
    ],
    [
      "authenticatedDataForm",
      "our component with other content",
      (draft) => withContent(draft, { authenticatedData: new Uint8Array([4, 0x80, 1, 1, 7]) }),
    ],
    [
      "authenticatedDataForm",
      "an octet after it",
      (draft) =>
        withContent(draft, {
          authenticatedData: new Uint8Array([
            ...encodeSafeAad({ treehouse: undefined, others: [] }),
            0,
          ]),
        }),
    ],
    [
      "senderType",
      "the hub commits",
      (draft) => withContent(draft, { sender: { senderType: "external", senderIndex: 0 } }),
    ],
    [
      "senderType",
      "a newcomer commits as if it proposed",
      (draft) => withContent(draft, { sender: { senderType: "new_member_proposal" } }),
    ],
    [
      "senderBlank",
      "a blank leaf",
      (draft) => withContent(draft, { sender: { senderType: "member", leafIndex: 4 } }),
    ],
    [
      "senderBlank",
      "a leaf beyond the tree",
      (draft) => withContent(draft, { sender: { senderType: "member", leafIndex: 8 } }),
    ],
    [
      "senderBlank",
      "leaf 2^32 - 1",
      (draft) => withContent(draft, { sender: { senderType: "member", leafIndex: 2 ** 32 - 1 } }),
    ],
    ["signature", "of another content", (draft) => ({ ...withReferences(draft), signed: false })],
    [
      "signature",
      "by another member",
      (draft, { bob }) => ({ ...draft, signatureKey: bob.identity.signaturePrivateKey }),
    ],
    [
      "signature",
      "in the name of another member",
      (draft) => withContent(draft, { sender: { senderType: "member", leafIndex: 3 } }),
    ],
    ["signature", "of no octets", (draft) => unsigned(draft, 0)],
    ["signature", "of 64 zero octets", (draft) => unsigned(draft, 64)],
    ["signature", "of 65 octets", (draft) => unsigned(draft, 65)],
    [
      "signature",
      "for a GroupContext of another epoch",
      async (draft, lab) => {
        const { base } = draft;
        const { groupContext } = base.state;
        const treeHash = flipped(groupContext.treeHash, 0);
        const state = { ...base.state, groupContext: { ...groupContext, treeHash } };
        return sealed(lab, { ...draft, base: { ...base, state } });
      },
    ],
  ]),
];

function unsigned(draft: Draft, length: number): Draft {
  return { ...draft, signed: false, signature: new Uint8Array(length) };
}

/** The same commit, with an authenticated data that says a little more. */
function withReferences(draft: Draft): Draft {
  return withContent(draft, { authenticatedData: new Uint8Array([3, 0, 9, 0]) });
}

/** RFC 9420 §12.1, §12.2, §12.4: the list of proposals. */
export const removalRows: readonly CommitRow[] = rowsFrom("remove", [
  ["removeBlank", "a blank leaf", (draft) => withProposals(draft, () => [byValue(remove(4))])],
  [
    "removeBlank",
    "a place that was never used",
    (draft) => withProposals(draft, () => [byValue(remove(7))]),
  ],
  ["removeBlank", "beyond the tree", (draft) => withProposals(draft, () => [byValue(remove(8))])],
  ["removeBlank", "2^31", (draft) => withProposals(draft, () => [byValue(remove(2 ** 31))])],
  [
    "removeBlank",
    "2^32 - 1",
    (draft) => withProposals(draft, () => [byValue(remove(2 ** 32 - 1))]),
  ],
  [
    "removeTwice",
    "the same leaf",
    (draft) => withProposals(draft, (list) => [...list, byValue(remove(2))]),
  ],
  ["removeSelf", "alone", (draft) => withProposals(draft, () => [byValue(remove(0))])],
  [
    "removeSelf",
    "beside another",
    (draft) => withProposals(draft, (list) => [...list, byValue(remove(0))]),
  ],
]);

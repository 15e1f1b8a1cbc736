import type { Bytes } from "@treehouse/protocol";
import { copyBytes } from "@treehouse/protocol";
import type { Extension } from "ts-mls/extension.js";
import type { Proposal } from "ts-mls/proposal.js";

import { DICTIONARY_EXTENSION } from "../../src/profile/index.ts";
import { remove } from "../fuzz/forge.ts";
import type { CommitRow } from "./commit-rows.ts";
import { rowsFrom } from "./commit-rows.ts";
import type { Draft } from "./draft.ts";
import { byValue, changedKeyPackage, keyPackagesOf, withPath, withProposals } from "./draft.ts";
import { draftOf, withValues } from "./draft.ts";
import type { Lab } from "./lab.ts";
import {
  custom,
  externalInit,
  octets,
  psk,
  reinit,
  resumption,
  stateChange,
  update,
} from "./samples.ts";

const alsoWith =
  (proposal: (draft: Draft) => Proposal): CommitRow["make"] =>
  (draft) =>
    withProposals(draft, (list) => [...list, byValue(proposal(draft))]);

const reference = (bytes: Uint8Array) => ({
  proposalOrRefType: "reference" as const,
  reference: bytes,
});

/** RFC 9420 §12.2: which proposals, how many, by value or by reference. */
export const listRows: readonly CommitRow[] = [
  ...rowsFrom("update", [
    [
      "proposalType",
      "an Update of the committer's leaf",
      alsoWith((draft) => update(draft.base, 0)),
    ],
    ["proposalType", "an Update of another's leaf", alsoWith((draft) => update(draft.base, 1))],
    ["proposalType", "an external PSK", alsoWith(() => psk)],
    ["proposalType", "a resumption PSK", alsoWith(() => resumption)],
    ["proposalType", "a ReInit", alsoWith(() => reinit)],
    ["proposalType", "an external_init of a member", alsoWith(() => externalInit())],
    ["proposalType", "type 8", alsoWith(() => custom(8))],
    ["proposalType", "type 0x0a0a, a GREASE value", alsoWith(() => custom(0x0a0a))],
    ["proposalType", "a private type", alsoWith(() => custom(0xf123))],
    ["form", "type 0", alsoWith(() => custom(0)), "malformed"],
    ...[1, 2, 4, 5, 7].map(
      (type) =>
        ["form", `type ${type} with octets`, alsoWith(() => custom(type)), "malformed"] as const,
    ),
    ["form", "neither value nor reference", strangeReference, "malformed"],
    [
      "referenceUnknown",
      "32 octets",
      (draft) => withProposals(draft, () => [reference(new Uint8Array(32))]),
    ],
    [
      "referenceUnknown",
      "no octets",
      (draft) => withProposals(draft, () => [reference(new Uint8Array())]),
    ],
    [
      "proposalCount",
      "101 by value",
      (draft) => withProposals(draft, () => Array.from({ length: 101 }, () => byValue(remove(2)))),
      "limitExceeded",
    ],
    [
      "proposalCount",
      "101 by reference",
      (draft) => withProposals(draft, () => Array.from({ length: 101 }, () => reference(octets))),
      "limitExceeded",
    ],
  ]),
  ...rowsFrom("state", [
    ["stateChangeTwice", "the same change", alsoWith((draft) => stateChange(draft.base))],
    ["pathMissing", "a change of the state", pathless],
  ]),
  ...rowsFrom("remove", [["pathMissing", "a removal", pathless]]),
  ...rowsFrom("mixed", [["pathMissing", "an addition beside a removal", pathless]]),
  ...rowsFrom("update", [["pathMissing", "no proposals", pathless]]),
  ...rowsFrom("pending", [
    [
      "removalLeft",
      "the pending removal",
      (draft) => withProposals(draft, () => []),
      "removalPending",
    ],
    [
      "removalLeft",
      "another removal instead",
      (draft) => withProposals(draft, () => [byValue(remove(5))]),
      "removalPending",
    ],
    ["removeTwice", "by value and by reference", alsoWith(() => remove(2))],
    [
      "removeTwice",
      "the reference twice",
      (draft) => withProposals(draft, (list) => [...list, ...list]),
    ],
    ["pathMissing", "a removal by reference", pathless],
    ["proposalType", "a PSK beside a reference", alsoWith(() => psk)],
  ]),
  ...rowsFrom("add", [
    ["clientTwice", "two KeyPackages of one client", twoOfOneClient],
    ["clientTwice", "a KeyPackage twice", (draft) => withProposals(draft, (l) => [...l, ...l])],
  ]),
];

function pathless(draft: Draft): Draft {
  const { content } = draft;
  const { proposals } = content.commit;
  return { ...draft, content: { ...content, commit: { proposals, path: undefined } } };
}

function strangeReference({ base, content }: Draft): Bytes {
  const bytes = copyBytes(base.commit);
  // An empty list becomes one of an octet, which says that what follows is of no known kind.
  const at = 4 + 1 + content.groupId.length + 8 + 5 + 2 + 1;
  return new Uint8Array([...bytes.subarray(0, at), 1, 3, ...bytes.subarray(at + 1)]);
}

async function twoOfOneClient(draft: Draft, lab: Lab): Promise<Draft> {
  const [keyPackage] = keyPackagesOf(draft);
  if (keyPackage === undefined) throw new Error("There is no Add.");
  const other = await changedKeyPackage(lab, keyPackage, lab.newcomers.dora, (one) => ({
    ...one,
    initKey: lab.world.crypto.hpkeGenerateKeyPair().publicKey,
    leafNode: {
      ...one.leafNode,
      hpkePublicKey: lab.world.crypto.hpkeGenerateKeyPair().publicKey,
    },
  }));
  return withProposals(draft, (list) => [
    ...list,
    byValue({ proposalType: "add", add: { keyPackage: other } }),
  ]);
}

const changed = (change: (list: readonly Extension[], lab: Lab) => readonly Extension[]) =>
  ((draft, lab) =>
    withValues(draft, (proposals) =>
      proposals.map((one) =>
        "groupContextExtensions" in one
          ? {
              ...one,
              groupContextExtensions: {
                extensions: [...change(one.groupContextExtensions.extensions, lab)],
              },
            }
          : one,
      ),
    )) satisfies CommitRow["make"];

function withData(type: Extension["extensionType"], data: Uint8Array): CommitRow["make"] {
  return changed((list) =>
    list.map((one) => (one.extensionType === type ? { ...one, extensionData: data } : one)),
  );
}

const extra = (extensionType: Extension["extensionType"]) =>
  changed((list) => [...list, { extensionType, extensionData: new Uint8Array() }]);

/** RFC 9420 §12.1.7: what a commit may make of the GroupContext's extensions. */
export const stateRows: readonly CommitRow[] = rowsFrom("state", [
  ["stateChangeOther", "no extension at all", changed(() => [])],
  ["stateChangeOther", "no external sender", changed((list) => list.slice(1))],
  ["stateChangeOther", "no state", changed((list) => list.slice(0, 2))],
  ["stateChangeOther", "no required capabilities", changed((list) => list.toSpliced(1, 1))],
  ["stateChangeOther", "another order", changed((list) => list.toReversed())],
  ["stateChangeOther", "an extension more", extra(0xf002)],
  ["stateChangeOther", "the state twice", extra(DICTIONARY_EXTENSION)],
  ["stateChangeOther", "a ratchet tree", extra("ratchet_tree")],
  ["stateChangeOther", "other requirements", withData("required_capabilities", octets)],
  ["stateChangeOther", "no requirements", withData("required_capabilities", new Uint8Array(3))],
  ["externalSenderCount", "no external senders", withData("external_senders", new Uint8Array(1))],
  [
    "hubChange",
    "another hub key",
    changed((list, { world }) =>
      list.map((one) => {
        if (one.extensionType !== "external_senders") return one;
        const data = copyBytes(one.extensionData);
        data.set(world.crypto.generateSignatureKeyPair().publicKey, data.indexOf(32) + 1);
        return { ...one, extensionData: data };
      }),
    ),
  ],
  ["dictionaryForm", "nothing at all", withData(DICTIONARY_EXTENSION, new Uint8Array())],
  ["dictionaryForm", "no component", withData(DICTIONARY_EXTENSION, new Uint8Array(1))],
  ["dictionaryForm", "octets", withData(DICTIONARY_EXTENSION, octets)],
  [
    "dictionaryForm",
    "an octet short",
    changed((list) =>
      list.map((one) =>
        one.extensionType === DICTIONARY_EXTENSION
          ? { ...one, extensionData: one.extensionData.slice(0, -1) }
          : one,
      ),
    ),
  ],
  [
    "dictionaryForm",
    "an octet too many",
    changed((list) =>
      list.map((one) =>
        one.extensionType === DICTIONARY_EXTENSION
          ? { ...one, extensionData: new Uint8Array([...one.extensionData, 0]) }
          : one,
      ),
    ),
  ],
  [
    "dictionaryLength",
    "64 KiB and an octet",
    withData(DICTIONARY_EXTENSION, new Uint8Array(64 * 1024 + 1)),
    "limitExceeded",
  ],
]);

const withInit = (change: (list: readonly Proposal[]) => readonly Proposal[]) =>
  ((draft) => withValues(draft, change)) satisfies CommitRow["make"];

const isInit = (one: Proposal) => one.proposalType === "external_init";

/** RFC 9420 §12.4.3.2: external commits. */
export const externalRows: readonly CommitRow[] = [
  ...rowsFrom("joins", [
    ["externalInitCount", "none", withInit((list) => list.filter((one) => !isInit(one)))],
    ["externalInitCount", "two", withInit((list) => [...list, ...list.filter(isInit)])],
    ["externalInitOutput", "of 31 octets", withInit(() => [externalInit(31)])],
    ["externalInitOutput", "of no octets", withInit(() => [externalInit(0)])],
    [
      "externalInitOutput",
      "a point with which every agreement gives zero",
      withInit(() => [
        { proposalType: "external_init", externalInit: { kemOutput: new Uint8Array(32) } },
      ]),
    ],
    ["externalRemoveOther", "a stranger's leaf", withInit((list) => [...list, remove(1)])],
    ["externalRemoveCount", "two leaves", withInit((list) => [...list, remove(1), remove(2)])],
    ["removeBlank", "a blank leaf", withInit((list) => [...list, remove(4)])],
    ["removeBlank", "beyond the tree", withInit((list) => [...list, remove(1_000_000)])],
    ["removeTwice", "a leaf twice", withInit((list) => [...list, remove(1), remove(1)])],
    ["proposalType", "an external PSK", withInit((list) => [...list, psk])],
    ["proposalType", "a ReInit", withInit((list) => [...list, reinit])],
    ["proposalType", "a private type", withInit((list) => [...list, custom(0xf123)])],
    ["proposalType", "a change of the state", alsoWith((draft) => stateChange(draft.base))],
    ["proposalType", "an Update", alsoWith((draft) => update(draft.base, 1))],
    [
      "proposalType",
      "an Add",
      (draft, lab) =>
        withValues(draft, (list) => [
          ...list,
          ...keyPackagesOf(draftOf(lab.base("add"))).map((keyPackage): Proposal => ({
            proposalType: "add",
            add: { keyPackage },
          })),
        ]),
    ],
    [
      "referenceByJoiner",
      "any",
      (draft) => withProposals(draft, (list) => [...list, reference(octets)]),
    ],
    ["pathMissing", "no path", pathless],
    [
      "signature",
      "by another key than the path's",
      (draft, { bob }) => ({ ...draft, signatureKey: bob.identity.signaturePrivateKey }),
    ],
    [
      "pathLength",
      "a node too few",
      (draft) => withPath(draft, (path) => ({ ...path, nodes: path.nodes.slice(1) })),
    ],
  ]),
  ...rowsFrom("returns", [
    ["externalRemoveOther", "another user's leaf instead", withRemoval(1)],
    ["externalRemoveCount", "both of its user's leaves", withInit((list) => [...list, remove(0)])],
    ["removeTwice", "its leaf twice", withInit((list) => [...list, remove(5)])],
  ]),
];

function withRemoval(leaf: number): CommitRow["make"] {
  return withInit((list) =>
    list.map((one) => (one.proposalType === "remove" ? remove(leaf) : one)),
  );
}

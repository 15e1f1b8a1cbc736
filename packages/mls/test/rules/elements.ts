import type { Extension } from "ts-mls/extension.js";

import { remove } from "../fuzz/forge.ts";
import type { CommitRow } from "./commit-rows.ts";
import { rowsFrom } from "./commit-rows.ts";
import {
  byValue,
  changedKeyPackage,
  keyPackagesOf,
  withKeyPackage,
  withPath,
  withProposals,
} from "./draft.ts";
import type { KeyPackageChange } from "./draft.ts";

/** Above what every object may have, in a few octets each. */
const many = <T>(one: (index: number) => T, length = 4_096): T[] =>
  Array.from({ length }, (_, index) => one(index));

const extension = (index: number): Extension => ({
  extensionType: 0xf000 + (index % 256),
  extensionData: new Uint8Array(),
});

const withAdd =
  (change: KeyPackageChange): CommitRow["make"] =>
  async (draft, lab) => {
    const [keyPackage] = keyPackagesOf(draft);
    if (keyPackage === undefined) throw new Error("There is no Add.");
    const { dora } = lab.newcomers;
    return withKeyPackage(draft, await changedKeyPackage(lab, keyPackage, dora, change));
  };

/** FED-998: what is small on the wire and dear to read. */
export const elementRows: readonly CommitRow[] = [
  ...rowsFrom("update", [
    [
      "elements",
      "removals",
      (draft) => withProposals(draft, () => many(() => byValue(remove(2)))),
      "limitExceeded",
    ],
    [
      "elements",
      "extensions of a GroupContext",
      (draft) =>
        withProposals(draft, () => [
          byValue({
            proposalType: "group_context_extensions",
            groupContextExtensions: { extensions: many(extension) },
          }),
        ]),
      "limitExceeded",
    ],
    [
      "elements",
      "extensions of a hundred GroupContexts",
      (draft) =>
        withProposals(draft, () =>
          Array.from({ length: 100 }, () =>
            byValue({
              proposalType: "group_context_extensions",
              groupContextExtensions: { extensions: many(extension, 40) },
            }),
          ),
        ),
      "limitExceeded",
    ],
    [
      "elements",
      "nodes of a path",
      (draft) =>
        withPath(draft, ({ leafNode }) => ({
          leafNode,
          nodes: many(
            () => ({
              hpkePublicKey: new Uint8Array(32).fill(9),
              encryptedPathSecret: [],
            }),
            10_000,
          ),
        })),
      "limitExceeded",
    ],
  ]),
  ...rowsFrom("add", [
    [
      "elements",
      "extensions of a KeyPackage",
      withAdd((one) => ({ ...one, extensions: many(extension) })),
      "limitExceeded",
    ],
    [
      "elements",
      "extensions of a leaf",
      withAdd((one) => ({ ...one, leafNode: { ...one.leafNode, extensions: many(extension) } })),
      "limitExceeded",
    ],
    [
      "elements",
      "capabilities",
      withAdd((one) => ({
        ...one,
        leafNode: {
          ...one.leafNode,
          capabilities: { ...one.leafNode.capabilities, proposals: many(() => 0xf123) },
        },
      })),
      "limitExceeded",
    ],
  ]),
];

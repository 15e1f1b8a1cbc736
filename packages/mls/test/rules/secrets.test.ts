import type { HandshakeRule } from "@treehouse/protocol";
import { copyBytes } from "@treehouse/protocol";
import { createCommit } from "ts-mls/createCommit.js";
import { encodeMlsMessage } from "ts-mls/message.js";
import { beforeAll, describe, expect, test } from "vitest";

import { clientConfig } from "../../src/profile/index.ts";
import { none } from "../world/room.ts";
import type { Draft } from "./draft.ts";
import { draftOf, sealed, withPath, withValues } from "./draft.ts";
import { groupInfoOf } from "./group-info-of.ts";
import type { BaseName, Lab, Verdict } from "./lab.ts";
import { memberVerdict, openLab, verdictOf } from "./lab.ts";

/** What no server can judge, having no secret. */
let lab: Lab;
beforeAll(async () => {
  lab = await openLab(6_005);
});

type CommitRow = readonly [
  HandshakeRule,
  string,
  BaseName,
  (draft: Draft) => Draft | Promise<Draft>,
];

const octets = new Uint8Array(32).fill(9);

const garbled = (draft: Draft): Draft =>
  withPath(draft, ({ leafNode, nodes }) => ({
    leafNode,
    nodes: nodes.map((node) => ({
      ...node,
      encryptedPathSecret: node.encryptedPathSecret.map((one) => ({
        ...one,
        ciphertext: one.ciphertext.toReversed(),
      })),
    })),
  }));

/** B14: the path's keys do not come from its secrets. */
async function otherKeys({ base }: Draft): Promise<Draft> {
  let calls = 0;
  const hpke: Lab["cs"]["hpke"] = {
    ...lab.cs.hpke,
    async deriveKeyPair(ikm) {
      const pair = await lab.cs.hpke.deriveKeyPair(ikm);
      calls += 1;
      return calls === 1 ? pair : await lab.cs.hpke.generateKeyPair();
    },
  };
  const made = await createCommit(
    {
      state: { ...base.state, clientConfig: clientConfig(lab.at) },
      cipherSuite: { ...lab.cs, hpke },
    },
    { wireAsPublicMessage: true, authenticatedData: none },
  );
  return draftOf({ ...base, commit: copyBytes(encodeMlsMessage(made.commit)) });
}

const commitRows: readonly CommitRow[] = [
  [
    "confirmationTag",
    "32 other octets",
    "update",
    (draft) => ({ ...draft, confirmationTag: octets }),
  ],
  [
    "confirmationTag",
    "none",
    "update",
    (draft) => ({ ...draft, confirmationTag: new Uint8Array() }),
  ],
  ["confirmationTag", "of an addition", "add", (draft) => ({ ...draft, confirmationTag: octets })],
  [
    "confirmationTag",
    "an external_init that opens to something else",
    "joins",
    (draft) =>
      withValues(draft, () => [
        {
          proposalType: "external_init",
          externalInit: { kemOutput: lab.world.crypto.hpkeGenerateKeyPair().publicKey },
        },
      ]),
  ],
  ["membershipTag", "with another key", "update", (draft) => ({ ...draft, membershipKey: octets })],
  ["membershipTag", "of a removal", "remove", (draft) => ({ ...draft, membershipKey: octets })],
  ["pathSecret", "ciphertexts that do not open", "update", garbled],
  ["pathSecret", "of a joiner, ciphertexts that do not open", "joins", garbled],
  ["pathSecret", "keys that are not the secrets'", "update", otherKeys],
];

const named = commitRows.map(([rule, name, from, make]) => ({ rule, name, from, make }));

describe("T-17 FED-995 a commit that a hub must take is refused by every member", () => {
  test.each(named)("$rule ($name)", async ({ rule, from, make }) => {
    const draft = await make(draftOf(lab.base(from)));
    const commit = await sealed(lab, draft);
    const groupInfo = await groupInfoOf(lab, from, commit, draft.confirmationTag);
    const { welcome } = lab.base(from);
    const judges = lab.judges(from);
    const bundle = { commit, groupInfo, at: lab.at, ...(welcome && { welcome }) };
    expect(await verdictOf(() => judges.hub.checkCommit(bundle))).toBeUndefined();
    const members: (Verdict | undefined)[] = [];
    for (const group of await judges.members()) {
      const accepted = { acceptedAt: lab.at };
      members.push(await memberVerdict(group, () => group.processCommit(commit, accepted)));
    }
    const verdict = { code: "invalidCommit", rule };
    expect(members).toEqual([verdict, verdict]);
  });
});

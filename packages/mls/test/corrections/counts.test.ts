/**
 * How many primitives a commit takes must not grow with the group, but with the depth of its tree.
 * Counts, unlike times, are the same on every machine.
 */
import {
  createCommit,
  createGroup,
  emptyPskIndex,
  encodeGroupState,
  joinGroup,
  processMessage,
} from "ts-mls";
import type { CiphersuiteImpl, ClientState, CreateCommitResult, Proposal } from "ts-mls";
import { decodeRatchetTree, encodeRatchetTree } from "ts-mls/ratchetTree.js";
import { expect, test } from "vitest";

import { add, client, config, cs, utf8, wire } from "./world.ts";

const members = process.env["TREEHOUSE_SCALE"] === "full" ? 1_000 : 100;
const depth = Math.ceil(Math.log2(members));

class Counter {
  hashes = 0;
  expansions = 0;
  keyPairs = 0;
  verifications = 0;
  readonly suite: CiphersuiteImpl = {
    ...cs,
    hash: {
      ...cs.hash,
      digest: (data) => ((this.hashes += 1), cs.hash.digest(data)),
      digestSync: (data) => ((this.hashes += 1), cs.hash.digestSync?.(data) ?? new Uint8Array()),
    },
    kdf: {
      ...cs.kdf,
      expand: (...parts) => ((this.expansions += 1), cs.kdf.expand(...parts)),
    },
    hpke: {
      ...cs.hpke,
      deriveKeyPair: (ikm) => ((this.keyPairs += 1), cs.hpke.deriveKeyPair(ikm)),
    },
    signature: {
      ...cs.signature,
      verify: (...parts) => ((this.verifications += 1), cs.signature.verify(...parts)),
    },
  };

  take(): { hashes: number; expansions: number; keyPairs: number; verifications: number } {
    const { hashes, expansions, keyPairs, verifications } = this;
    this.hashes = this.expansions = this.keyPairs = this.verifications = 0;
    return { hashes, expansions, keyPairs, verifications };
  }
}

test(
  `T-39 the work per commit among ${members} follows the depth of the tree`,
  { timeout: 120_000 },
  async () => {
    const counter = new Counter();
    const { suite } = counter;
    const commit = (
      state: ClientState,
      extraProposals: Proposal[] = [],
    ): Promise<CreateCommitResult> =>
      createCommit({ state, cipherSuite: suite }, { wireAsPublicMessage: true, extraProposals });
    const receive = async (state: ClientState, { commit: message }: CreateCommitResult) => {
      const decoded = wire(message);
      if (decoded.wireformat !== "mls_public_message") throw new Error(decoded.wireformat);
      return (await processMessage(decoded, state, emptyPskIndex, () => "accept", suite)).newState;
    };

    const founder = await client("m0");
    const { publicPackage, privatePackage } = founder;
    let m0 = await createGroup(utf8("g"), publicPackage, privatePackage, [], suite, config);
    const others = await Promise.all(
      Array.from({ length: members - 1 }, (_, i) => client(`m${i + 1}`)),
    );
    const [second] = others;
    if (second === undefined) throw new Error("nobody");
    const all = await commit(m0, others.map(add));
    m0 = all.newState;
    if (all.welcome === undefined) throw new Error("no Welcome");
    const tree = decodeRatchetTree(encodeRatchetTree(m0.ratchetTree), 0)?.[0];
    counter.take();
    const { publicPackage: kp, privatePackage: keys } = second;
    let m1 = await joinGroup(all.welcome, kp, keys, emptyPskIndex, suite, tree, undefined, config);
    const join = counter.take();
    expect(join.verifications).toBe(members + 1);
    expect(join.hashes).toBeLessThanOrEqual(2 * 2 ** depth + 8);
    expect(join.expansions).toBeLessThanOrEqual(16);

    // twice, so that what only the first commit has to hash is behind us
    for (const round of [1, 2]) {
      const update = await commit(m0);
      const committing = counter.take();
      m1 = await receive(m1, update);
      const processing = counter.take();
      m0 = update.newState;
      if (round === 1) continue;
      for (const work of [committing, processing]) {
        expect(work.hashes).toBeLessThanOrEqual(2 * depth + 4);
        expect(work.expansions).toBeLessThanOrEqual(2 * depth + 16);
        expect(work.keyPairs).toBeLessThanOrEqual(depth + 1);
        expect(work.verifications).toBeLessThanOrEqual(2);
      }
    }

    const addition = await commit(m0, [add(await client("late"))]);
    const adding = counter.take();
    await receive(m1, addition);
    const processing = counter.take();
    expect(adding.expansions).toBeLessThanOrEqual(14);
    expect(processing.expansions).toBeLessThanOrEqual(14);
    expect(adding.hashes).toBeLessThanOrEqual(depth + 8);
    expect(processing.hashes).toBeLessThanOrEqual(depth + 8);
    // a secret tree nobody spoke in yet is one secret, not one per leaf
    expect(Object.keys(m1.secretTree.inner)).toHaveLength(1);
    expect(encodeGroupState({ ...m1, historicalReceiverData: new Map() }).length).toBeLessThan(
      encodeRatchetTree(m1.ratchetTree).length + 2_000 + 40 * depth,
    );
  },
);

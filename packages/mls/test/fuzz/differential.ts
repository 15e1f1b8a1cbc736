import type { Bytes, HandshakeRule } from "@treehouse/protocol";
import { Refusal } from "@treehouse/protocol";
import type { PublicMessage } from "ts-mls/publicMessage.js";

import { applyCommit } from "../../src/validity/index.ts";
import { decodeUntrusted, handshakeKind } from "../../src/wire/index.ts";
import { commitRows } from "../rules/all-rows.ts";
import { draftOf, sealed } from "../rules/draft.ts";
import { groupInfoOf } from "../rules/group-info-of.ts";
import type { BaseName, Verdict } from "../rules/lab.ts";
import { memberVerdict, openLab, verdictOf } from "../rules/lab.ts";
import { encodePublic } from "./forge.ts";

/** Commits of a malicious member, and what the hub and other members say of them. */
export type Differential = {
  /** Accepted uploads, and the matrix's refused ones, by the upload that they were made from. */
  readonly seeds: readonly { readonly from: BaseName; readonly commit: Bytes }[];
  /** The verdict of all. Throws if the hub and the members, or two members, disagree. */
  judge(from: BaseName, commit: Bytes): Promise<string>;
  decode(commit: Bytes): PublicMessage;
  encode(message: PublicMessage): Bytes;
};

/** What needs secrets that no hub has (FED-995). */
const members: ReadonlySet<HandshakeRule> = new Set([
  "confirmationTag",
  "membershipTag",
  "pathSecret",
]);

export async function openDifferential(seed: number): Promise<Differential> {
  const lab = await openLab(seed);
  const { crypto } = lab.world;
  const seeds: { from: BaseName; commit: Bytes }[] = [];
  // Without the upload that proposals wait for: what was proposed is not in the octets.
  const rows = commitRows.filter(({ from }) => from !== "pending");
  for (const from of new Set(rows.map((row) => row.from))) {
    seeds.push({ from, commit: lab.base(from).commit });
  }
  for (const { from, make } of rows) {
    const made = await make(draftOf(lab.base(from)), lab);
    const commit = made instanceof Uint8Array ? made : await sealed(lab, made);
    if (commit.length <= seedBytesMax) seeds.push({ from, commit });
  }

  /** What hub and members judge alike, without the GroupInfo and the Welcome beside the commit. */
  const publicVerdict = (from: BaseName, commit: Bytes): Promise<Verdict | undefined> => {
    const { groupContext, ratchetTree, confirmationTag } = lab.base(from).state;
    const before = { groupContext, ratchetTree, confirmationTag, proposals: [] };
    return verdictOf(() => applyCommit(crypto, before, commit, lab.at));
  };

  return {
    seeds,
    decode: (commit) => decodeUntrusted(handshakeKind, commit),
    encode: encodePublic,
    async judge(from, given) {
      const commit = await signedAgain(from, given);
      const isTaken = (await publicVerdict(from, commit)) === undefined;
      const { welcome, groupInfo: usual } = lab.base(from);
      const groupInfo = isTaken ? await groupInfoOf(lab, from, commit, tagOf(commit)) : usual;
      const judges = lab.judges(from);
      const bundle = { commit, groupInfo, at: lab.at, ...(welcome && { welcome }) };
      const hub = await verdictOf(() => judges.hub.checkCommit(bundle));
      const told: (Verdict | undefined)[] = [];
      for (const group of await judges.members(isTaken ? "fresh" : undefined)) {
        const accepted = { acceptedAt: lab.at };
        told.push(await memberVerdict(group, () => group.processCommit(commit, accepted)));
      }
      const [one] = told;
      // Each member opens a path secret of its own, so that of a commit that the hub takes one may
      // see what another does not (T-17).
      const mayDiffer = (verdict: Verdict | undefined): boolean =>
        isTaken &&
        (verdict?.rule === undefined ? verdict === undefined : members.has(verdict.rule));
      const wanted = word(isTaken ? undefined : hub);
      const wrong = told.filter((verdict) => !mayDiffer(verdict) && word(verdict) !== wanted);
      if (wrong.length > 0) {
        throw new Error(`the hub says ${wanted}, members ${told.map(word).join(" and ")}`);
      }
      return word(one);
    },
  };

  /** As its author would sign it now; as it is, if it cannot be read. */
  async function signedAgain(from: BaseName, commit: Bytes): Promise<Bytes> {
    try {
      const { content, auth } = decodeUntrusted(handshakeKind, commit);
      if (content.contentType !== "commit" || auth.contentType !== "commit") return commit;
      const { confirmationTag } = auth;
      return await sealed(lab, { ...draftOf(lab.base(from)), content, confirmationTag });
    } catch (error) {
      if (error instanceof Refusal) return commit;
      throw error;
    }
  }
}

/** Larger rows show bounds, which changes of some octets do not reach. */
const seedBytesMax = 8_000;

function tagOf(commit: Bytes): Uint8Array {
  const { auth } = decodeUntrusted(handshakeKind, commit);
  return auth.contentType === "commit" ? auth.confirmationTag : new Uint8Array(0);
}

function word(verdict: Verdict | undefined): string {
  return verdict === undefined ? "accepted" : `${verdict.code} ${verdict.rule ?? ""}`.trim();
}

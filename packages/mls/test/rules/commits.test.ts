import { handshakeRules } from "@treehouse/protocol";
import { beforeAll, describe, expect, test } from "vitest";

import type { Cost } from "./costs.ts";
import { judgedFirst } from "./costs.ts";
import type { CommitRow } from "./commit-rows.ts";
import { commitRows } from "./all-rows.ts";
import { draftOf, sealed } from "./draft.ts";
import type { BaseName, Lab, Verdict } from "./lab.ts";
import { memberVerdict, openLab, verdictOf } from "./lab.ts";

/**
 * RFC 9420 and FED-995: every rule has an upload that breaks it alone. The public group and the
 * members refuse it with one code and one rule, and nothing changes; unchanged, all accept it.
 */
let lab: Lab;
beforeAll(async () => {
  lab = await openLab(6_000);
});

const names = [...new Set(commitRows.map(({ from }) => from))];

async function judged(
  from: BaseName,
  commit: Uint8Array<ArrayBuffer>,
  which?: "fresh",
): Promise<{ hub: Verdict | undefined; members: readonly (Verdict | undefined)[]; cost: Cost }> {
  const { at } = lab;
  const { groupInfo, welcome } = lab.base(from);
  const judges = lab.judges(from);
  const bundle = { commit, groupInfo, at, ...(welcome === undefined ? {} : { welcome }) };
  lab.counter.take();
  const hub = await verdictOf(() => judges.hub.checkCommit(bundle));
  const cost = lab.counter.take();
  const members: (Verdict | undefined)[] = [];
  for (const group of await judges.members(which)) {
    const accepted = { acceptedAt: at };
    members.push(await memberVerdict(group, () => group.processCommit(commit, accepted)));
  }
  return { hub, members, cost };
}

async function octetsOf(row: CommitRow): Promise<Uint8Array<ArrayBuffer>> {
  const made = await row.make(draftOf(lab.base(row.from)), lab);
  return made instanceof Uint8Array ? made : sealed(lab, made);
}

describe("T-16 FED-995 what is not changed is accepted by the hub and by members", () => {
  test.each(names)("%s", async (name) => {
    const base = lab.base(name);
    expect(await sealed(lab, draftOf(base))).toEqual(base.commit);
    const { hub, members } = await judged(name, base.commit, "fresh");
    expect({ hub, members }).toEqual({ hub: undefined, members: [undefined, undefined] });
  });
});

describe("T-16 T-39 FED-995 FED-996 FED-997 FED-998 a commit is refused by all for the rule it breaks", () => {
  test.each(commitRows.map((row) => [row.rule, row.from, row.name, row] as const))(
    "%s (%s): %s",
    async (rule, from, _, row) => {
      const { codes } = handshakeRules[rule];
      const verdict = { code: row.code ?? "invalidCommit", rule };
      const { hub, members, cost } = await judged(from, await octetsOf(row));
      expect(codes).toContain(verdict.code);
      expect({ hub, members }).toEqual({ hub: verdict, members: [verdict, verdict] });
      // Each new leaf has two signatures, and two for its identity; a commit has one.
      const { signatureChecks, hashes } = cost;
      expect(signatureChecks).toBeLessThanOrEqual(judgedFirst.has(rule) ? 0 : 1 + 2 * 4);
      // Of a tree of eight places, with its parent hashes.
      expect(hashes).toBeLessThanOrEqual(judgedFirst.has(rule) ? 0 : 64);
    },
  );
});

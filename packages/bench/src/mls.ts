import { countingCrypto, populate } from "@treehouse/mls/bench";
import {
  createKeyPackage,
  joinWelcome,
  loadGroup,
  type MemberContext,
  type MemberGroup,
} from "@treehouse/mls/member";
import type { PublicGroup } from "@treehouse/mls/public";
import {
  encodeRoomState,
  groupUriOf,
  LIMITS,
  mintRoomUri,
  parseDomain,
  template,
  toHex,
} from "@treehouse/protocol";

import { bareCommitMs, bareProcessMs } from "./ceiling/mls.ts";
import { dearHandshakes } from "./dear-handshakes.ts";
import { createOperations, type Operations } from "./operations.ts";
import { type Measurement, median } from "./report.ts";
import { makeOffline, type OfflinePerson } from "./world/offline-people.ts";
import { random } from "./world/people.ts";
import { authenticatedData } from "./world/rooms.ts";

const lifetimeMs = LIMITS.keyPackageLifetimeMaxMs / 2;

type Report = (measurement: Measurement) => void;

/**
 * Costs of one client's and the server's work on groups of several sizes, without a network; one
 * measurement for each operation. The groups are as after long use: every place of the tree is
 * taken, and the member that processes stands as far from the committer as can be, or beside it.
 */
export async function benchMls(
  options: { readonly sizes: readonly number[]; readonly repeats: number },
  report: Report,
): Promise<void> {
  for (const size of options.sizes) await benchSize(size, options.repeats, report);
}

async function benchSize(size: number, repeats: number, report: Report): Promise<void> {
  const { crypto, take } = countingCrypto({ random });
  const context: MemberContext = { crypto, now: () => Date.now() };
  const operations = createOperations(take);
  const people = await makeOffline(size);
  const groups = await populated(context, people);
  await updates(groups, operations, repeats);
  await additions(context, groups, operations, Math.ceil(repeats / 4));
  const bare = {
    commit: median(Array.from({ length: repeats }, () => bareCommitMs(size))),
    process: median(Array.from({ length: repeats }, () => bareProcessMs(size))),
  };
  for (const { op, figures } of operations.all()) {
    const ceiling = op === "commit" || op === "process" ? bare[op] : undefined;
    report({
      name: `mls ${size} ${op}`,
      op,
      ...(ceiling === undefined ? {} : { ratio: ceiling / (figures["ms"] ?? Number.NaN) }),
      parameters: { size, repeats, crypto: "node", tree: "every place is taken" },
      figures,
    });
  }
  report({
    name: `mls ${size} refused`,
    op: "refused",
    parameters: { size, repeats, crypto: "node" },
    figures: await dearHandshakes(groups.committer, groups.tracked, repeats),
  });
}

type Groups = {
  committer: MemberGroup;
  beside: MemberGroup;
  far: MemberGroup;
  tracked: PublicGroup;
};

async function populated(
  context: MemberContext,
  people: readonly OfflinePerson[],
): Promise<Groups> {
  const [founder] = people;
  if (founder === undefined) throw new Error("a group has members");
  const domain = parseDomain("localhost");
  const hub = context.crypto.generateSignatureKeyPair();
  const founding = { founder: founder.user, hub: domain, term: 1, hubKey: hub.publicKey };
  const { memberAt, publicGroup } = await populate(
    context,
    people.map(({ identity }) => identity),
    {
      group: groupUriOf(mintRoomUri(domain, random), 0),
      roomState: encodeRoomState(template("group", founding)),
      hubKey: hub.publicKey,
      hubDomain: domain,
    },
  );
  const groups = { committer: memberAt(0), beside: memberAt(1), far: memberAt(people.length - 1) };
  for (const group of Object.values(groups)) group.takeChanges();
  return { ...groups, tracked: publicGroup };
}

async function updates(groups: Groups, { measure }: Operations, repeats: number): Promise<void> {
  const { committer, beside, far } = groups;
  for (let repeat = 0; repeat < repeats; repeat += 1) {
    const aad = authenticatedData(committer);
    const prepared = await measure("commit", () => committer.prepareCommit({}, aad));
    const { commit, groupInfo } = prepared;
    const at = Date.now();
    const checked = await measure("check", () =>
      groups.tracked.checkCommit({ commit, groupInfo, at }),
    );
    groups.tracked = checked.group;
    await committer.adopt(prepared);
    const bytes = { written: () => sizeOf(far) };
    await measure("process", () => far.processCommit(commit, { acceptedAt: at }), bytes);
    if (beside !== far) {
      await measure("processBeside", () => beside.processCommit(commit, { acceptedAt: at }));
    }
    committer.takeChanges();
    const text = random(1024);
    const message = await measure(
      "encrypt",
      () => committer.encrypt(text, authenticatedData(committer)),
      { written: () => sizeOf(committer) },
    );
    await measure("decrypt", () => far.decrypt(message), { written: () => sizeOf(far) });
  }
}

/** Each newcomer joins, is loaded again from its rows, and stays. */
async function additions(
  context: MemberContext,
  groups: Groups,
  { measure }: Operations,
  repeats: number,
): Promise<void> {
  const { committer } = groups;
  for (const { identity } of await makeOffline(repeats, "late")) {
    const options = { lifetimeMs, lastResort: false };
    const { keyPackage, ref, secret } = await createKeyPackage(context, identity, options);
    const prepared = await measure("add", () =>
      committer.prepareCommit({ add: [keyPackage] }, authenticatedData(committer)),
    );
    const { commit, groupInfo, welcome } = prepared;
    if (welcome === undefined) throw new Error("nobody is welcomed");
    const at = Date.now();
    const bundle = { commit, groupInfo, welcome, at };
    groups.tracked = (await measure("checkAdd", () => groups.tracked.checkCommit(bundle))).group;
    await committer.adopt(prepared);
    const ratchetTree = committer.ratchetTree();
    const { group } = await measure("join", () =>
      joinWelcome(context, identity, {
        welcome,
        ratchetTree,
        secrets: (wanted) => (toHex(wanted) === toHex(ref) ? secret : undefined),
        at,
      }),
    );
    const rows = group.takeChanges().put;
    await measure("load", () => loadGroup(context, identity, rows), {
      written: () => [...rows.values()].reduce((sum, { length }) => sum + length, 0),
    });
  }
}

function sizeOf(group: MemberGroup): number {
  return [...group.takeChanges().put.values()].reduce((sum, { length }) => sum + length, 0);
}

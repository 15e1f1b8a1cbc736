import { countingCrypto, populate } from "@treehouse/mls/bench";
import {
  createGroup,
  createKeyPackage,
  joinExternal,
  joinWelcome,
  loadGroup,
  type MemberContext,
  type MemberGroup,
} from "@treehouse/mls/member";
import type { PublicGroup } from "@treehouse/mls/public";
import {
  type Bytes,
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

/** As many as one commit may hold, and some to spare. */
const addedAtOnce = 90;
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
  const late = Math.ceil(repeats / 4);
  // Who comes later, or would come by what is refused, needs a place.
  const membersMax = LIMITS.treeLeavesMax - late - 1 - LIMITS.proposalsPerCommitMax;
  const people = await makeOffline(Math.min(size, membersMax));
  const groups = await populated(context, people);
  await updates(groups, operations, repeats);
  await additions(context, groups, operations, late);
  await creation(context, people, operations);
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
      parameters: {
        size,
        members: people.length,
        repeats,
        crypto: "node",
        tree: "every place is taken",
      },
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
  const { memberAt, publicGroup } = await populate(
    context,
    people.map(({ identity }) => identity),
    foundingOf(context, founder),
  );
  const groups = { committer: memberAt(0), beside: memberAt(1), far: memberAt(people.length - 1) };
  for (const group of Object.values(groups)) group.takeChanges();
  return { ...groups, tracked: publicGroup };
}

function foundingOf({ crypto }: MemberContext, founder: OfflinePerson) {
  const hubDomain = parseDomain("localhost");
  const { publicKey: hubKey } = crypto.generateSignatureKeyPair();
  const state = template("group", { founder: founder.user, hub: hubDomain, term: 1, hubKey });
  const group = groupUriOf(mintRoomUri(hubDomain, random), 0);
  return { group, roomState: encodeRoomState(state), hubKey, hubDomain };
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

/** A group of that many is made from nothing, by as many commits as it takes; its server checks each. */
async function creation(
  context: MemberContext,
  [founder, ...others]: readonly OfflinePerson[],
  { measure }: Operations,
): Promise<void> {
  if (founder === undefined) throw new Error("a group has members");
  const options = { lifetimeMs, lastResort: false };
  const packages: Bytes[] = [];
  for (const { identity } of others) {
    packages.push((await createKeyPackage(context, identity, options)).keyPackage);
  }
  const { group } = await measure("create", async () => {
    const founded = await createGroup(context, founder.identity, foundingOf(context, founder));
    for (let from = 0; from < packages.length; from += addedAtOnce) {
      const add = packages.slice(from, from + addedAtOnce);
      await founded.group.adopt(
        await founded.group.prepareCommit({ add }, authenticatedData(founded.group)),
      );
    }
    return founded;
  });
  const written = { written: () => sizeOf(group) };
  await measure("firstUpdate", () => group.prepareCommit({}, authenticatedData(group)), written);
}

/** Each newcomer joins, is loaded again from its rows, and stays. */
async function additions(
  context: MemberContext,
  groups: Groups,
  operations: Operations,
  repeats: number,
): Promise<void> {
  const { committer } = groups;
  const { measure } = operations;
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
  await outsiders(context, groups, operations);
}

/** Somebody comes in by a commit of its own, and is taken out again. */
async function outsiders(
  context: MemberContext,
  groups: Groups,
  { measure }: Operations,
): Promise<void> {
  const { committer } = groups;
  const [guest] = await makeOffline(1, "guest");
  if (guest === undefined) throw new Error("nobody comes");
  const at = Date.now();
  const ratchetTree = committer.ratchetTree();
  const { groupInfo } = groups.tracked;
  const aad = authenticatedData(committer);
  const { prepared, group } = await measure("joinExternal", () =>
    joinExternal(context, guest.identity, {
      groupInfo,
      ratchetTree,
      authenticatedData: aad,
      at,
    }),
  );
  const { tracked } = groups;
  const upload = { commit: prepared.commit, groupInfo: prepared.groupInfo, at };
  groups.tracked = (await measure("checkExternal", () => tracked.checkCommit(upload))).group;
  await group.adopt(prepared);
  await measure("processExternal", () =>
    committer.processCommit(prepared.commit, { acceptedAt: at }),
  );
  const leave = await measure("leave", () =>
    committer.prepareCommit({ remove: [group.ownLeaf] }, authenticatedData(committer)),
  );
  const gone = { commit: leave.commit, groupInfo: leave.groupInfo, at };
  groups.tracked = (await measure("checkLeave", () => groups.tracked.checkCommit(gone))).group;
  await committer.adopt(leave);
}

function sizeOf(group: MemberGroup): number {
  return [...group.takeChanges().put.values()].reduce((sum, { length }) => sum + length, 0);
}

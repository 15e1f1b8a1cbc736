import {
  createGroup,
  createKeyPackage,
  joinWelcome,
  loadGroup,
  type MemberGroup,
} from "@treehouse/mls/member";
import { registerGroup } from "@treehouse/mls/public";
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
import { type Measurement, median, percentile } from "./report.ts";
import { makeOffline, type OfflinePerson } from "./world/offline-people.ts";
import { crypto, random } from "./world/people.ts";
import { authenticatedData, memberContext } from "./world/rooms.ts";

const lifetimeMs = LIMITS.keyPackageLifetimeMaxMs / 2;

/** Costs of one client's and the server's work on groups of several sizes, without a network. */
export async function benchMls(
  options: { readonly sizes: readonly number[]; readonly repeats: number },
  report: (measurement: Measurement) => void,
): Promise<void> {
  for (const size of options.sizes) await benchSize(size, options.repeats, report);
}

async function benchSize(
  size: number,
  repeats: number,
  report: (measurement: Measurement) => void,
): Promise<void> {
  const world = await populate(size);
  const { founder, other, publicGroup } = world;
  const times = new Map<string, number[]>();
  const timed = async <T>(name: string, run: () => Promise<T>): Promise<T> => {
    const before = performance.now();
    const value = await run();
    times.set(name, [...(times.get(name) ?? []), performance.now() - before]);
    return value;
  };
  let tracked = publicGroup;
  const bytes: number[] = [];
  for (let repeat = 0; repeat < repeats; repeat += 1) {
    const aad = authenticatedData(founder);
    const prepared = await timed("commit", () => founder.prepareCommit({}, aad));
    const at = Date.now();
    const checked = await timed("check", () =>
      tracked.checkCommit({ commit: prepared.commit, groupInfo: prepared.groupInfo, at }),
    );
    tracked = checked.group;
    await founder.adopt(prepared);
    await timed("process", () => other.processCommit(prepared.commit, { acceptedAt: at }));
    founder.takeChanges();
    other.takeChanges();
    const text = random(1024);
    const message = await timed("encrypt", () => founder.encrypt(text, authenticatedData(founder)));
    bytes.push(sizeOf(founder));
    await timed("decrypt", () => other.decrypt(message));
    bytes.push(sizeOf(other));
  }
  const dear = await dearHandshakes(founder, tracked, repeats);
  const bareCommit = median(times.get("commit")?.map(() => bareCommitMs(size)) ?? []);
  const bareProcess = median(times.get("process")?.map(() => bareProcessMs(size)) ?? []);
  report({
    name: `mls ${size}`,
    ratio: bareCommit / median(times.get("commit") ?? []),
    parameters: { size, repeats, crypto: "node", tree: "other leaves unmerged" },
    figures: {
      joinMs: world.joinMs,
      bareCommitMs: bareCommit,
      bareProcessMs: bareProcess,
      ...Object.fromEntries(
        [...times].flatMap(([name, samples]) => [
          [`${name}Ms`, percentile(samples, 0.5)],
          [`${name}P99Ms`, percentile(samples, 0.99)],
        ]),
      ),
      bytesPerMessage: percentile(bytes, 0.99),
      stateBytes: world.stateBytes,
      loadMs: world.loadMs,
      ...dear,
    },
  });
}

/** A group of this size with all its commits made, and two members that are really there. */
async function populate(size: number) {
  const people = await makeOffline(size);
  const [first, second, ...rest] = people;
  if (first === undefined || second === undefined) throw new Error("a group of at least two");
  const domain = parseDomain("localhost");
  const room = mintRoomUri(domain, random);
  const hub = crypto.generateSignatureKeyPair();
  const founding = { founder: first.user, hub: domain, term: 1, hubKey: hub.publicKey };
  const created = await createGroup(memberContext, first.identity, {
    group: groupUriOf(room, 0),
    roomState: encodeRoomState(template("group", founding)),
    hubKey: hub.publicKey,
    hubDomain: domain,
  });
  const founder = created.group;
  let publicGroup = await registerGroup({ crypto }, { ...created, at: Date.now() });
  const add = async (added: readonly OfflinePerson[]) => {
    const packages = [];
    for (const { identity } of added) {
      packages.push(
        await createKeyPackage(memberContext, identity, { lifetimeMs, lastResort: false }),
      );
    }
    const prepared = await founder.prepareCommit(
      { add: packages.map(({ keyPackage }) => keyPackage) },
      authenticatedData(founder),
    );
    const { commit, groupInfo, welcome } = prepared;
    const bundle = {
      commit,
      groupInfo,
      at: Date.now(),
      ...(welcome === undefined ? {} : { welcome }),
    };
    publicGroup = (await publicGroup.checkCommit(bundle)).group;
    await founder.adopt(prepared);
    return { welcome, packages };
  };
  for (let at = 0; at < rest.length; at += 90) await add(rest.slice(at, at + 90));
  const { welcome, packages } = await add([second]);
  const secrets = new Map(packages.map(({ ref, secret }) => [toHex(ref), secret]));
  const ratchetTree = founder.ratchetTree();
  const before = performance.now();
  const { group: other } = await joinWelcome(memberContext, second.identity, {
    welcome: welcome ?? new Uint8Array(),
    ratchetTree,
    secrets: (ref) => secrets.get(toHex(ref)),
    at: Date.now(),
  });
  const joinMs = performance.now() - before;
  const rows = other.takeChanges().put;
  founder.takeChanges();
  const loadBefore = performance.now();
  await loadGroup(memberContext, second.identity, rows);
  const loadMs = performance.now() - loadBefore;
  const stateBytes = [...rows.values()].reduce((sum, { length }) => sum + length, 0);
  return { founder, other, publicGroup, joinMs, loadMs, stateBytes };
}

function sizeOf(group: MemberGroup): number {
  return [...group.takeChanges().put.values()].reduce((sum, { length }) => sum + length, 0);
}

import type { CommitIntent, MemberGroup } from "@treehouse/mls/member";
import { createKeyPackage } from "@treehouse/mls/member";
import type { PublicGroup } from "@treehouse/mls/public";
import { LIMITS, Refusal } from "@treehouse/protocol";

import { percentile } from "./report.ts";
import { makeOffline } from "./world/offline-people.ts";
import { authenticatedData, memberContext } from "./world/rooms.ts";

const octetsMax = 64 * 1024;

/**
 * What the dearest handshakes of 64 KiB cost a server that refuses them in the end (T-39): all is
 * right but the GroupInfo, which is looked at last. A member alone can make them.
 */
export async function dearHandshakes(
  member: MemberGroup,
  tracked: PublicGroup,
  repeats: number,
): Promise<Readonly<Record<string, number>>> {
  const leaves = member.members().map(({ leaf }) => leaf);
  const others = leaves.filter((leaf) => leaf !== member.ownLeaf);
  const intents: Readonly<Record<string, CommitIntent>> = {
    dearAdds: { add: await keyPackagesFor(octetsMax - 4096) },
    dearRemoves: { remove: others.slice(0, LIMITS.proposalsPerCommitMax) },
  };
  const figures: Record<string, number> = {};
  for (const [name, intent] of Object.entries(intents)) {
    const { commit, welcome } = await member.prepareCommit(intent, authenticatedData(member));
    await member.discard();
    const upload = { commit, groupInfo: tracked.groupInfo, at: Date.now() };
    const bundle = welcome === undefined ? upload : { ...upload, welcome };
    const samples: number[] = [];
    const all = process.cpuUsage();
    const cpu = process.threadCpuUsage();
    for (let repeat = 0; repeat < repeats; repeat += 1) {
      const before = performance.now();
      await refused(tracked.checkCommit(bundle));
      samples.push(performance.now() - before);
    }
    const { user, system } = process.threadCpuUsage(cpu);
    const whole = process.cpuUsage(all);
    figures[`${name}Ms`] = percentile(samples, 0.5);
    figures[`${name}BestMs`] = Math.min(...samples);
    // Of the thread on which everything else waits, and with the threads that verify for it.
    figures[`${name}CpuMs`] = (user + system) / 1000 / repeats;
    figures[`${name}AllCpuMs`] = (whole.user + whole.system) / 1000 / repeats;
    figures[`${name}Bytes`] = commit.length;
  }
  return figures;
}

async function keyPackagesFor(octets: number): Promise<NonNullable<CommitIntent["add"]>> {
  const made = [];
  let length = 0;
  for (const { identity } of await makeOffline(LIMITS.proposalsPerCommitMax, "new")) {
    const lifetimeMs = LIMITS.keyPackageLifetimeMaxMs / 2;
    const options = { lifetimeMs, lastResort: false };
    const { keyPackage } = await createKeyPackage(memberContext, identity, options);
    length += keyPackage.length + 8;
    if (length > octets) break;
    made.push(keyPackage);
  }
  return made;
}

async function refused(checked: Promise<unknown>): Promise<void> {
  try {
    await checked;
  } catch (error) {
    if (error instanceof Refusal && error.data.rule === "groupInfoContext") return;
    throw error;
  }
  throw new Error("A commit with another epoch's GroupInfo was accepted.");
}

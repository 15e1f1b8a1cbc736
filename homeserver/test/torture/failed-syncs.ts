import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { storedLog } from "../federation-e2e/people.ts";
import { passed } from "./clocks.ts";
import { listed } from "./control.ts";
import { checkState } from "./power-loss/check-state.ts";
import { record } from "./power-loss/disk.ts";
import { fileCalls, hexText, readTrace, traceOptions } from "./power-loss/trace.ts";
import { databasePathIn, makeTemplate, serverFolder } from "./small-world.ts";
import type { Template } from "./small-world.ts";
import { injection, straceMissing, underStrace } from "./strace.ts";
import type { Order, Outcome, Part } from "./part.ts";
import { messagesAfter, messagesMax, startDoomed, talkThrough } from "./writes.ts";

/** What a server may take to end. */
const patienceMs = 30_000;

/**
 * After an fsync that failed nobody knows what is on the disk. So the server must end, and whatever it
 * has acknowledged until then must be there even if nothing is that was written since the last fsync
 * that did not fail.
 */
export const failedSyncs: Part = {
  name: "failed-fsync",
  about:
    "the n-th fsync of the database fails with EIO while two clients send (strace, system calls)",
  counts: { usual: 6, full: 150 },
  missing: straceMissing,
  control: { bug: listed("a COMMIT that fails counts as done"), count: 12 },
  async run(order: Order): Promise<Outcome> {
    const template = await makeTemplate(join(order.directory, "template"));
    const violations: string[] = [];
    const totals = { failures: 0, atStart: 0, accepted: 0 };
    for (let at = 1; at <= order.count; at += 1) {
      const round = await failAt(template, join(order.directory, `${at}`), at);
      if (round.reached) totals.failures += 1;
      else totals.atStart += 1;
      totals.accepted += round.accepted;
      violations.push(...round.violations.map((text) => `fsync ${at}: ${text}`));
      if (at % 10 === 0) order.say(`${at} fsyncs: ${violations.length} violations`);
    }
    return { figures: totals, violations };
  },
};

async function failAt(template: Template, directory: string, at: number) {
  const path = databasePathIn(directory);
  const trace = `${directory}.trace`;
  const lost = `${directory}.lost`;
  const inject = injection(["fsync", "fdatasync"], "error=EIO", at, [path, `${path}-wal`]);
  const under = underStrace(trace, fileCalls, [...traceOptions, "--seccomp-bpf", ...inject]);
  const { world, doomed } = await startDoomed(template, directory, under);
  await using _ = world;
  const acknowledged: { readonly at: number; readonly kind: "entry"; readonly position: number }[] =
    [];
  const violations: string[] = [];
  const most = doomed ? messagesMax : messagesAfter;
  const talk = await talkThrough(world, most, async (ledger, how) => {
    if (typeof how !== "number" || how === 0) violations.push(`it ended with ${how}`);
    for (const position of ledger.accepted.keys())
      acknowledged.push({ at: 0, kind: "entry", position });
    const calls = await readTrace(trace, hexText(path));
    record(calls, serverFolder(directory), serverFolder(template.directory)).loseAt(
      Number.POSITIVE_INFINITY,
      undefined,
      lost,
    );
  });
  violations.push(...talk.violations);
  const hasFailed = doomed && readFileSync(trace, "utf8").includes("(INJECTED)");
  if (hasFailed && !talk.reached) {
    const ended = world.server.ended().then(() => true);
    if (!(await Promise.race([ended, passed(patienceMs).then(() => false)]))) {
      violations.push("it goes on after an fsync that failed");
    }
  }
  if (talk.reached) {
    const log = storedLog(world.server, world.room);
    const found = await checkState({ acknowledged, room: world.room, log }, lost, 0);
    violations.push(...found.map((text) => `without what the disk did not keep: ${text}`));
  }
  for (const each of [trace, lost, directory]) rmSync(each, { recursive: true, force: true });
  return { reached: talk.reached, accepted: talk.accepted, violations };
}

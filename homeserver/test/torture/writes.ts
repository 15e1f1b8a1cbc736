import { rmSync } from "node:fs";
import { join } from "node:path";
import { answeredBeforeCommit } from "./control.ts";
import { damageOf, Ledger } from "./ledger.ts";
import { databasePathIn, makeTemplate, names, startCopy, startOver } from "./small-world.ts";
import type { SmallWorld, Template } from "./small-world.ts";
import { injection, straceMissing, underStrace } from "./strace.ts";
import { quantile } from "./part.ts";
import type { Order, Outcome, Part } from "./part.ts";

const calls = ["pwrite64"];
/** A write that has not come after so many messages does not come. */
export const messagesMax = 200;
/** What each says after the death. */
export const messagesAfter = 2;

/** Kills at the system call, before it is done: what is written is what had been written until then. */
export const writes: Part = {
  name: "writes",
  about: "kill -9 at the n-th write of the database while two clients send (strace, system calls)",
  counts: { usual: 10, full: 500 },
  missing: straceMissing,
  control: { bug: answeredBeforeCommit, count: 12 },
  async run(order: Order): Promise<Outcome> {
    const template = await makeTemplate(join(order.directory, "template"));
    const violations: string[] = [];
    const restarts: number[] = [];
    let [reached, accepted] = [0, 0];
    for (const [done, at] of chosen(order.count).entries()) {
      const round = await killAt(template, join(order.directory, `${at}`), at);
      if (round.reached) reached += 1;
      accepted += round.accepted;
      restarts.push(round.restartMs);
      violations.push(...round.violations.map((text) => `write ${at}: ${text}`));
      if (done % 25 === 24) order.say(`write ${at}: ${violations.length} violations`);
    }
    const figures = {
      kills: restarts.length,
      reached,
      accepted,
      restartMsP50: quantile(restarts, 0.5),
      restartMsP99: quantile(restarts, 0.99),
    };
    return { figures, violations };
  },
};

const writesMax = 500;

/** All of the first 500, or so many of them, evenly. */
function chosen(count: number): readonly number[] {
  if (count >= writesMax) return Array.from({ length: count }, (_, index) => index + 1);
  return Array.from({ length: count }, (_, index) => Math.floor(((index + 1) * writesMax) / count));
}

async function killAt(template: Template, directory: string, at: number) {
  const path = databasePathIn(directory);
  const inject = injection(calls, "signal=SIGKILL", at, [path, `${path}-wal`]);
  const under = underStrace("/dev/null", calls, inject);
  const { world, doomed } = await startDoomed(template, directory, under);
  try {
    return await talkThrough(world, doomed ? messagesMax : messagesAfter);
  } finally {
    await world[Symbol.asyncDispose]();
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Starts what may die while it starts; then it is started again, which must work, and lives. */
export async function startDoomed(
  template: Template,
  directory: string,
  under: readonly string[],
): Promise<{ readonly world: SmallWorld; readonly doomed: boolean }> {
  try {
    return { world: await startCopy(template, directory, under), doomed: true };
  } catch {
    return { world: await startOver(directory, template.room), doomed: false };
  }
}

/** Two talk until the server dies, it is started again, and they go on. `dead` is called between. */
export async function talkThrough(
  world: SmallWorld,
  most: number,
  dead: (ledger: Ledger, how: number | NodeJS.Signals) => Promise<void> | void = () => undefined,
) {
  const { server } = world;
  const ledger = new Ledger(world.room);
  const state: { life: "first" | "dead" | "second" | "over"; restartMs: number } = {
    life: "first",
    restartMs: 0,
  };
  const dying = (async () => {
    const how = await server.ended();
    if (state.life === "over") return;
    state.life = "dead";
    await server.kill();
    await dead(ledger, how);
    const { last } = ledger;
    const from = performance.now();
    await server.start();
    state.restartMs = performance.now() - from;
    state.life = "second";
    ledger.checkLog(server.databasePath, last, "after the restart");
  })();
  // It may die while they come in, too.
  const people = [await world.open(names[0]), await world.open(names[1])];
  // Each of them has one message under way.
  const talking = people.map(async (client) => {
    for (let next = 0, after = 0; after < messagesAfter && next < most; next += 1) {
      await ledger.send(client, `${client.me.address} ${next}`);
      if (state.life === "second") after += 1;
    }
  });
  await ledger.patiently(Promise.all(talking), "for answers");
  // Nor is it safe while they read: the log is copied then.
  await ledger.checkPeople(people);
  const reached = state.life !== "first";
  if (reached) await dying;
  else state.life = "over";
  const damage = damageOf(server.databasePath);
  const { accepted } = ledger;
  return {
    reached,
    restartMs: state.restartMs,
    accepted: accepted.size,
    violations: [...ledger.violations, ...damage],
  };
}

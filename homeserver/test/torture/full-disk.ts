import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, statfsSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { healthAnswerSchema, paths } from "@treehouse/protocol";
import type { Client } from "../../../client-sdk/src/node.ts";
import { gather, has } from "../federation-e2e/people.ts";
import type { ServerProcess } from "../federation-e2e/server.ts";
import { passed } from "./clocks.ts";
import { listed } from "./control.ts";
import { beside, damageOf, Ledger } from "./ledger.ts";
import { names, openPerson, registration, startSmallServer } from "./small-world.ts";
import { quantile } from "./part.ts";
import type { Order, Outcome, Part } from "./part.ts";

/** Room for the reserve, and some. */
const diskMegabytes = 112;
/** As operators have it. */
const reserveMegabytes = 64;
const reserveBytes = reserveMegabytes * 1024 * 1024;
/** What the server may take to see that something has changed. */
const patienceMs = 60_000;

export const fullDisk: Part = {
  name: "full-disk",
  about:
    "a disk of its own (tmpfs) is filled to the last octet again and again while two clients send",
  counts: { usual: 2, full: 40 },
  missing: mountMissing,
  control: { bug: listed("a COMMIT that fails counts as done"), count: 2 },
  async run(order: Order): Promise<Outcome> {
    const disk = join(order.directory, "disk");
    mkdirSync(disk);
    mount(disk, diskMegabytes);
    const unmount = (): void => void execFileSync("umount", ["-l", disk]);
    // A control ends in the middle.
    process.once("exit", unmount);
    try {
      return await fillAgainAndAgain(order, disk);
    } finally {
      process.off("exit", unmount);
      unmount();
    }
  },
};

async function fillAgainAndAgain({ directory, count, say }: Order, disk: string): Promise<Outcome> {
  const settings = { TREEHOUSE__STORAGE__RESERVE_MIB: String(reserveMegabytes) };
  const server = await startSmallServer(disk, { settings });
  const people: Client[] = [];
  const [enters, leaves]: [number[], number[]] = [[], []];
  try {
    for (const name of names) people.push(await openPerson(directory, server, name, registration));
    const ledger = new Ledger(await gather(people, "full disk"));
    const talk = { over: false };
    const speak = async (client: Client): Promise<void> => {
      for (let next = 0; !talk.over; next += 1)
        await ledger.send(client, `${client.me.address} ${next}`);
    };
    const talking = beside(people.map(speak));
    await waitUntil("its reserve", () => Promise.resolve(reserveOf(server) === reserveBytes));
    for (let round = 0; round < count; round += 1) {
      const filler = join(disk, "filler");
      const filled = performance.now();
      await waitUntil("that the disk is full", async () => {
        fill(disk, filler);
        return (await statusOf(server)) === "degraded";
      });
      enters.push(performance.now() - filled);
      const { last } = ledger;
      ledger.report(...(await whileFull(directory, server, people, ledger)));
      // Half of the times it dies on the full disk, and must come back on it.
      if (round % 2 === 1) {
        await server.kill();
        await server.start();
      }
      ledger.checkLog(server.databasePath, last, `round ${round + 1}`);
      rmSync(filler);
      const freed = performance.now();
      await waitUntil("that there is room", async () => (await statusOf(server)) === "ok");
      leaves.push(performance.now() - freed);
      const before = ledger.accepted.size;
      await waitUntil("that somebody says something", () =>
        Promise.resolve(ledger.accepted.size > before + 4),
      );
      if (round % 10 === 9) say(`${round + 1} rounds, ${ledger.violations.length} violations`);
    }
    talk.over = true;
    await ledger.patiently(talking, "for answers");
    await ledger.checkPeople(people);
    return {
      figures: {
        rounds: count,
        accepted: ledger.accepted.size,
        refusalMsP50: quantile(enters, 0.5),
        serviceMsP50: quantile(leaves, 0.5),
        serviceMsMax: quantile(leaves, 1),
      },
      violations: [...ledger.violations, ...damageOf(server.databasePath)],
    };
  } finally {
    for (const client of people) await client.close();
    await server.kill();
  }
}

/** New things are refused by name; whoever has something to read reads it. */
async function whileFull(
  directory: string,
  server: ServerProcess,
  people: readonly Client[],
  ledger: Ledger,
): Promise<readonly string[]> {
  const violations: string[] = [];
  const refused = await openPerson(directory, server, "carl", registration).then(
    () => "nothing",
    (error: unknown) =>
      error instanceof Error && "code" in error ? String(error.code) : String(error),
  );
  rmSync(join(directory, "carl.sqlite"), { force: true });
  if (refused !== "storageFull") violations.push(`a registration was answered with ${refused}`);
  for (const client of people) {
    await client.caughtUp();
    await has(client, ledger.room, ledger.accepted.size);
  }
  return violations;
}

function fill(disk: string, filler: string): void {
  const { bavail, bsize } = statfsSync(disk);
  if (bavail === 0) return;
  try {
    writeFileSync(filler, Buffer.alloc(bavail * bsize, 1), { flag: "a" });
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ENOSPC")) throw error;
  }
}

function reserveOf(server: ServerProcess): number {
  return statSync(`${server.databasePath}.reserve`, { throwIfNoEntry: false })?.size ?? 0;
}

async function statusOf(server: ServerProcess): Promise<string> {
  const answer = await fetch(server.url + paths.health());
  return healthAnswerSchema.parse(await answer.json()).status;
}

async function waitUntil(what: string, holds: () => Promise<boolean>): Promise<void> {
  const from = performance.now();
  while (!(await holds())) {
    if (performance.now() - from > 4 * patienceMs) throw new Error(`waited in vain for ${what}`);
    await passed(50);
  }
}

function mountMissing(): string | undefined {
  const folder = mkdtempSync(join(tmpdir(), "treehouse-disk-"));
  try {
    mount(folder, 1);
    execFileSync("umount", ["-l", folder]);
    return undefined;
  } catch (error) {
    return error instanceof Error ? (error.message.split("\n")[1] ?? error.message) : "no tmpfs";
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function mount(folder: string, megabytes: number): void {
  const args = ["-t", "tmpfs", "-o", `size=${megabytes}m`, "tmpfs", folder];
  execFileSync("mount", args, { stdio: "pipe" });
}

import { execFileSync } from "node:child_process";
import { appendFileSync, mkdtempSync, rmSync, statfsSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { acknowledgementCodec, paths } from "@treehouse/protocol";
import { afterAll, beforeAll, expect, test } from "vitest";
import { enrolPerson } from "../delivery/person.ts";
import { startRig } from "../delivery/rig.ts";
import { memorySecrets } from "../secrets.ts";
import type { Rig } from "../delivery/rig.ts";
import { openPair } from "../delivery/rooms.ts";

/** A disk of its own, small enough to be filled; undefined where this user may not make one. */
let disk: string | undefined;
let whyNot = "";

beforeAll(() => {
  const folder = mkdtempSync(join(tmpdir(), "treehouse-disk-"));
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=24m", "tmpfs", folder], { stdio: "pipe" });
    disk = folder;
  } catch (error) {
    whyNot = error instanceof Error ? (error.message.split("\n")[1] ?? error.message) : "";
    rmSync(folder, { recursive: true });
  }
});

afterAll(() => {
  if (disk === undefined) return;
  execFileSync("umount", ["-l", disk]);
  rmSync(disk, { recursive: true });
});

const reserveBytes = 2 * 1024 * 1024;

function hasReserve(path: string): boolean {
  return statSync(`${path}.reserve`, { throwIfNoEntry: false })?.size === reserveBytes;
}

/** One turn of the event loop, in which everything happens that waits for a time. */
function turnWithTimers(rig: Rig): Promise<void> {
  rig.fireTimers();
  return new Promise((resolve) => rig.env.soon(resolve));
}

function fillUp(folder: string): () => void {
  const { bavail, bsize } = statfsSync(folder);
  const filler = join(folder, "filler");
  writeFileSync(filler, Buffer.alloc(Math.max(0, bavail - 8) * bsize, 1));
  return () => rmSync(filler);
}

test("R-018 a disk that is really full: storageFull, reading and acknowledging go on, it ends", async (context) => {
  if (disk === undefined) {
    const line = `not run: full disk on tmpfs: ${whyNot}`;
    process.stdout.write(`${line}\n`);
    const list = process.env["TREEHOUSE_NOT_RUN"] ?? "";
    if (list !== "") appendFileSync(list, `${line}\n`);
    return context.skip();
  }
  const path = join(disk, "database");
  const options = { path, secrets: memorySecrets(), reserveBytes };
  const rig = await startRig(options);
  const [a, b] = await openPair(await enrolPerson(rig, "alice"), await enrolPerson(rig, "bob"));
  while (!hasReserve(path)) await turnWithTimers(rig);
  const makeRoom = fillUp(disk);

  const codes = new Set<string>();
  let accepted = 0;
  for (let round = 0; round < 400 && codes.size === 0; round += 1) {
    const answer = await a.submit(await a.seal(`${round}`.padEnd(8_000)));
    if (answer.refusal === undefined) accepted += 1;
    else codes.add(answer.refusal.code);
  }
  expect([...codes]).toEqual(["storageFull"]);
  expect((await a.update(a.bundle(await a.prepare({})))).refusal?.code).toBe("storageFull");
  await a.group.discard();

  await b.sync();
  expect(b.texts).toHaveLength(accepted);
  const read = [{ stream: b.room, position: b.position }];
  const cursors = acknowledgementCodec.encode(read);
  expect((await b.person.request("POST", paths.acknowledgements(), cursors)).status).toBe(204);
  await rig.queuing.flush();

  makeRoom();
  // The server looks every second; the timers that are set stand for that.
  while (rig.database.state !== "open") await turnWithTimers(rig);
  await a.say("room again");
  await a.sync();
  await a.commit({});
  await b.sync();
  expect(b.texts).toHaveLength(accepted + 1);
  expect(b.texts.at(-1)).toBe("room again");
  expect(rig.faults.filter((fault) => !fault.startsWith("storageFull"))).toEqual([]);
  await rig[Symbol.asyncDispose]();

  // What was acknowledged on the full disk is on the disk.
  await using again = await startRig(options);
  const reader = await again.queuing.attach(b.person.client);
  expect(reader.standing(b.room).after).toBeGreaterThanOrEqual(read[0]?.position ?? 0);
  reader.detach();
});

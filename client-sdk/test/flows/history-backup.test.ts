import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import type { HttpResponse } from "@treehouse/protocol";
import { afterAll, beforeAll, expect, test } from "vitest";

import type { Client } from "../../src/node.ts";
import { keepData } from "../world/old-data.ts";
import { writeOldHistory } from "../world/old-history.ts";
import { password, startServer, type TestServer } from "../world/server.ts";
import { openTampered, type TamperedFetch } from "../world/tampered.ts";
import { heard, next, textsIn } from "../world/waiting.ts";

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server[Symbol.asyncDispose]());

/** Few long ones make as many segments as thousands of short ones. */
const isFull = process.env["TREEHOUSE_SCALE"] === "full";
const testMs = isFull ? 900_000 : 60_000;
const oldMessages = isFull ? 100_000 : 100;
const filling = "x".repeat(isFull ? 100 : 25_000);

/** An account with a conversation of before and one of now, in a store of that name. */
async function withHistory(name: string, texts: readonly string[]): Promise<string> {
  await (await server.register(name)).close();
  return writeOldHistory(server, name, texts);
}

const numbered = (count: number, filled = "") =>
  Array.from({ length: count }, (_, at) => `message ${at} ${filled}`);

async function told(client: Client, room: string): Promise<readonly string[]> {
  return textsIn(await client.conversations.get(room));
}

/** Every file of the server, as one text of octets. */
function filesOf(directory: string): Buffer {
  const files = readdirSync(directory, { recursive: true, withFileTypes: true });
  return Buffer.concat(
    files
      .filter((file) => file.isFile())
      .map((file) => readFileSync(join(file.parentPath, file.name))),
  );
}

test(
  "R-058 R-052 T-37 the recovery key alone brings everything, and nothing that was taken back",
  async () => {
    const texts = numbered(oldMessages, filling);
    texts[3] = "where is the pelican of two years ago?";
    const old = await withHistory("alice", texts);
    const alice = await server.open("alice");
    await alice.caughtUp();
    const recoveryKey = await alice.recovery.create({ password });
    const room = await alice.conversations.create({ name: "Tea" });
    const gone = await room.send("the-canary-of-a-backup");
    await room.send("stays");
    await alice.caughtUp();
    const first = await alice.history.backup.save();
    expect(first).toMatchObject({ on: true, waiting: false, missing: 0 });
    expect(first.messages).toBeGreaterThanOrEqual(oldMessages + 2);
    expect(first.segments).toBeGreaterThan(isFull ? 100 : 8);
    expect(await alice.history.backup.save()).toEqual(first);
    const segmentsBefore = await alice.assets.list({ prefix: "history/s-" });

    // Only the segment in which it stood is written anew; the one before is deleted.
    await room.delete(gone.id);
    await alice.caughtUp();
    const second = await alice.history.backup.save();
    expect(second.savedAt).toBeGreaterThan(first.savedAt ?? 0);
    const segmentsNow = await alice.assets.list({ prefix: "history/s-" });
    const kept = segmentsNow.filter(({ uri }) => segmentsBefore.some((one) => one.uri === uri));
    expect([segmentsNow.length, kept.length]).toEqual([
      segmentsBefore.length,
      segmentsBefore.length - 1,
    ]);
    await alice.close();
    const octets = filesOf(join(server.directory, "data"));
    expect(octets.includes("history/manifest-0")).toBe(true);
    expect(octets.includes("pelican") || octets.includes("the-canary")).toBe(false);

    const tablet = { store: server.path("alice-tablet"), login: true, recoveryKey };
    await using other = await server.open("alice", tablet);
    const seen = heard(other, "history");
    await next(other, "history", ({ state }) => state === "complete");
    const coming = seen.filter(({ state }) => state === "coming");
    expect(coming.at(-1)).toMatchObject({ done: second.segments, total: second.segments });
    // What was said lately came first.
    const [latest] = coming;
    expect(latest).toMatchObject({ done: 1 });
    expect((await told(other, old)).slice(0, 5)).toEqual(texts.slice(-10_000).slice(0, 5));
    expect(await told(other, "Tea")).toEqual(["", "stays"]);
    const { hits } = await other.search("pelican", { complete: true });
    expect(hits.map(({ message }) => message.text)).toEqual([texts[3]]);
    const conversation = await other.conversations.get(old);
    const [item] = await conversation.history({ around: 4, limit: 1 });
    expect(item).toMatchObject({ toldBy: "alice@localhost", senderAddress: "eve@localhost" });
    // It holds all that the backup does: there is nothing to write.
    expect(await other.history.backup.status()).toMatchObject({ waiting: false, missing: 0 });
  },
  testMs,
);

test("R-058 two clients write the same backup, and neither loses what the other wrote", async () => {
  const old = await withHistory("bob", numbered(50));
  await using bob = await server.open("bob");
  await bob.caughtUp();
  await bob.history.backup.save();
  const tablet = { store: server.path("bob-tablet"), login: true, password };
  await using other = await server.open("bob", tablet);
  await next(other, "history", ({ state }) => state === "complete");
  await other.caughtUp();
  const [mine, theirs] = [
    await bob.conversations.create({ name: "Mine" }),
    await other.conversations.create({ name: "Theirs" }),
  ];
  await mine.send("from one");
  await theirs.send("from the other");
  await bob.caughtUp();
  await other.caughtUp();
  await Promise.all([bob.history.backup.save(), other.history.backup.save()]);
  await bob.caughtUp();
  await other.caughtUp();
  await Promise.all([bob.history.backup.save(), other.history.backup.save()]);
  const third = { store: server.path("bob-third"), login: true, password };
  await using last = await server.open("bob", third);
  await next(last, "history", ({ state }) => state === "complete");
  expect(await told(last, old)).toHaveLength(50);
  expect(await told(last, mine.id)).toContain("from one");
  expect(await told(last, theirs.id)).toContain("from the other");
});

test("T-37 a backup that the server has set back is refused and told, and written anew", async () => {
  const old = await withHistory("carol", numbered(20));
  const first = await server.open("carol");
  await first.caughtUp();
  await first.history.backup.save();
  await first.close();
  const before = await keepData(server);
  await using carol = await server.open("carol");
  await carol.caughtUp();
  const room = await carol.conversations.create({ name: "Later" });
  await room.send("after the copy was made");
  await carol.caughtUp();
  await carol.history.backup.save();
  const missing = next(carol, "history", ({ state }) => state === "missing");
  const rolledBack = next(carol, "accountData", ({ change }) => change === "rolledBack");
  await before.putBackUnnoticed();
  await carol.caughtUp();
  const status = await carol.history.backup.save();
  expect(await missing).toEqual({ from: "backup", state: "missing", done: 0, total: 0 });
  await rolledBack;
  expect(status).toMatchObject({ waiting: false, missing: 0 });
  const tablet = { store: server.path("carol-tablet"), login: true, password };
  await using other = await server.open("carol", tablet);
  await next(other, "history", ({ state }) => state === "complete");
  expect(await told(other, old)).toHaveLength(20);
  expect(await told(other, room.id)).toContain("after the copy was made");
});

test("T-37 octets of an older version, or of another piece, in the place of the backup are refused", async () => {
  const old = await withHistory("dave", numbered(20));
  await using dave = await server.open("dave");
  await dave.caughtUp();
  await dave.history.backup.save();
  const kept: HttpResponse[] = [];
  let replays = false;
  const fetch: TamperedFetch = async (request, ask) => {
    const answer = await ask(request);
    if (!request.url.includes("/v1/assets/content")) return answer;
    if (replays) return kept[0] ?? answer;
    kept.push(answer);
    return answer;
  };
  const tablet = { store: server.path("dave-tablet"), login: true, password };
  await using other = await openTampered(server, "dave", { fetch }, tablet);
  await next(other, "history", ({ state }) => state === "complete");
  expect(kept.length).toBeGreaterThan(1);
  replays = true;
  const room = await dave.conversations.create({ name: "Later" });
  await room.send("later");
  await dave.caughtUp();
  await dave.history.backup.save();
  const damaged = next(other, "history", ({ state }) => state === "damaged");
  await other.caughtUp();
  await expect(other.history.backup.restore()).rejects.toMatchObject({ code: "notFound" });
  await damaged;
  expect(await told(other, old)).toHaveLength(20);
  // What it has it writes anew, and the other one adds what that lacks.
  replays = false;
  await dave.history.backup.save();
  await other.history.backup.restore();
});

test("R-058 a backup that is turned off is gone from the server, and none is made", async () => {
  await withHistory("erin", numbered(20));
  await using erin = await server.open("erin");
  await erin.caughtUp();
  await erin.history.backup.save();
  expect((await erin.assets.list({ prefix: "history/" })).length).toBe(2);
  await erin.history.backup.set(false);
  expect(await erin.assets.list({ prefix: "history/" })).toEqual([]);
  expect(await erin.history.backup.status()).toMatchObject({ on: false, segments: 0 });
  await expect(erin.history.backup.save()).rejects.toMatchObject({ code: "notAllowed" });
  await erin.history.backup.set(true);
  expect(await erin.history.backup.save()).toMatchObject({ on: true, segments: 1, waiting: false });
});

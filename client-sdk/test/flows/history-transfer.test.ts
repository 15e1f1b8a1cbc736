import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { afterAll, beforeAll, expect, test } from "vitest";

import type { Client } from "../../src/node.ts";
import { writeOldHistory } from "../world/old-history.ts";
import { password, startServer, type TestServer } from "../world/server.ts";
import { openTampered, type TamperedFetch } from "../world/tampered.ts";
import { next, textsIn } from "../world/waiting.ts";

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server[Symbol.asyncDispose]());

/** Few long ones make as many pieces as thousands of short ones. */
const isFull = process.env["TREEHOUSE_SCALE"] === "full";
const testMs = isFull ? 900_000 : 60_000;
const oldMessages = isFull ? 100_000 : 36;
const texts = Array.from(
  { length: oldMessages },
  (_, at) => `message ${at} of the-canary ${"x".repeat(isFull ? 100 : 25_000)}`,
);

/** An account without a backup, with a long conversation in its one store. */
async function withHistory(name: string): Promise<string> {
  const client = await server.register(name);
  await client.history.backup.set(false);
  await client.close();
  return writeOldHistory(server, name, texts);
}

const isWhole = (client: Client) =>
  next(client, "history", ({ from, state }) => from === "client" && state === "complete");

/** Lets so many uploads pass, and then none: the client dies in the middle. */
function dyingAfter(uploads: number): {
  readonly fetch: TamperedFetch;
  readonly dead: Promise<void>;
} {
  const { promise: dead, resolve } = Promise.withResolvers<void>();
  let left = uploads;
  return {
    dead,
    fetch(request, ask) {
      if (!request.url.includes("/v1/assets/uploads/finish")) return ask(request);
      left -= 1;
      if (left >= 0) return ask(request);
      resolve();
      return new Promise(() => undefined);
    },
  };
}

test(
  "R-058 a new client gets everything from another one, though either dies on the way",
  async () => {
    const old = await withHistory("alice");
    const dying = dyingAfter(3);
    const first = await openTampered(server, "alice", { fetch: dying.fetch });
    await first.caughtUp();
    const tablet = { store: server.path("alice-tablet") };
    const asking = await server.open("alice", { ...tablet, login: true, password });
    const begun = next(asking, "history", ({ state }) => state === "coming");
    await dying.dead;
    await begun;
    await asking.close();
    await first.close();

    // Neither begins again where it had been.
    const again = await server.open("alice");
    const pieces = async () => (await again.assets.list({ prefix: "transfer/" })).length;
    expect(await pieces()).toBeGreaterThan(1);
    const given = next(again, "history", ({ state }) => state === "given");
    await using other = await server.open("alice", tablet);
    await isWhole(other);
    expect(await textsIn(await other.conversations.get(old))).toHaveLength(
      Math.min(oldMessages, 10_000),
    );
    const conversation = await other.conversations.get(old);
    const [item] = await conversation.history({ limit: 1 });
    expect(item).toMatchObject({ toldBy: "alice@localhost", text: texts.at(-1) });
    expect(await other.history.backup.status()).toMatchObject({ on: false, segments: 0 });
    // What was handed on is taken away again, and asking once more brings nothing twice.
    await given;
    expect(await pieces()).toBe(0);
    const twice = isWhole(other);
    await other.history.ask();
    await twice;
    expect(await textsIn(await other.conversations.get(old))).toHaveLength(
      Math.min(oldMessages, 10_000),
    );
    await again.close();

    const data = join(server.directory, "data");
    const files = readdirSync(data, { recursive: true, withFileTypes: true });
    const open = files.filter(
      (file) =>
        file.isFile() && readFileSync(join(file.parentPath, file.name)).includes("the-canary"),
    );
    expect(open).toEqual([]);
  },
  testMs,
);

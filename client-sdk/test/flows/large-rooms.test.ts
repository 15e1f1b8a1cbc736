import { afterAll, beforeAll, expect, test } from "vitest";

import type { Client, Conversation } from "../../src/node.ts";
import { addAll, type Bystander, crowd } from "../world/crowd.ts";
import { startServer, type TestServer } from "../world/server.ts";
import { founded, reads, textsIn } from "../world/waiting.ts";

const full = process.env["TREEHOUSE_SCALE"] === "full";
const timeout = full ? 3_600_000 : 60_000;

let server: TestServer;
let alice: Client;
let bob: Client;

beforeAll(async () => {
  server = await startServer();
  alice = await server.register("alice");
  bob = await server.register("bob");
});

afterAll(() => server[Symbol.asyncDispose]());

/** A few at a time: the server is in this process, and people are on machines of their own. */
async function deleteAll(people: readonly Bystander[]): Promise<void> {
  const waiting = [...people];
  const deleteNext = async (): Promise<void> => {
    for (let one = waiting.pop(); one !== undefined; one = waiting.pop()) await one.delete();
  };
  await Promise.all(Array.from({ length: 4 }, deleteNext));
}

test(
  "R-019 half of a room's users are deleted at once, and it is usable throughout",
  { timeout },
  async () => {
    const { staying, going } = full ? { staying: 498, going: 500 } : { staying: 3, going: 12 };
    const [hers, his] = await founded(alice, "Harbour", [bob]);
    if (hers === undefined || his === undefined) throw new Error("nobody is in the room");
    const stay = await crowd(server, { prefix: "stays", count: staying, passwords: false });
    const go = await crowd(server, { prefix: "goes", count: going, passwords: true });
    await addAll(
      hers,
      [...stay, ...go].map(({ address }) => address),
    );
    expect(await hers.members()).toHaveLength(2 + staying + going);

    const deleted = deleteAll(go);
    const sent: string[] = [];
    let longestMs = 0;
    const say = async (room: Conversation, text: string): Promise<void> => {
      const from = performance.now();
      await room.send(text);
      longestMs = Math.max(longestMs, performance.now() - from);
      sent.push(text);
    };
    for (let round = 0; (await hers.members()).length > 2 + staying; round += 1) {
      await Promise.all([say(hers, `alice ${round}`), say(his, `bob ${round}`)]);
    }
    await deleted;
    await say(hers, "the last one");
    await reads(bob, his.id, "the last one");
    expect((await textsIn(hers)).toSorted()).toEqual(sent.toSorted());
    expect(await textsIn(his)).toEqual(await textsIn(hers));
    expect((await his.info()).epochAuthenticator).toBe((await hers.info()).epochAuthenticator);
    console.log(`${sent.length} messages meanwhile, the slowest took ${Math.round(longestMs)} ms`);
  },
);

test(
  "R-019 R-008 who was away for many commits of a large room is there again by itself",
  { timeout },
  async () => {
    const { others, commits } = full ? { others: 198, commits: 500 } : { others: 10, commits: 20 };
    const [hers, his] = await founded(alice, "Library", [bob]);
    if (hers === undefined || his === undefined) throw new Error("nobody is in the room");
    const people = await crowd(server, { prefix: "reads", count: others, passwords: false });
    await addAll(
      hers,
      people.map(({ address }) => address),
    );
    await bob.caughtUp();
    await bob.close();
    for (let count = 0; count < commits; count += 1) await hers.rename(`Library ${count}`);
    await hers.send("welcome back");

    const from = performance.now();
    bob = await server.open("bob");
    await bob.caughtUp();
    const ms = Math.round(performance.now() - from);
    const back = await bob.conversations.get(hers.id);
    expect((await back.info()).epochAuthenticator).toBe((await hers.info()).epochAuthenticator);
    expect((await back.info()).name).toBe(`Library ${commits - 1}`);
    expect(await textsIn(back)).toEqual(["welcome back"]);
    console.log(`current after ${commits} commits in ${ms} ms`);
  },
);

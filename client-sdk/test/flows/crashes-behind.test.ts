/** Clients that are killed while they take in what they have missed. */
import { afterAll, beforeAll, expect, test } from "vitest";

import type { Client } from "../../src/node.ts";
import { settle } from "../world/kills.ts";
import { openMortal } from "../world/mortal.ts";
import { startServer, type TestServer } from "../world/server.ts";
import { founded, textsIn } from "../world/waiting.ts";

const full = process.env["TREEHOUSE_SCALE"] === "full";
const commits = full ? 60 : 4;
/** Of the moments before and after each COMMIT, and when an answer comes. */
const deaths = full ? Array.from({ length: 40 }, (_, index) => index + 1) : [5, 8, 11, 15];

let server: TestServer;
let alice: Client;

beforeAll(async () => {
  server = await startServer();
  alice = await server.register("alice");
});

afterAll(() => server[Symbol.asyncDispose]());

test(
  "R-057 R-019 who is far behind takes in several commits at once, and may die between any two steps",
  { timeout: full ? 600_000 : 60_000 },
  async () => {
    const bob = await server.register("bob");
    const [room] = await founded(alice, "behind", [bob]);
    if (room === undefined) throw new Error("nobody is in the room");
    await bob.caughtUp();
    await bob.close();
    let died = 0;
    let told = 0;
    for (const death of deaths) {
      for (let count = 0; count < commits; count += 1) await room.rename(`${death} ${count}`);
      told += commits;
      await room.send(`before death ${death}`);
      const doomed = await openMortal(server, "bob");
      doomed.arm(death);
      await Promise.race([doomed.client.caughtUp().catch(() => undefined), doomed.died]);
      if (await doomed.end()) died += 1;
      const back = await openMortal(server, "bob");
      await settle(back);
      const theirs = await back.client.conversations.get(room.id);
      const [here, there] = [await room.info(), await theirs.info()];
      expect(there.epochAuthenticator).toBe(here.epochAuthenticator);
      expect(there.name).toBe(`${death} ${commits - 1}`);
      expect(await textsIn(theirs)).toEqual(await textsIn(room));
      const items = await theirs.history({ limit: 10_000 });
      const positions = items.map(({ position }) => position);
      expect(new Set(positions).size).toBe(positions.length);
      const renamed = items.filter(
        (item) => item.kind === "membership" && item.about !== undefined,
      );
      expect(renamed).toHaveLength(told);
      expect(items.map(({ kind }) => kind)).not.toContain("fault");
      await back.client.close();
    }
    expect(died).toBeGreaterThan(0);

    const many = full ? 40 : 28;
    for (let count = 0; count < many; count += 1) await room.rename(`unhurt ${count}`);
    const unhurt = await openMortal(server, "bob");
    unhurt.arm(undefined);
    await unhurt.client.caughtUp();
    // One by one each of them takes three transactions, with a moment before and one after.
    expect(unhurt.moments()).toBeLessThan(4 * many);
    await unhurt.client.close();
  },
);

import { once } from "node:events";
import { createServer } from "node:http";
import { afterEach, expect, test } from "vitest";
import { calm } from "../../../packages/testkit/src/index.ts";
import { befriend } from "../../../client-sdk/test/world/friends.ts";
import { createOperator } from "../federation-e2e/operator.ts";
import { gather, has, keptBy } from "../federation-e2e/people.ts";
import { startFederatedWorld } from "../federation-e2e/world.ts";
import type { FederatedWorld } from "../federation-e2e/world.ts";
import { costOf } from "../hostile-peer/siege.ts";

const full = process.env["TREEHOUSE_SCALE"] === "full";
const count = full ? 600 : 40;

let world: FederatedWorld | undefined;
const closers: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0)) await close();
  await world?.[Symbol.asyncDispose]();
});

/** What a third server does, until what is given back makes it well again. */
const illnesses: readonly [string, (there: FederatedWorld) => Promise<() => Promise<void>>][] = [
  [
    "takes requests and never answers",
    async ({ link }) => {
      link("alpha", "gamma").set({ link: "silent" });
      return async () => link("alpha", "gamma").set(calm);
    },
  ],
  [
    "takes one octet at a time",
    async ({ link }) => {
      link("alpha", "gamma").set({ octetsPerSecond: 20 });
      return async () => {
        // What trickles goes on trickling: the connections have to go.
        link("alpha", "gamma").set({ link: "down" });
        link("alpha", "gamma").set(calm);
      };
    },
  ],
  [
    "answers 500 to everything",
    async ({ server }) => {
      const gamma = server("gamma");
      await gamma.kill();
      const stub = createServer((request, response) => {
        request.resume();
        response.writeHead(500).end("no");
      });
      stub.listen(Number(new URL(gamma.url).port), "127.0.0.1");
      await once(stub, "listening");
      const close = async (): Promise<void> => {
        stub.closeAllConnections();
        await new Promise((resolve) => stub.close(resolve));
      };
      closers.push(close);
      return async () => {
        closers.length = 0;
        await close();
        await gamma.start();
      };
    },
  ],
];

test.each(illnesses)(
  "H-19 FED-935 a server that %s delays nobody else's messages, costs a bounded amount, and misses nothing",
  { timeout: full ? 600_000 : 120_000 },
  async (_what, fallIll) => {
    world = await startFederatedWorld({ names: ["alpha", "beta", "gamma"], seed: 1 });
    const alice = await world.register("alice@alpha.example");
    const bob = await world.register("bob@beta.example");
    const carol = await world.register("carol@gamma.example");
    const operator = await createOperator(world.server("alpha"));
    await befriend(alice, bob);
    await befriend(alice, carol);
    const id = await gather([alice, bob, carol], "three");
    const conversation = await alice.conversations.get(id);
    await conversation.send("all are well");
    await has(carol, id, 1);

    const recover = await fallIll(world);
    const before = costOf(world.server("alpha").pid());
    const asked = world.link("alpha", "gamma").counts.requests;
    for (let sent = 0; sent < count; sent += 4) {
      await Promise.all([0, 1, 2, 3].map((more) => conversation.send(`${sent + more}`)));
    }
    // The healthy one gets every message while the other one has not taken a single one.
    await has(bob, id, count + 1);
    const waiting = async (domain: string): Promise<number | undefined> =>
      (await operator.peers()).find((peer) => peer.domain === domain)?.backlog;
    expect(await waiting("gamma.example")).toBe(count);
    expect(await keptBy(carol, id)).toHaveLength(1);
    const after = costOf(world.server("alpha").pid());
    // Two batches are on their way at most, and what failed is not tried faster and faster.
    expect(world.link("alpha", "gamma").counts.requests - asked).toBeLessThan(40);
    expect(after.files - before.files).toBeLessThan(20);
    expect(after.bytes - before.bytes).toBeLessThan(64 * 1024 * 1024);

    await recover();
    await operator.retry("gamma.example");
    await has(carol, id, count + 1);
    expect(await keptBy(carol, id)).toEqual(await keptBy(bob, id));
    expect(await waiting("gamma.example")).toBe(0);
  },
);

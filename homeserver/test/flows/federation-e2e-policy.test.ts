import { readFileSync, statSync } from "node:fs";
import { afterEach, expect, test } from "vitest";
import type { Client } from "../../../client-sdk/src/node.ts";
import { befriend } from "../../../client-sdk/test/world/friends.ts";
import { until } from "../../../client-sdk/test/world/waiting.ts";
import { createOperator } from "../federation-e2e/operator.ts";
import { gather, has, joined, keptBy, storedLog } from "../federation-e2e/people.ts";
import { recordWire } from "../federation-e2e/wire.ts";
import { startFederatedWorld } from "../federation-e2e/world.ts";
import type { FederatedWorld } from "../federation-e2e/world.ts";

let world: FederatedWorld | undefined;

afterEach(async () => {
  await world?.[Symbol.asyncDispose]();
});

async function say(client: Client, id: string, text: string): Promise<number> {
  return (await (await client.conversations.get(id)).send(text)).position;
}

/** The code with which the client's own call was refused; undefined if it was not. */
async function codeOf(act: Promise<unknown>): Promise<unknown> {
  try {
    await act;
    return undefined;
  } catch (error) {
    return error instanceof Error && "code" in error ? error.code : error;
  }
}

test(
  "R-015 R-062 FED-948 a removed member's server gets nothing more of the room, until somebody of it is added again",
  { timeout: 120_000 },
  async () => {
    world = await startFederatedWorld({ names: ["alpha", "beta"], seed: 1 });
    const [alice, ann, bob, dave] = [
      await world.register("alice@alpha.example"),
      await world.register("ann@alpha.example"),
      await world.register("bob@beta.example"),
      await world.register("dave@alpha.example"),
    ];
    await befriend(alice, bob);
    const id = await gather([alice, ann, bob], "room");
    const beside = (await alice.conversations.dm(bob.me.address)).id;
    await joined(bob, beside);
    await say(alice, id, "before");
    await has(bob, id, 1);

    const wire = recordWire(world.link("alpha", "beta"));
    const room = await alice.conversations.get(id);
    const gone = new Promise<void>((resolve) => {
      bob.on("removed", (event) => {
        if (event.room === id) resolve();
      });
    });
    await room.remove([bob.me.address]);
    await gone;
    const log = storedLog(world.server("beta"), id);
    const last = Math.max(...log.keys());
    const secret = "said-without-bob-".padEnd(400, "x");
    for (let count = 0; count < 10; count += 1) {
      await say(count % 2 === 0 ? alice : ann, id, `${secret} ${count}`);
    }
    await room.add([dave.me.address]);

    // One stream goes to a server: what comes after all this has overtaken nothing. A head follows
    // the entries that it covers, so that those of the other room come later still.
    for (let count = 0; count < 3; count += 1) {
      const position = await say(alice, beside, `marker ${count}`);
      await has(bob, beside, count + 1);
      await arrives(() => wire.heads().some((head) => at(head, beside) >= position), world);
    }
    const beyond = (one: { readonly room: string; readonly position: number }): boolean =>
      at(one, id) > last;
    expect(wire.entries().filter((entry) => at(entry, id) === last).length).toBeGreaterThan(0);
    expect(wire.entries().filter(beyond)).toEqual([]);
    expect(wire.heads().filter(beyond)).toEqual([]);
    expect(storedLog(world.server("beta"), id)).toEqual(log);
    const there = storedLog(world.server("alpha"), id);
    const unseen = [...there].filter(([position]) => position > last);
    expect(unseen.length).toBeGreaterThan(10);
    const files = filesOf(world.server("beta").databasePath);
    for (const [, octets] of unseen) {
      expect(files.includes(Buffer.from(octets, "base64").subarray(-200))).toBe(false);
    }
    // The search finds what is there.
    const known = Buffer.from(log.get(last) ?? "", "base64").subarray(-200);
    expect(files.includes(known)).toBe(true);

    await room.add([bob.me.address]);
    await joined(bob, id);
    await say(ann, id, "together again");
    await until(bob, async () => (await keptBy(bob, id)).some(({ text }) => /again/.test(text)));
    expect((await keptBy(bob, id)).map(({ text }) => text)).toEqual(["before", "together again"]);
    const again = storedLog(world.server("beta"), id);
    expect(
      [...again.keys()].filter((position) => unseen.some(([one]) => one === position)),
    ).toEqual([]);
  },
);

function at(one: { readonly room: string; readonly position: number }, room: string): number {
  return one.room === room ? one.position : -1;
}

/** Looks again whenever something has gone over one of the links. */
async function arrives(holds: () => boolean, { links }: FederatedWorld): Promise<void> {
  let wake: () => void = () => undefined;
  const stops = links.map((link) => link.onArrived(() => wake()));
  try {
    while (!holds()) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  } finally {
    for (const stop of stops) stop();
  }
}

function filesOf(path: string): Buffer {
  const names = [path, `${path}-wal`].filter(
    (name) => statSync(name, { throwIfNoEntry: false }) !== undefined,
  );
  return Buffer.concat(names.map((name) => readFileSync(name)));
}

test(
  "R-013 FED-917 a denied server is refused both ways from the next request on, with a typed error; others are not",
  { timeout: 120_000 },
  async () => {
    world = await startFederatedWorld({ names: ["alpha", "beta", "gamma"], seed: 2 });
    const [alice, bob, carol] = [
      await world.register("alice@alpha.example"),
      await world.register("bob@beta.example"),
      await world.register("carol@gamma.example"),
    ];
    const operator = await createOperator(world.server("alpha"));
    await befriend(alice, bob);
    await befriend(alice, carol);
    await befriend(bob, carol);
    const hosted = await gather([alice, bob, carol], "hosted by alpha");
    const followed = await gather([bob, alice, carol], "hosted by beta");
    await say(bob, hosted, "before");
    await say(alice, followed, "before");

    const before = performance.now();
    await operator.deny("beta.example");
    const codes = await Promise.all([
      codeOf(say(bob, hosted, "from the denied server")),
      codeOf(say(alice, followed, "to the denied server")),
      codeOf(alice.contacts.request("ben@beta.example")),
      codeOf(bob.contacts.request("ann@alpha.example")),
      codeOf(alice.contacts.find("ben@beta.example")),
      codeOf(bob.contacts.find("ann@alpha.example")),
    ]);
    const ms = performance.now() - before;
    process.stdout.write(`denied: refused both ways after ${ms.toFixed(0)} ms\n`);
    expect(codes.slice(0, 3)).toEqual(["peerDenied", "peerDenied", "peerDenied"]);
    expect(codes.slice(4)).toEqual(["peerDenied", "peerDenied"]);

    // Whoever is not denied notices nothing, in either room.
    await say(carol, hosted, "carol to alpha");
    await say(carol, followed, "carol to beta");
    await say(alice, hosted, "alice while denied");
    await has(carol, hosted, 3);
    await has(bob, followed, 2);
    const wire = recordWire(world.link("alpha", "beta"));
    await say(alice, hosted, "and once more");
    expect(wire.requests).toEqual([]);
    const peers = await operator.peers();
    expect(peers.find(({ domain }) => domain === "beta.example")).toMatchObject({ policy: "deny" });

    // What was accepted meanwhile waits, and comes when it may.
    await operator.lift("beta.example");
    await has(bob, hosted, 4);
    await has(alice, followed, 2);
    await say(bob, hosted, "again");
    await say(alice, followed, "again");
    for (const [id, count] of [
      [hosted, 5],
      [followed, 3],
    ] as const) {
      for (const client of [alice, bob, carol]) await has(client, id, count);
      const kept = await Promise.all([alice, bob, carol].map((client) => keptBy(client, id)));
      expect(kept[1]).toEqual(kept[0]);
      expect(kept[2]).toEqual(kept[0]);
      expect(kept[0]?.filter(({ text }) => text.includes("denied server"))).toEqual([]);
    }
  },
);

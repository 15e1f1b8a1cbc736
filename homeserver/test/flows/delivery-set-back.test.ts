import { decodeEntry, encodeEntry } from "@treehouse/protocol";
import { afterEach, beforeEach, expect, test } from "vitest";
import { backUp, settle } from "../delivery/backed-up.ts";
import { rejoin } from "../delivery/external.ts";

import { startPair } from "../delivery/pair.ts";
import type { Pair } from "../delivery/pair.ts";
import type { Person } from "../delivery/person.ts";
import type { Seat } from "../delivery/seat.ts";
import { deliveryOf } from "../delivery/two-servers.ts";
import type { TwoServers } from "../delivery/two-servers.ts";

const jump = 2 ** 32;
const hour = 3_600_000;
let pair: Pair;
let servers: TwoServers;
let bob: Person;

beforeEach(async () => {
  pair = await startPair();
  ({ servers, bob } = pair);
});

afterEach(() => pair[Symbol.asyncDispose]());

/** Bob has read the room so far, and says so. */
async function acknowledge({ room }: Seat): Promise<void> {
  const { queuing, database } = servers.follower;
  const { head } = await database.read((tx) => queuing.readLog(tx, room, { after: 0 }));
  const reader = await queuing.attach(bob.client);
  reader.acknowledge([{ stream: room, position: head }]);
  reader.detach();
  await queuing.flush();
}

/** What Bob's client is told of positions that the hub has forgotten. */
async function forgotten({ room }: Seat): Promise<readonly (readonly [number, number])[]> {
  const reader = await servers.follower.queuing.attach(bob.client);
  const { items } = await reader.page(room);
  reader.detach();
  return items.flatMap((item) =>
    item.kind === "gap" && item.reason === "restored" ? [[item.from, item.to] as const] : [],
  );
}

test("FED-416 FED-957 what a hub forgot is told although the last entry that it knows has expired here", async () => {
  const [a, b] = await pair.openRoom();
  await a.say("in the backup");
  await servers.flush();
  const restore = await backUp(pair);
  await b.say("forgotten");
  await servers.flush();
  await acknowledge(b);
  servers.follower.advance(49 * hour);
  await servers.follower.queuing.retain();
  await restore();
  await settle(servers);
  await servers.flush();
  expect(await forgotten(b)).toEqual([[3, jump + 2]]);
});

test("FED-416 FED-957 what a hub forgot is told each time that the same backup is put back", async () => {
  const [, b] = await pair.openRoom();
  const restore = await backUp(pair);
  await b.say("forgotten");
  await servers.flush();
  await restore();
  await settle(servers);
  const { seat } = await rejoin(b);
  await seat.say("forgotten the second time");
  await servers.flush();
  await acknowledge(b);
  await restore({ termMin: 9, positionMin: 2 ** 40 });
  await settle(servers);
  await servers.flush();
  expect(await forgotten(b)).toEqual([[2, 2 ** 40]]);
});

test("FED-416 FED-957 what a hub forgot is told although much was said before", async () => {
  const [a, b] = await pair.openRoom();
  const long = "x".repeat(60_000);
  for (let count = 0; count < 20; count += 1) await a.say(long);
  await servers.flush();
  const restore = await backUp(pair);
  await b.say("forgotten");
  await servers.flush();
  await acknowledge(b);
  await restore();
  await settle(servers);
  await servers.flush();
  expect(await forgotten(b)).toEqual([[22, jump + 21]]);
});

test.each(["", "1", "x"])(
  "FED-957 of a hub that does not name what it knows, but says %j, all that is kept counts as forgotten",
  async (detail) => {
    const [a, b] = await pair.openRoom();
    await a.say("in the backup");
    await servers.flush();
    const restore = await backUp(pair);
    await b.say("forgotten");
    await servers.flush();
    await acknowledge(b);
    await restore();
    await settle(servers);
    const [item] = servers.outbox.splice(0).map(deliveryOf);
    if (item === undefined) throw new Error();
    const entry = encodeEntry(Object.assign({}, decodeEntry(item.entry), { detail }));
    const { head } = item;
    servers.answered = (events) => ({ ...events, entries: [entry], head });
    await servers.deliver([{ ...item, entry }]);
    await servers.follower.delivery.close();
    expect(await forgotten(b)).toEqual([[1, jump + 2]]);
  },
);

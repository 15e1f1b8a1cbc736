import {
  copyBytes,
  decodeEntry,
  encodeEntry,
  LIMITS,
  mintRoomUri,
  parseDomain,
  submitMessageResponseCodec,
  toHex,
} from "@treehouse/protocol";
import type { Bytes, RoomUri } from "@treehouse/protocol";
import { afterEach, beforeEach, expect, test } from "vitest";
import { startPair } from "../delivery/pair.ts";
import type { Pair } from "../delivery/pair.ts";
import type { Rig } from "../delivery/rig.ts";

let pair: Pair;
/** What each server pushes to its connected clients. */
let [atHub, atFollower]: [Bytes[], Bytes[]] = [[], []];

beforeEach(async () => {
  pair = await startPair();
  [atHub, atFollower] = [noted(pair.servers.hub), noted(pair.servers.follower)];
});

afterEach(() => pair[Symbol.asyncDispose]());

function noted({ queuing }: Rig): Bytes[] {
  const passed: Bytes[] = [];
  queuing.notify({
    appended() {},
    passed: (_, bytes) => void passed.push(copyBytes(bytes)),
    jumped() {},
    subscriptionChanged() {},
    clientDeleted() {},
  });
  return passed;
}

test("FED-861 FED-863 a follower pushes the octets that the hub has passed on, and keeps nothing", async () => {
  const { servers } = pair;
  const [a] = await pair.openRoom();
  const before = [await servers.hub.contents(), await servers.follower.contents()];
  await a.submit(await a.whisper("typing"));
  expect(atHub).toHaveLength(1);
  expect(servers.passing.map(toHex)).toEqual(atHub.map(toHex));
  for (const entry of servers.passing) {
    await servers.follower.delivery.followed.pass(servers.hub.domain, entry);
  }
  expect(atFollower.map(toHex)).toEqual(atHub.map(toHex));
  expect([await servers.hub.contents(), await servers.follower.contents()]).toEqual(before);
});

test("FED-860 a follower's client has its own passed on by the hub, to both servers", async () => {
  const { servers } = pair;
  const [, b] = await pair.openRoom();
  const before = [await servers.hub.contents(), await servers.follower.contents()];
  const answer = await b.submit(await b.whisper("typing"));
  const response = submitMessageResponseCodec.decode(answer.body);
  expect(response).toMatchObject({ status: "accepted", position: 0 });
  expect(servers.passing.map(toHex)).toEqual(atHub.map(toHex));
  expect(atHub).toHaveLength(1);
  expect([await servers.hub.contents(), await servers.follower.contents()]).toEqual(before);
});

test("FED-863 what is not an ephemeral entry of the room's hub is dropped, whatever it is", async () => {
  const { servers } = pair;
  const [a] = await pair.openRoom();
  const [other] = await pair.openRoom();
  await a.submit(await a.whisper("typing"));
  const [good] = servers.passing;
  if (good === undefined) throw new Error("nothing was passed on");
  const entry = decodeEntry(good);
  if (entry.kind !== "application") throw new Error(entry.kind);
  const changed = (changes: Partial<typeof entry>): Bytes => encodeEntry({ ...entry, ...changes });
  const unknown: RoomUri = mintRoomUri(servers.hub.domain, (length) => new Uint8Array(length));
  const large = new Uint8Array(LIMITS.ephemeralMessageBytesMax + 1);
  const before = await servers.follower.contents();
  const { followed } = servers.follower.delivery;
  await followed.pass(parseDomain("mallory.example"), good);
  for (const bytes of [
    changed({ room: unknown }),
    changed({ generation: entry.generation + 1 }),
    changed({ term: entry.term - 1 }),
    changed({ message: large }),
    changed({ ephemeral: false, position: 9 }),
    good.slice(0, 40),
    new Uint8Array(0),
  ]) {
    await followed.pass(servers.hub.domain, bytes);
  }
  expect(atFollower).toEqual([]);
  expect(await servers.follower.contents()).toBe(before);
  await followed.pass(servers.hub.domain, changed({ room: other.room }));
  expect(atFollower).toHaveLength(1);
});

test("FED-862 in a batch it is rejected, and what stands beside it is taken", async () => {
  const { servers } = pair;
  const [a, b] = await pair.openRoom();
  await a.submit(await a.whisper("typing"));
  const [entry] = servers.passing;
  if (entry === undefined) throw new Error("nothing was passed on");
  const item = {
    entry,
    head: undefined,
    groupInfo: undefined,
    welcomes: [],
    introduction: undefined,
  };
  expect(await servers.deliver([item])).toEqual(["malformed"]);
  await a.say("kept");
  await servers.flush();
  await b.sync();
  expect(b.texts).toEqual(["kept"]);
  expect(atFollower).toEqual([]);
});

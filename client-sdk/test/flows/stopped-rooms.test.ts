import {
  type ClientFrame,
  mintRoomUri,
  parseDomain,
  parseRoomUri,
  Refusal,
  refusedFrame,
  type RoomUri,
  type ServerFrame,
} from "@treehouse/protocol";
import { expect, test } from "vitest";

import { password, startServer } from "../world/server.ts";
import { openTampered } from "../world/tampered.ts";
import { founded, heard, next, reads } from "../world/waiting.ts";

test("FED-952 what is said in a room that the own server has stopped is told of, and waits", async () => {
  await using server = await startServer();
  const bob = await server.register("bob");
  let isStopped = false;
  const stopped = new Refusal("roomStopped", "its hub contradicts itself", { retryAfterMs: 50 });
  const answer = (frame: ClientFrame): ServerFrame | undefined =>
    isStopped && frame.type === "submit" ? refusedFrame(frame.requestId, stopped) : undefined;
  const alice = await openTampered(server, "alice", { answer }, { password, register: {} });
  const [room] = await founded(alice, "room", [bob]);
  if (room === undefined) throw new Error("no room");
  const faults = heard(alice, "fault");
  const told = next(alice, "fault", ({ code }) => code === "roomStopped");
  isStopped = true;
  const said = [room.send("one"), room.send("two")];
  expect((await told).room).toBe(room.id);
  isStopped = false;
  await Promise.all(said);
  await reads(bob, room.id, "one");
  await reads(bob, room.id, "two");
  expect(faults.map(({ code }) => code)).toEqual(["roomStopped"]);
});

test("FED-417 who only reads in a room that the own server has stopped is told, once each time", async () => {
  await using server = await startServer();
  const bob = await server.register("bob");
  // One that it has never been in.
  const other = mintRoomUri(parseDomain("localhost"), (length) => new Uint8Array(length));
  let stopped: RoomUri | undefined;
  const frame = (one: ServerFrame): readonly ServerFrame[] =>
    stopped === undefined || one.type !== "entry"
      ? [one]
      : [one, ...[stopped, other, stopped].map((room) => ({ type: "stopped", room }) as const)];
  const alice = await openTampered(server, "alice", { frame }, { password, register: {} });
  const [room] = await founded(alice, "room", [bob]);
  if (room === undefined) throw new Error("no room");
  const bobs = await bob.conversations.get(room.id);
  const faults = heard(alice, "fault");
  for (const text of ["one", "two"]) {
    const told = next(alice, "fault", ({ code }) => code === "roomStopped");
    stopped = parseRoomUri(room.id);
    await bobs.send(text);
    expect((await told).room).toBe(room.id);
    stopped = undefined;
    await bobs.send(`behind ${text}`);
    await reads(alice, room.id, `behind ${text}`);
  }
  expect(faults.map(({ code }) => code)).toEqual(["roomStopped", "roomStopped"]);
});

import { expect, test } from "vitest";
import { decodeText } from "../streams/reading.ts";
import { StreamServer } from "../streams/stream-server.ts";

test("FED-417 who reads a room is told at once that it is stopped, and nobody else is", async () => {
  await using server = await StreamServer.open();
  const [room, other] = [server.room(), server.room()];
  const [alice, bob] = [server.device("alice"), server.device("bob")];
  await server.subscribe(alice, room);
  await server.subscribe(bob, other);
  await server.append(room, "before");
  const [reads, elsewhere] = [await alice.connect(), await bob.connect()];
  await Promise.all([reads.caughtUp(), elsewhere.caughtUp()]);
  server.stop(room);
  await reads.until((frames) => frames.some(({ type }) => type === "stopped"));
  expect(reads.frames.at(-1)).toEqual({ type: "stopped", room });
  await server.append(other, "goes on");
  await elsewhere.until(() => elsewhere.entries().length > 0);
  expect(elsewhere.count("stopped")).toBe(0);
  await Promise.all([reads.close(), elsewhere.close()]);
});

test("FED-417 whoever connects is told for as long as it lasts, and reads what there is", async () => {
  await using server = await StreamServer.open();
  const [room, other] = [server.room(), server.room()];
  const alice = server.device("alice");
  await server.subscribe(alice, room);
  await server.append(room, "before");
  server.stop(room);
  server.stop(other);
  const first = await alice.connect();
  await first.until((frames) => frames.some(({ type }) => type === "stopped"));
  await first.caughtUp();
  expect(first.frames.filter(({ type }) => type === "stopped")).toEqual([
    { type: "stopped", room },
  ]);
  expect(first.entries().map(decodeText)).toEqual(["before"]);
  await first.close();
  server.goOn(room);
  const second = await alice.connect();
  await server.append(room, "after");
  await second.until(() => second.entries().length > 1);
  expect(second.count("stopped")).toBe(0);
  await second.close();
});

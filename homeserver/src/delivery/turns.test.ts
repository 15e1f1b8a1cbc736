import { mintRoomUri, parseDomain } from "@treehouse/protocol";
import { expect, test } from "vitest";
import { createTurns } from "./turns.ts";

const room = (value: number) =>
  mintRoomUri(parseDomain("example.org"), (length) => new Uint8Array(length).fill(value));

test("turns of one room are taken one after another, also when one fails", async () => {
  const turns = createTurns();
  const events: string[] = [];
  const act = (name: string, fails = false) =>
    turns.take(room(1), async () => {
      events.push(`${name} begins`);
      await Promise.resolve();
      events.push(`${name} ends`);
      if (fails) throw new Error(name);
      return name;
    });
  const outcomes = await Promise.allSettled([act("a"), act("b", true), act("c")]);
  expect(outcomes.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
  expect(events).toEqual(["a begins", "a ends", "b begins", "b ends", "c begins", "c ends"]);
  expect(await act("d")).toBe("d");
});

test("turns of different rooms do not wait for each other", async () => {
  const turns = createTurns();
  const events: string[] = [];
  let open = (): void => {};
  const waiting = turns.take(room(1), async () => {
    await new Promise<void>((resolve) => {
      open = resolve;
    });
    events.push("first room");
  });
  await turns.take(room(2), async () => {
    events.push("second room");
  });
  open();
  await waiting;
  expect(events).toEqual(["second room", "first room"]);
});

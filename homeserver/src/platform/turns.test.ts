import { expect, test } from "vitest";
import { createTurns } from "./turns.ts";

test("turns of one key are taken one after another, also when one fails", async () => {
  const turns = createTurns<number>();
  const events: string[] = [];
  const act = (name: string, fails = false) =>
    turns.take(1, async () => {
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

test("turns of different keys do not wait for each other", async () => {
  const turns = createTurns<number>();
  const events: string[] = [];
  let open = (): void => {};
  const waiting = turns.take(1, async () => {
    await new Promise<void>((resolve) => {
      open = resolve;
    });
    events.push("first");
  });
  await turns.take(2, async () => {
    events.push("second");
  });
  open();
  await waiting;
  expect(events).toEqual(["second", "first"]);
});

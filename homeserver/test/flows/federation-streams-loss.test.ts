import { Refusal } from "@treehouse/protocol";
import fc from "fast-check";
import { expect, test } from "vitest";
import { north, south, TwoIslands } from "../federation/two-islands.ts";

const full = process.env["TREEHOUSE_SCALE"] === "full";
const numRuns = full ? 500 : 12;

const kinds = fc.oneof(
  { weight: 5, arbitrary: fc.constantFrom("say", "pass") },
  { weight: 3, arbitrary: fc.constantFrom("tell", "expire", "mend") },
  { weight: 2, arbitrary: fc.constantFrom("kill", "start", "cut", "lose", "refuse") },
);
const step = fc.tuple(kinds, fc.nat(1), fc.integer({ min: 1, max: 100 }));

test(
  "FED-943 whatever is gone or fails: all that is left arrives, in order and once",
  async () => {
    const property = fc.asyncProperty(
      fc.nat(),
      fc.array(step, { minLength: 10, maxLength: 30, size: "max" }),
      async (seed, steps) => {
        await using islands = await TwoIslands.open(seed);
        const { world, hub, follower, channel } = islands;
        const rooms = [islands.room, islands.newRoom()];
        const told: string[] = [];
        follower.behaviour.gaps = true;
        const acts: Readonly<
          Record<string, (which: number, size: number) => Promise<void> | void>
        > = {
          say: (which, size) => islands.say(size, "m", rooms[which]),
          tell: () => {
            if (!hub.isUp) return;
            told.push(`${told.length}`);
            void hub.tell(south, `${told.length - 1}`);
          },
          // The newest entry of a room stays.
          expire: (which, size) =>
            hub.transaction((tx) => {
              const room = rooms[which] ?? islands.room;
              const last = hub.tables.last(tx, room)?.position ?? 0;
              hub.tables.expire(tx, room, Math.min(last - 1, Math.ceil((last * size) / 100)));
            }),
          kill: (which) => (which === 0 ? hub : follower).kill(),
          start: (which) => (which === 0 ? hub : follower).start(),
          cut: (which) => (which === 0 ? channel.cut(north, south) : channel.cut(south, north)),
          lose: (_, size) => void (channel.weather.loss = size / 200),
          refuse: (which) => {
            follower.behaviour.intercept = () => {
              throw new Refusal(which === 0 ? "malformed" : "internal", "everything");
            };
          },
          mend: () => {
            channel.mend();
            channel.weather.loss = 0;
            follower.behaviour.intercept = undefined;
          },
          pass: (_, size) => world.advance(size ** 2),
        };
        for (const [kind, which, size] of steps) {
          await acts[kind]?.(which, size);
          await world.settle();
        }
        await acts["mend"]?.(0, 0);
        await hub.start();
        await follower.start();
        await world.advance(120_000);
        expect(await follower.read((tx) => follower.tables.notes(tx))).toEqual(told);
        for (const room of rooms) {
          const left = await hub.read((tx) => hub.tables.log(tx, room));
          const received = await islands.received(room);
          const positions = received.map(({ position }) => position);
          expect(positions).toEqual([...new Set(positions)].toSorted((a, b) => a - b));
          const arrived = new Map(received.map((each) => [each.position, each]));
          expect(left.map(({ position }) => arrived.get(position))).toEqual(left);
        }
        expect([...hub.wrongs, ...follower.wrongs]).toEqual([]);
        expect(await islands.rows()).toBe(0);
      },
    );
    await fc.assert(property, { numRuns });
  },
  full ? 1_800_000 : 120_000,
);

test("FED-947 what a way swallowed goes again in moments, once the way is well and was quick before", async () => {
  await using islands = await TwoIslands.open();
  const { world, channel } = islands;
  for (let count = 0; count < 200; count += 1) {
    islands.say(1);
    await world.advance(20);
  }
  channel.cut(north, south);
  islands.say(2, "swallowed");
  await world.advance(500);
  channel.mend();
  const before = (await islands.received(islands.room)).length;
  await world.advance(4_000);
  expect((await islands.received(islands.room)).length - before).toBe(2);
});

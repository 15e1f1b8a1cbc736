import fc from "fast-check";
import { expect, test } from "vitest";
import { StreamModel } from "../federation/stream-model.ts";
import type { Step } from "../federation/stream-model.ts";

const full = process.env["TREEHOUSE_SCALE"] === "full";
const numRuns = full ? 2_000 : 40;

const who = fc.nat({ max: 1 });
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant("say" as const),
      who,
      room: fc.nat({ max: 1 }),
      count: fc.oneof(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 700 })),
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constantFrom("tell", "takeBack", "start"), who }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom("kill"), who }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("crash" as const),
      who,
      transaction: fc.integer({ min: 1, max: 12 }),
      after: fc.boolean(),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("cut" as const), from: who, to: who }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("mend" as const) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("weather" as const),
      loss: fc.constantFrom(0, 0.1, 0.4),
      duplication: fc.constantFrom(0, 0.3),
      delayMs: fc.constantFrom(0, 5, 400),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant("pass" as const),
      ms: fc.constantFrom(1, 20, 300, 1_500, 25_000, 90_000),
    }),
  },
);

test(
  "R-015 FED-940 whatever is lost, doubled, overtaken, cut or killed: all arrives, in order, once",
  async () => {
    let received = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.nat(),
        fc.array(step, { minLength: 10, maxLength: 40, size: "max" }),
        async (seed, steps) => {
          const model = await StreamModel.open(seed);
          try {
            for (const each of steps) await model.perform(each);
            await model.finish();
            received += await model.received();
          } finally {
            await model.close();
          }
        },
      ),
      { numRuns },
    );
    expect(received, "the runs deliver something").toBeGreaterThan(numRuns * 10);
  },
  full ? 1_800_000 : 120_000,
);

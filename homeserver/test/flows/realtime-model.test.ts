import fc from "fast-check";
import { expect, test } from "vitest";
import { StreamModel } from "../streams/model.ts";
import type { Step } from "../streams/model.ts";
import { StreamServer } from "../streams/stream-server.ts";

const full = process.env["TREEHOUSE_SCALE"] === "full";
const numRuns = full ? 1_000 : 25;
const sizes = { rooms: 2, readers: 2 };

const who = fc.nat({ max: sizes.readers - 1 });
const room = fc.nat({ max: sizes.rooms - 1 });
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant("append" as const),
      room,
      count: fc.integer({ min: 1, max: 8 }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constantFrom("join", "welcome", "remove"), who, room }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("connect" as const),
      who,
      withCursors: fc.boolean(),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constantFrom("disconnect", "acknowledgeInbox"), who }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant("acknowledge" as const),
      who,
      room,
      share: fc.constantFrom(0, 0.3, 0.6, 1),
      overHttp: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom("flush", "crash", "restart") }) },
);

test(
  "R-008 whatever happens, each reader gets all it may read: in order, and once per connection",
  async () => {
    let server = await StreamServer.open({ cached: { clients: 1, streams: 2 } });
    let received = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { minLength: 20, maxLength: 60, size: "max" }),
        async (steps) => {
          const model = new StreamModel(server, sizes);
          try {
            await model.begin();
            for (const each of steps) await model.perform(each);
            await model.finish();
            received += model.received;
          } finally {
            server = model.server;
          }
        },
      ),
      { numRuns },
    );
    expect(received, "the runs deliver something").toBeGreaterThan(numRuns);
    expect(server.logLines.join("\n")).not.toMatch(/"level":"error"|entriesLost/);
    await server[Symbol.asyncDispose]();
  },
  full ? 1_200_000 : 60_000,
);

import { paths, submitMessageRequestCodec } from "@treehouse/protocol";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { enrolPerson } from "../delivery/person.ts";
import type { Answer, Person } from "../delivery/person.ts";
import { startRig } from "../delivery/rig.ts";
import type { Rig } from "../delivery/rig.ts";
import { openPair, prepareFounding, reserve } from "../delivery/rooms.ts";
import { askGroupInfo } from "../delivery/external.ts";

let rig: Rig;
let alice: Person;
let bob: Person;
let carol: Person;

beforeAll(async () => {
  rig = await startRig();
  alice = await enrolPerson(rig, "alice");
  bob = await enrolPerson(rig, "bob");
  carol = await enrolPerson(rig, "carol");
});

afterAll(async () => {
  await rig[Symbol.asyncDispose]();
});

test("R-018 one client's flood is refused with a time to wait, and others go on", async () => {
  const [a, b] = await openPair(alice, bob);
  const flood = await enrolPerson(rig, "flood");
  let refused: Answer | undefined;
  for (let count = 0; count < 700 && refused === undefined; count += 1) {
    const answer = await flood.request("POST", paths.leave(a.room), {});
    if (answer.status === 429) refused = answer;
  }
  expect(refused?.refusal?.code).toBe("rateLimited");
  expect(refused?.refusal?.data.retryAfterMs).toBeGreaterThan(0);
  await b.say("undisturbed");
});

test("no byte string, whatever it is, makes an endpoint fail", async () => {
  const [a] = await openPair(alice, bob);
  const seeds = [
    await a.seal("seed"),
    a.bundle(await a.prepare({ add: [await carol.keyPackage()] })),
    askGroupInfo(alice, a.room).request,
    (await prepareFounding(alice, await reserve(alice))).request,
  ];
  const reserved = await reserve(alice);
  const targets = [
    paths.messages(a.room),
    paths.update(a.room),
    paths.groupInfo(a.room),
    paths.found(reserved.room),
  ];
  const mutated = fc
    .tuple(
      fc.constantFrom(...seeds),
      fc.array(fc.tuple(fc.nat(), fc.integer({ min: 1, max: 255 })), {
        minLength: 1,
        maxLength: 4,
      }),
      fc.option(fc.nat(), { nil: undefined }),
    )
    .map(([seed, flips, cut]) => {
      const bytes = seed.slice(0, cut === undefined ? seed.length : cut % seed.length);
      for (const [at, mask] of flips) {
        if (bytes.length > 0) bytes[at % bytes.length] = (bytes[at % bytes.length] ?? 0) ^ mask;
      }
      return bytes;
    });
  const arbitrary = fc.oneof(
    { weight: 4, arbitrary: mutated },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 200 }).map((bytes) => bytes.slice()) },
  );
  await fc.assert(
    fc.asyncProperty(arbitrary, fc.constantFrom(...targets), async (bytes, path) => {
      const { status } = await alice.request("POST", path, new Uint8Array(bytes));
      expect(status).toBeLessThan(500);
    }),
    { numRuns: process.env["TREEHOUSE_SCALE"] === "full" ? 5000 : 400 },
  );
  await fc.assert(
    fc.asyncProperty(fc.string(), fc.string(), async (room, epoch) => {
      const path = `/v1/rooms/${encodeURIComponent(room)}/tree?epoch=${encodeURIComponent(epoch)}`;
      expect((await alice.request("GET", path)).status).toBeLessThan(500);
    }),
    { numRuns: 50 },
  );
  expect(rig.faults).toEqual([]);
  // In a room of its own: a ciphertext, a Welcome or a confirmation tag that was changed is nothing
  // that a hub can see, so that it may have been taken, and only members can refuse it.
  const [, unharmed] = await openPair(alice, bob);
  await unharmed.say("still here");
});

test("T-41 a poison item stops nobody: the next one arrives", async () => {
  const [a, b] = await openPair(alice, bob);
  const { message } = submitMessageRequestCodec.decode(await a.seal("spoilt"));
  const spoilt = message.slice();
  spoilt[spoilt.length - 1] = (spoilt[spoilt.length - 1] ?? 0) ^ 1;
  expect((await a.submit(a.submission(spoilt))).refusal).toBeUndefined();
  await expect(b.sync()).rejects.toMatchObject({ code: "invalidMessage" });
  await a.say("sound");
  await b.sync();
  expect(b.texts).toEqual(["sound"]);
});

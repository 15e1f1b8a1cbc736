import { paths, submitMessageRequestCodec } from "@treehouse/protocol";
import { afterAll, beforeAll, expect, test } from "vitest";
import { enrolPerson } from "../delivery/person.ts";
import type { Answer, Person } from "../delivery/person.ts";
import { startRig } from "../delivery/rig.ts";
import type { Rig } from "../delivery/rig.ts";
import { openPair } from "../delivery/rooms.ts";

let rig: Rig;
let alice: Person;
let bob: Person;

beforeAll(async () => {
  rig = await startRig();
  alice = await enrolPerson(rig, "alice");
  bob = await enrolPerson(rig, "bob");
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

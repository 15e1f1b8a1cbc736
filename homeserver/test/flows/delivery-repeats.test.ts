import {
  foundRoomResponseCodec,
  paths,
  submitMessageResponseCodec,
  updateRoomResponseCodec,
} from "@treehouse/protocol";
import type { Bytes } from "@treehouse/protocol";
import fc from "fast-check";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { enrolPerson, send } from "../delivery/person.ts";
import type { Person } from "../delivery/person.ts";
import { startRig } from "../delivery/rig.ts";
import { memorySecrets } from "../secrets.ts";
import type { Rig } from "../delivery/rig.ts";
import { foundRoom, openPair, prepareFounding, reserve } from "../delivery/rooms.ts";
import type { Seat } from "../delivery/seat.ts";

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

test("FED-224 a message whose answer was lost is repeated: the same answer, one entry", async () => {
  const [a, b] = await openPair(alice, bob);
  const request = await a.seal("once");
  const first = await a.submit(request);
  const after = await rig.contents();
  expect((await a.submit(request)).body).toEqual(first.body);
  expect(await rig.contents()).toBe(after);
  // Also when its epoch is long over, and when its sender is not in the room any more.
  for (let count = 0; count < 4; count += 1) await a.commit({});
  expect((await a.submit(request)).body).toEqual(first.body);
  rig.advance(10 * 60_000);
  expect((await a.submit(request)).body).toEqual(first.body);
  await alice.request("POST", paths.leave(a.room), {});
  expect((await a.submit(request)).body).toEqual(first.body);
  await b.sync();
  expect(b.texts).toEqual(["once"]);
  // Another client's request is another request.
  expect((await b.submit(request)).refusal?.code).toBe("clientMismatch");
});

test("the same message many times at once is accepted once", async () => {
  const [a, b] = await openPair(alice, bob);
  const request = await a.seal("all at once");
  const answers = await Promise.all(Array.from({ length: 20 }, () => a.submit(request)));
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
  for (const { body } of answers) expect(body).toEqual(answers[0]?.body);
  await b.sync();
  expect(b.texts).toEqual(["all at once"]);
});

test("FED-210 FED-224 a commit whose answer was lost is repeated: the same answer, one epoch", async () => {
  const a = await foundRoom(alice);
  const bundle = a.bundle(await a.prepare({ add: [await bob.keyPackage()] }));
  const [first, second] = await Promise.all([a.update(bundle), a.update(bundle)]);
  expect(second.body).toEqual(first.body);
  const after = await rig.contents();
  expect((await a.update(bundle)).body).toEqual(first.body);
  expect(await rig.contents()).toBe(after);
  await a.sync();
  await a.commit({});
  await a.commit({});
  expect((await a.update(bundle)).body).toEqual(first.body);
  const response = updateRoomResponseCodec.decode(first.body);
  expect(response.code === "success" && a.verifies(response.head)).toBe(true);
});

test("a founding whose answer was lost is repeated: the same answer, one room", async () => {
  const names = await reserve(alice);
  const { request } = await prepareFounding(alice, names);
  const found = () => alice.request("POST", paths.found(names.room), request);
  const [first, second] = await Promise.all([found(), found()]);
  expect(first.refusal).toBeUndefined();
  expect(second.body).toEqual(first.body);
  expect((await found()).body).toEqual(first.body);
  expect(foundRoomResponseCodec.decode(first.body).head.head.position).toBe(0);
  const another = await prepareFounding(alice, names);
  const refused = await alice.request("POST", paths.found(names.room), another.request);
  expect(refused.refusal?.code).toBe("roomExists");
});

test("answers are kept for 14 days", async () => {
  await using own = await startRig();
  const a = await foundRoom(await enrolPerson(own, "alice"));
  const request = await a.seal("old");
  const first = await a.submit(request);
  own.advance(13.9 * 24 * 3_600_000);
  await own.delivery.maintain();
  expect((await a.submit(request)).body).toEqual(first.body);
  own.advance(0.2 * 24 * 3_600_000);
  await own.delivery.maintain();
  // Whoever repeats so late takes a risk; with the epoch over it is refused.
  await a.sync();
  await a.commit({});
  own.advance(6 * 60_000);
  expect((await a.submit(request)).refusal?.code).toBe("epochTooOld");
});

test("FED-202 FED-203 positions and hashes follow each other whatever is refused in between", async () => {
  const a = await foundRoom(alice);
  const act = fc.constantFrom("good", "undecodable", "ahead", "foreign", "commit", "repeat");
  let sent: Bytes[] = [];
  await fc.assert(
    fc.asyncProperty(fc.array(act, { minLength: 1, maxLength: 12 }), async (acts) => {
      const [good, bundle] = [await a.seal("good"), a.bundle(await a.prepare({}))];
      const requests: (readonly [string, Bytes])[] = [];
      for (const kind of acts) {
        const bytes = kind === "commit" ? bundle : await requestOf(kind, a, good, sent);
        requests.push([kind, bytes]);
      }
      const answers = await Promise.all(
        requests.map(([kind, bytes]) => (kind === "commit" ? a.update(bytes) : a.submit(bytes))),
      );
      sent = requests.flatMap(([kind, bytes]) => (kind === "good" ? [bytes] : []));
      expect(answers.filter(({ status }) => status >= 500)).toEqual([]);
      const before = a.position;
      await a.sync();
      const positions = answers.flatMap(({ body, refusal }, index) => {
        if (refusal !== undefined || requests[index]?.[0] === "commit") return [];
        const response = submitMessageResponseCodec.decode(body);
        return response.status === "accepted" ? [response.position] : [];
      });
      // `sync` has followed the chain of hashes; every accepted position is in it.
      expect(positions.every((position) => position <= a.position)).toBe(true);
      expect(a.position - before).toBeLessThanOrEqual(acts.length);
    }),
    { numRuns: process.env["TREEHOUSE_SCALE"] === "full" ? 100 : 12, endOnFailure: true },
  );
  expect(rig.faults).toEqual([]);
});

test("R-008 after a restart a room goes on where it was, with every rule in force", async () => {
  const folder = mkdtempSync(join(tmpdir(), "treehouse-delivery-"));
  const options = { path: join(folder, "database"), secrets: memorySecrets() };
  try {
    const before = await startRig(options);
    const [founder, friend] = [
      await enrolPerson(before, "alice"),
      await enrolPerson(before, "bob"),
    ];
    const [a, b] = await openPair(founder, friend);
    await b.say("before");
    const request = await a.seal("repeated");
    const first = await a.submit(request);
    await friend.request("POST", paths.leave(b.room), {});
    await a.sync();
    await before[Symbol.asyncDispose]();

    await using after = await startRig(options);
    Object.assign(founder, { rig: after, request: requestAt(after, founder) });
    Object.assign(friend, { rig: after, request: requestAt(after, friend) });
    expect((await a.submit(request)).body).toEqual(first.body);
    expect((await b.submit(await b.seal("gone"))).refusal?.code).toBe("removed");
    await a.commit({});
    expect(a.group.members()).toHaveLength(1);
    await a.say("after");
    await a.sync();
    expect(a.entries.map(({ position }) => position)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(after.faults).toEqual([]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

async function requestOf(
  kind: string,
  seat: Seat,
  good: Bytes,
  sent: readonly Bytes[],
): Promise<Bytes> {
  switch (kind) {
    case "good":
      return seat.seal(`text ${sent.length}`);
    case "undecodable":
      return good.slice(0, -1);
    case "repeat":
      return sent[0] ?? good;
    case "ahead":
      return seat.seal("ahead", await ahead(seat));
    default:
      return seat.submission(good, bob.user);
  }
}

async function ahead(seat: Seat) {
  const copy = await seat.copy();
  await copy.adopt(await copy.prepareCommit({}, seat.aad()));
  return copy;
}

function requestAt({ url }: Rig, { token }: Person): Person["request"] {
  return (method, path, body) => send(url, { token, method, path, body });
}

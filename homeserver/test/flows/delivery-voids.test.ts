/** Commits that nobody can apply, at a hub that stops in the middle; `void-federated` of the SDK has the clients. */
import {
  decodeEntry,
  LIMITS,
  roomOfGroup,
  signHealthReport,
  updateRequestCodec,
} from "@treehouse/protocol";
import type { Entry } from "@treehouse/protocol";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startPair } from "../delivery/pair.ts";
import type { Pair } from "../delivery/pair.ts";
import { accepted, enrolPerson } from "../delivery/person.ts";
import type { Person } from "../delivery/person.ts";
import { joinByWelcome } from "../delivery/rooms.ts";
import type { Seat } from "../delivery/seat.ts";
import { deliveryOf } from "../delivery/two-servers.ts";
import { VirtualClock } from "../streams/virtual-clock.ts";

const clock = new VirtualClock();
let pair: Pair;
/** At the hub, and at the follower. */
let carol: Person;
let dora: Person;

beforeAll(async () => {
  pair = await startPair({ clock });
  carol = await enrolPerson(pair.servers.hub, "carol");
  dora = await enrolPerson(pair.servers.follower, "dora");
});

afterAll(() => pair[Symbol.asyncDispose]());

/** A room of four in which Alice has committed, and Bob and Carol say that they cannot apply it. */
async function reportedRoom() {
  const [a, b] = await pair.openRoom();
  const before = a.position;
  await a.commit({ add: [await carol.keyPackage(), await pair.handOut(dora, a.room)] });
  await pair.servers.flush();
  const c = await joinByWelcome(carol, a.hubKey);
  const d = await joinByWelcome(dora, a.hubKey);
  await b.sync();
  // That the first commit stands.
  await b.say("here");
  await c.say("and here");
  const epoch = a.group.epoch;
  await a.commit({ roomState: a.group.roomState() });
  const commit = a.entries.at(-1);
  expect([commit?.kind, commit?.position]).toEqual(["commit", before + 4]);
  for (const seat of [b, c]) accepted(await report(seat, a, epoch, "fault"));
  return { a, d, epoch };
}

/** What a seat, which has not applied it, says of the newest commit of another one. */
function report(seat: Seat, { hash, entries }: Seat, epoch: number, verdict: "applied" | "fault") {
  const { crypto } = seat.person.rig;
  const commit = entries.findLast(({ kind }) => kind === "commit");
  if (hash === undefined || commit === undefined) throw new Error("there is no commit");
  const place = { ...roomOfGroup(seat.group.group), leaf: seat.group.ownLeaf };
  const said = { verdict, position: commit.position, hash, epoch, ...place };
  const signed = signHealthReport(said, (message) =>
    crypto.sign(seat.person.identity.signaturePrivateKey, message),
  );
  return seat.update(updateRequestCodec.encode({ kind: "report", report: signed }));
}

/** The hub over its data as they are now, in the place of the one that ran; nobody has looked at them yet. */
async function restart(): Promise<void> {
  const { servers, directory } = pair;
  await servers.hub[Symbol.asyncDispose]();
  servers.replaceHub(await servers.startHub(join(directory, "hub.sqlite")));
}

/** What the hub has for the follower next, however long that takes; it is told. */
async function nextEntry(): Promise<Entry> {
  const { outbox } = pair.servers;
  while (outbox.length === 0) {
    await new Promise((resolve) => setImmediate(resolve));
    clock.advance(10);
  }
  const [item] = outbox;
  if (item === undefined) throw new Error("there is nothing");
  await pair.servers.deliver([deliveryOf(item)]);
  outbox.shift();
  return decodeEntry(deliveryOf(item).entry);
}

test("T-16 FED-1103 a hub that stops while a commit is reported goes on where it was", async () => {
  const late = await reportedRoom();
  const denied = await reportedRoom();
  const reportedAt = clock.now();
  await pair.servers.flush();
  // Who has applied it says so to the hub that runs then.
  await denied.d.sync();
  await restart();
  await pair.servers.hub.delivery.start();
  expect(pair.servers.outbox).toEqual([]);
  accepted(await report(denied.d, denied.a, denied.epoch, "applied"));
  expect((await nextEntry()).kind).toBe("report");

  // Nobody says anything of the other one: it is void once it was time to, and not before.
  const entry = await nextEntry();
  const voided = { kind: "void", epoch: late.epoch, voided: entry.position - 3 };
  expect(entry).toMatchObject({ room: late.a.room, ...voided });
  expect(entry.acceptedAt).toBeGreaterThanOrEqual(reportedAt + LIMITS.healthGraceMs);
  await denied.d.say("it stands");
  expect(await nextEntry()).toMatchObject({ kind: "application", room: denied.a.room });
  await denied.d.sync();
  expect(denied.d.entries.some(({ kind }) => kind === "void")).toBe(false);
});

import { submitMessageResponseCodec } from "@treehouse/protocol";
import type { Bytes } from "@treehouse/protocol";
import { expect, test } from "vitest";
import type { RoomLog } from "../../src/delivery/index.ts";
import { enrolPerson } from "../delivery/person.ts";
import { startRig } from "../delivery/rig.ts";
import { openPair } from "../delivery/rooms.ts";
import type { Seat } from "../delivery/seat.ts";

/** A room of two whose messages come to the hub in one turn, and the closures that write them. */
async function startRoom(check: (bytes: Uint8Array) => void = () => undefined) {
  const closures: object[] = [];
  const roomLog = (log: RoomLog): RoomLog => ({
    ...log,
    append(tx, entry) {
      closures.push(tx);
      check(entry.bytes);
      return log.append(tx, entry);
    },
  });
  const rig = await startRig({ roomLog });
  const [a, b] = await openPair(await enrolPerson(rig, "alice"), await enrolPerson(rig, "bob"));
  const submit = (seat: Seat, request: Bytes) =>
    rig.delivery.hosted.submit(seat.person, seat.room, request);
  // From here on the room is in memory, and nothing waits for it.
  await submit(a, await a.seal("first"));
  await b.sync();
  closures.length = 0;
  return { rig, a, b, submit, closures };
}

async function sealed(seat: Seat, texts: readonly string[]): Promise<readonly Bytes[]> {
  const requests: Bytes[] = [];
  for (const text of texts) requests.push(await seat.seal(text));
  return requests;
}

function positionOf(answer: Bytes): number | undefined {
  const response = submitMessageResponseCodec.decode(answer);
  return response.status === "accepted" ? response.position : undefined;
}

const numbered = (count: number) => Array.from({ length: count }, (_, index) => `text ${index}`);

test("what comes for one room at once shares closures, in its order and with an answer each", async () => {
  const { rig, a, b, submit, closures } = await startRoom();
  await using _ = rig;
  const texts = numbered(40);
  const requests = await sealed(a, texts);
  const before = b.position;
  const answers = await Promise.all(requests.map((request) => submit(a, request)));
  expect(answers.map(positionOf)).toEqual(texts.map((_text, index) => before + 1 + index));
  expect(closures).toHaveLength(40);
  expect(new Set(closures).size).toBe(3);
  await b.sync();
  expect(b.texts).toEqual(["first", ...texts]);
});

test("FED-224 a message that comes twice in one closure has one place and one answer", async () => {
  const { rig, a, b, submit, closures } = await startRoom();
  await using _ = rig;
  const [one = new Uint8Array(), two = new Uint8Array()] = await sealed(a, ["one", "two"]);
  const answers = await Promise.all([one, two, one, two].map((request) => submit(a, request)));
  expect(answers.slice(2)).toEqual(answers.slice(0, 2));
  expect(new Set(closures).size).toBe(1);
  await b.sync();
  expect(b.texts).toEqual(["first", "one", "two"]);
});

test("a message that makes its closure fail takes no other with it", async () => {
  const poison = { length: Number.POSITIVE_INFINITY };
  const { rig, a, b, submit } = await startRoom((bytes) => {
    if (bytes.length > poison.length) throw new Error("poison");
  });
  await using _ = rig;
  const requests = await sealed(a, ["before", "poison ".repeat(200), "after", "last"]);
  poison.length = 1_200;
  const answers = await Promise.allSettled(requests.map((request) => submit(a, request)));
  expect(answers.map(({ status }) => status)).toEqual([
    "fulfilled",
    "rejected",
    "fulfilled",
    "fulfilled",
  ]);
  await b.sync();
  expect(b.texts).toEqual(["first", "before", "after", "last"]);
  // Nothing of what failed is kept: the same request is judged anew.
  poison.length = Number.POSITIVE_INFINITY;
  await submit(a, requests[1] ?? new Uint8Array());
  await b.sync();
  expect(b.texts.at(-1)).toBe("poison ".repeat(200));
});

test("a message that settles a commit, and what comes beside it, are all taken", async () => {
  const { rig, a, b, submit } = await startRoom();
  await using _ = rig;
  await a.commit({});
  await b.sync();
  const [first = new Uint8Array()] = await sealed(a, ["of the committer"]);
  const others = await sealed(b, ["of who has applied it", "again"]);
  const answers = await Promise.all([
    submit(a, first),
    ...others.map((request) => submit(b, request)),
  ]);
  expect(new Set(answers.map(positionOf)).size).toBe(3);
  await a.sync();
  expect(a.texts).toEqual(["of who has applied it", "again"]);
});

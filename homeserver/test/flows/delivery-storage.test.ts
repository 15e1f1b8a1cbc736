import { Refusal, submitMessageRequestCodec } from "@treehouse/protocol";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { LogEntry, RoomLog } from "../../src/delivery/index.ts";
import { enrolPerson } from "../delivery/person.ts";
import { startRig } from "../delivery/rig.ts";
import type { Rig } from "../delivery/rig.ts";
import { foundRoom, openPair } from "../delivery/rooms.ts";

test("what a room's log refuses in the midst of others leaves no hole and no broken chain", async () => {
  let refuses: (entry: LogEntry) => boolean = () => false;
  // The entry is written first and then refused, so that a rollback has something to take back.
  const fussy = (log: RoomLog): RoomLog => ({
    append: async (tx, entry) => {
      await log.append(tx, entry);
      if (refuses(entry)) throw new Refusal("queueFull", "The room's log is full.");
    },
    pass: (room, bytes) => log.pass(room, bytes),
    subscribe: (tx, subscription) => log.subscribe(tx, subscription),
    unsubscribe: (tx, ending) => log.unsubscribe(tx, ending),
    deliverWelcome: (tx, welcome) => log.deliverWelcome(tx, welcome),
    jumpTo: (tx, room, position) => log.jumpTo(tx, room, position),
    readLog: (tx, room, range) => log.readLog(tx, room, range),
    reads: (tx, client, room) => log.reads(tx, client, room),
  });
  await using rig = await startRig({ roomLog: fussy });
  const a = await foundRoom(await enrolPerson(rig, "alice"));
  await fc.assert(
    fc.asyncProperty(fc.array(fc.boolean(), { minLength: 1, maxLength: 30 }), async (good) => {
      const requests = await Promise.all(good.map((_, index) => a.seal(`${index}`)));
      const bad = new Set(
        requests
          .filter((_, index) => good[index] === false)
          .map((bytes) => submitMessageRequestCodec.decode(bytes).message.join()),
      );
      refuses = (entry) => [...bad].some((message) => entry.bytes.join().includes(message));
      const answers = await Promise.all(requests.map((bytes) => a.submit(bytes)));
      expect(answers.map(({ refusal }) => refusal?.code)).toEqual(
        good.map((one) => (one ? undefined : "queueFull")),
      );
      const before = a.position;
      await a.sync();
      expect(a.position - before).toBe(good.filter(Boolean).length);
      // What was refused may be accepted later: it has left nothing behind.
      refuses = () => false;
      const again = await Promise.all(requests.map((bytes) => a.submit(bytes)));
      expect(again.map(({ refusal }) => refusal)).toEqual(good.map(() => undefined));
      await a.sync();
      expect(a.position - before).toBe(good.length);
    }),
    { numRuns: 10, endOnFailure: true },
  );
  expect(rig.faults).toEqual([]);
});

test("a commit that is refused in its transaction leaves the room as it was", async () => {
  let full = false;
  await using rig = await startRig({
    roomLog: (log) => ({
      append: (tx, entry) => log.append(tx, entry),
      pass: (room, bytes) => log.pass(room, bytes),
      subscribe: (tx, subscription) => log.subscribe(tx, subscription),
      unsubscribe: (tx, ending) => log.unsubscribe(tx, ending),
      deliverWelcome: (tx, welcome) => {
        if (full) throw new Refusal("queueFull", "The inbox is full.");
        return log.deliverWelcome(tx, welcome);
      },
      jumpTo: (tx, room, position) => log.jumpTo(tx, room, position),
      readLog: (tx, room, range) => log.readLog(tx, room, range),
      reads: (tx, client, room) => log.reads(tx, client, room),
    }),
  });
  const [alice, bob] = [await enrolPerson(rig, "alice"), await enrolPerson(rig, "bob")];
  const a = await foundRoom(alice);
  const bundle = a.bundle(await a.prepare({ add: [await bob.keyPackage()] }));
  const before = await rig.contents();
  full = true;
  expect((await a.update(bundle)).refusal?.code).toBe("queueFull");
  expect(await rig.contents()).toBe(before);
  full = false;
  await a.say("meanwhile");
  expect((await a.update(bundle)).refusal).toBeUndefined();
  await a.sync();
  expect(a.group.members()).toHaveLength(2);
});

test("a full disk refuses what is new, keeps what was accepted, and the rooms go on by themselves", async () => {
  await using rig = await startRig({ pageCountMax: 700 });
  const [a, b] = await openPair(await enrolPerson(rig, "alice"), await enrolPerson(rig, "bob"));
  let accepted = 0;
  let refused = 0;
  for (let round = 0; round < 200 && refused === 0; round += 1) {
    const texts = Array.from({ length: 8 }, (_, index) => `${round}.${index}`.padEnd(4_000));
    const requests = await Promise.all(texts.map((text) => a.seal(text)));
    const answers = await Promise.all(requests.map((bytes) => a.submit(bytes)));
    const codes = new Set(answers.flatMap(({ refusal }) => refusal?.code ?? []));
    accepted += answers.filter(({ refusal }) => refusal === undefined).length;
    refused += answers.filter(({ refusal }) => refusal !== undefined).length;
    expect([...codes].filter((code) => code !== "storageFull")).toEqual([]);
  }
  expect(refused).toBeGreaterThan(0);
  expect((await a.update(a.bundle(await a.prepare({})))).refusal?.code).toBe("storageFull");
  await a.group.discard();
  await b.sync();
  expect(b.texts).toHaveLength(accepted);

  await allowPages(rig, 5_000);
  rig.fireTimers();
  await a.say("room again");
  await a.sync();
  await a.commit({});
  await b.sync();
  expect(b.texts.at(-1)).toBe("room again");
  expect(b.texts).toHaveLength(accepted + 1);
  expect(rig.faults.filter((fault) => !fault.startsWith("storageFull"))).toEqual([]);
});

function allowPages(rig: Rig, pages: number): Promise<void> {
  return rig.database.read((tx) => {
    rig.database.sql(tx).$client.pragma(`max_page_count = ${pages}`);
  });
}

import {
  batchAnswerCodec,
  batchCodec,
  ITEM_KINDS,
  LIMITS,
  makeItem,
  peerRoutes,
  userUri,
} from "@treehouse/protocol";
import type { BatchItem, Bytes } from "@treehouse/protocol";
import { expect, test } from "vitest";
import { answerOf } from "../federation/answer-of.ts";
import { north, south, TwoIslands } from "../federation/two-islands.ts";

const HOUR = 3_600_000;

test("FED-943 a peer that was set back is sent what is left under a new incarnation", async () => {
  await using islands = await TwoIslands.open();
  const { follower, hub, world } = islands;
  islands.say(10);
  await world.advance(5_000);
  follower.behaviour.repeats = true;
  follower.kill();
  await follower.transaction((tx) => follower.tables.forgetInbound(tx));
  await follower.start();
  islands.say(3, "after");
  await world.advance(10_000);
  expect(await islands.expectLevel()).toBe(13);
  expect(islands.counted("streams_rewound", { side: "theirs" })).toBe(1);
  expect(hub.introduced).toEqual([undefined]);
});

test("FED-943 a server that finds itself set back begins anew and leaves nothing out", async () => {
  await using islands = await TwoIslands.open();
  const { follower, hub, world } = islands;
  islands.say(10);
  await world.advance(5_000);
  follower.behaviour.repeats = true;
  // An older database: what was added and taken since is forgotten, and is said again.
  hub.kill();
  await hub.transaction((tx) => hub.tables.setBackOutbox(tx, 4));
  await hub.start();
  await hub.federationTransaction(async (tx, outbox) => {
    for (let position = 5; position <= 8; position += 1) {
      const bytes = hub.tables.entry(tx, islands.room, position);
      if (bytes === undefined) throw new Error("no such entry");
      const item = {
        kind: "entry",
        room: islands.room,
        position,
        bytes,
        handshake: false,
      } as const;
      await outbox.add(tx, south, item);
    }
  });
  islands.say(2, "new");
  await world.advance(10_000);
  expect(await islands.expectLevel()).toBe(12);
  expect(islands.counted("streams_rewound", { side: "ours" })).toBe(1);
});

test("FED-959 a restored server numbers each stream anew", async () => {
  await using islands = await TwoIslands.open();
  const { follower, hub, world, channel } = islands;
  islands.say(4);
  await world.advance(5_000);
  channel.cut(north, south);
  islands.say(4, "waiting");
  await world.advance(1_000);
  hub.kill();
  follower.behaviour.repeats = true;
  const before = await hub.read((tx) => hub.tables.incarnations(tx));
  await hub.start();
  await hub.transaction((tx) => hub.federation.restored(tx));
  hub.kill();
  channel.mend();
  await hub.start();
  await world.advance(10_000);
  expect(await hub.read((tx) => hub.tables.incarnations(tx))).not.toEqual(before);
  expect(await islands.expectLevel()).toBe(8);
  expect(islands.counted("streams_rewound")).toBe(0);
});

test("FED-943 after three answers without progress a stream begins anew, and loses nothing", async () => {
  await using islands = await TwoIslands.open();
  const { follower, hub, world, channel } = islands;
  channel.weather.delayMs = 0;
  islands.say(5);
  // What was taken goes from the outbox in the same moment in which the stream begins anew.
  await world.advance(990);
  expect(await islands.rows()).toBe(5);
  follower.behaviour.instead = ({ body }) => {
    const { incarnation } = batchCodec.decode(body);
    return batchAnswerCodec.encode({ incarnation, next: 6, rejected: [] });
  };
  islands.say(2, "stuck");
  for (let stall = 1; stall < 3; stall += 1) {
    await world.advance(3);
    hub.federation.retry(south);
  }
  world.env("test").timer(4, () => hub.federation.retry(south));
  await world.advance(3);
  follower.behaviour.instead = undefined;
  await world.advance(5_000);
  expect(islands.counted("streams_rewound", { side: "stuck" })).toBe(1);
  expect(await islands.expectLevel()).toBe(7);
  expect(islands.counted("items_dropped")).toBe(0);
  expect(await islands.rows()).toBe(0);
});

test("H-05 a peer that says nonsense about its place is not listened to fast, and loses nothing", async () => {
  await using islands = await TwoIslands.open();
  const { follower, world, channel } = islands;
  follower.behaviour.repeats = true;
  for (const next of [Number.MAX_SAFE_INTEGER, 1]) {
    follower.behaviour.distort = ({ endpoint }, answer) => {
      if (endpoint !== "notify") return answer;
      const { incarnation } = batchAnswerCodec.decode(answer);
      return batchAnswerCodec.encode({ incarnation, next, rejected: [] });
    };
    const before = channel.requests;
    islands.say(5, `${next} `);
    await world.advance(HOUR);
    expect(channel.requests - before).toBeLessThan(250);
    follower.behaviour.distort = undefined;
    await world.advance(120_000);
    await islands.expectLevel();
  }
});

test("H-18 a peer that takes items without keeping them harms nobody but itself", async () => {
  await using islands = await TwoIslands.open();
  const { follower, hub, world } = islands;
  follower.behaviour.instead = ({ body }) => {
    const { incarnation, items } = batchCodec.decode(body);
    const next = (items.at(-1)?.sequence ?? 0) + 1;
    return batchAnswerCodec.encode({ incarnation, next, rejected: [] });
  };
  islands.say(5, "lost");
  await world.advance(5_000);
  expect(await islands.received()).toEqual([]);
  expect(await islands.rows()).toBe(0);
  // Once it is honest, its true place shows that it was set back, and it is told of its rooms anew.
  follower.behaviour.instead = undefined;
  follower.behaviour.gaps = true;
  islands.say(3, "kept");
  await world.advance(10_000);
  expect((await islands.received()).map(({ position }) => position)).toEqual([6, 7, 8]);
  expect(hub.introduced).toEqual([undefined]);
});

test("FED-942 an answer that is none counts as none", async () => {
  await using islands = await TwoIslands.open();
  const { follower, world } = islands;
  const answers: ((answer: Bytes) => Bytes)[] = [
    () => new Uint8Array(0),
    (answer) => answer.slice(0, -1),
    (answer) => answer.fill(7, 0, 16),
  ];
  follower.behaviour.distort = (_, answer) => answers.shift()?.(answer) ?? answer;
  islands.say(5);
  await world.advance(10_000);
  expect(answers).toEqual([]);
  expect(await islands.expectLevel()).toBe(5);
  expect(islands.counted("retries", { reason: "broken" })).toBe(3);
});

test("H-05 FED-941 a receiver takes exactly the next item, and answers where it stands", async () => {
  await using islands = await TwoIslands.open();
  const { follower, world } = islands;
  const [one, two, three] = [new Uint8Array(16).fill(1), new Uint8Array(16).fill(2), 3];
  const send = async (incarnation: Bytes, items: readonly BatchItem[]) => {
    const route = follower.federation.routes.find(({ path }) => path === peerRoutes.notify);
    const body = batchCodec.encode({ incarnation, items, heads: [] });
    const call = { endpoint: "notify", body, timeoutMs: 1, answerBytesMax: 1 } as const;
    const { next, rejected } = batchAnswerCodec.decode(
      await world.until(answerOf(route, north, call)),
    );
    return { next, rejected };
  };
  const notes = () => follower.read((tx) => follower.tables.notes(tx));

  expect(await send(one, [])).toEqual({ next: 1, rejected: [] });
  expect(await send(one, [note(2, "gap")])).toEqual({ next: 1, rejected: [] });
  expect(await send(one, [note(Number.MAX_SAFE_INTEGER, "huge")])).toEqual({
    next: 1,
    rejected: [],
  });
  expect(await send(one, [note(1, "a"), note(2, "b")])).toEqual({ next: 3, rejected: [] });
  expect(await send(one, [note(1, "a"), note(2, "b")])).toEqual({ next: 3, rejected: [] });
  expect(await send(one, [note(2, "b"), note(3, "c")])).toEqual({ next: 4, rejected: [] });
  expect(await notes()).toEqual(["a", "b", "c"]);

  const unknown = { sequence: 5, kind: 99, body: new Uint8Array(three) };
  const broken = { sequence: 4, kind: ITEM_KINDS.consent, body: new Uint8Array(2) };
  const verdicts = [
    { sequence: 4, code: "malformed" },
    { sequence: 5, code: "unsupported" },
  ];
  expect(await send(one, [broken, unknown, note(6, "d")])).toEqual({ next: 7, rejected: verdicts });
  expect(await send(one, [note(7, "e")])).toEqual({ next: 8, rejected: verdicts });
  const gone = [8, 9].map((sequence) => makeItem(sequence, { kind: "gone" }));
  expect(await send(one, gone)).toEqual({ next: 10, rejected: verdicts });

  // Another life of the stream; what is late of the old one has no effect any more.
  expect(await send(two, [note(1, "f")])).toEqual({ next: 2, rejected: [] });
  expect(await send(one, [note(10, "late")])).toEqual({ next: 10, rejected: verdicts });
  expect(await notes()).toEqual(["a", "b", "c", "d", "e", "f"]);
});

test("H-10 more items than a batch may have are refused as a whole, before any is looked at", async () => {
  await using islands = await TwoIslands.open();
  const { follower, world } = islands;
  const route = follower.federation.routes.find(({ path }) => path === peerRoutes.notify);
  const call = (body: Bytes) =>
    world.until(
      answerOf(route, north, { endpoint: "notify", body, timeoutMs: 1, answerBytesMax: 1 }),
    );
  const incarnation = new Uint8Array(16);
  const items = Array.from({ length: LIMITS.batchItemsMax }, (_, at) => note(at + 1, ""));
  const full = batchCodec.encode({ incarnation, items, heads: [] });
  expect(batchAnswerCodec.decode(await call(full)).next).toBe(LIMITS.batchItemsMax + 1);
  const million = new Uint8Array(16 + 4 + 1_000_000);
  million.set([0x80, 0x0f, 0x42, 0x40], 16);
  await expect(call(million)).rejects.toMatchObject({ code: "malformed" });
});

function note(sequence: number, text: string): BatchItem {
  return makeItem(sequence, {
    kind: "consent",
    entry: {
      operation: "request",
      requester: userUri(north, "alice"),
      target: userUri(south, "bob"),
      room: undefined,
      note: text,
      at: 1,
    },
  });
}

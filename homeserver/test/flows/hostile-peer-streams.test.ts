import {
  batchAnswerCodec,
  batchCodec,
  decodeEntry,
  encodeEntry,
  ephemeralBatchCodec,
  firstPrevious,
  LIMITS,
  makeItem,
  mintRoomUri,
  MEDIA_TYPE_TLS,
  parseClientUri,
  parseRoomUri,
  peerLeaveRequestCodec,
  peerRoutes,
  submissionAnswersCodec,
  submissionBatchCodec,
} from "@treehouse/protocol";
import type { Batch, BatchAnswer, Entry, ItemBody, SignedHead } from "@treehouse/protocol";
import { afterAll, beforeAll, expect, test } from "vitest";
import { befriend } from "../../../client-sdk/test/world/friends.ts";
import { gather, has, storedLog } from "../federation-e2e/people.ts";
import { recordWire } from "../federation-e2e/wire.ts";
import { honestTraffic, startSiege } from "../hostile-peer/siege.ts";
import type { Siege } from "../hostile-peer/siege.ts";
import { turnCoat } from "../hostile-peer/turncoat.ts";
import type { Turncoat } from "../hostile-peer/turncoat.ts";
import { askAs } from "../peers/raw-peer.ts";
import type { Answer } from "../peers/raw-peer.ts";

let siege: Siege;
let mallory: Turncoat;
/** Hosted by the target, with Alice, Bob and Carl of the hostile server. */
let hosted = "";
/** Hosted by the hostile server, with Carl and Alice. */
let followed = "";
let carl = "";
/** The next item of the hostile server's stream. */
let next = 0;

beforeAll(async () => {
  siege = await startSiege({ names: ["alpha", "beta", "mallory"] });
  const { world, alice, bob } = siege;
  const wire = recordWire(world.link("mallory", "alpha"));
  const client = await world.register("carl@mallory.example");
  carl = client.me.client;
  await befriend(alice, client);
  hosted = await gather([alice, bob, client], "hosted");
  followed = await gather([client, alice], "followed");
  await (await client.conversations.get(hosted)).send("from the follower");
  await (await client.conversations.get(followed)).send("from the hub");
  await has(alice, hosted, 1);
  await has(alice, followed, 1);
  await client.close();
  mallory = await turnCoat(world.server("mallory"), wire);
  next = mallory.lastSequence + 1;
}, 120_000);

afterAll(async () => {
  await mallory.close();
  await siege[Symbol.asyncDispose]();
});

const streamRows = [/^federation_(inbound|rejected) /];

function ask(path: string, body: Uint8Array): Promise<Answer> {
  return askAs(mallory, siege.target, { path, body });
}

/** Sends items under the numbers that the target expects, or under others; answers where it stands. */
async function notify(
  bodies: readonly ItemBody[],
  changes: Partial<Batch> & { readonly from?: number } = {},
): Promise<BatchAnswer> {
  const { from = next, ...others } = changes;
  const items = bodies.map((body, index) => makeItem(from + index, body));
  const { incarnation } = mallory;
  const body = batchCodec.encode({ incarnation, items, heads: [], ...others });
  const answer = await ask(peerRoutes.notify, body);
  if (answer.refusal !== undefined) throw answer.refusal;
  const stand = batchAnswerCodec.decode(new Uint8Array(answer.body));
  if (others.incarnation === undefined) next = stand.next;
  return stand;
}

/** Codes of the items that were just rejected. */
function rejections(answer: BatchAnswer, from: number): readonly string[] {
  return answer.rejected.filter(({ sequence }) => sequence >= from).map(({ code }) => code);
}

/** An application message that follows the last entry, but for what is changed. */
function forged(changes: Partial<Entry>, head?: SignedHead): ItemBody {
  const { entry, hash } = mallory.lastEntry(followed);
  const { position, acceptedAt } = entry;
  const fields = { ...entry, position: position + 1, previous: hash, acceptedAt, ...changes };
  const bytes = encodeEntry(Object.assign({}, entry, fields));
  return {
    kind: "entry",
    entry: bytes,
    head,
    groupInfo: undefined,
    welcomes: [],
    introduction: undefined,
  };
}

test("H-04 what was made for one room is refused in another, and what is said for others' clients", async () => {
  const objections = await siege.endure(async () => {
    const [first] = mallory.bodiesTo(peerRoutes.submitMessage);
    const [item] = submissionBatchCodec.decode(first?.body ?? new Uint8Array()).items;
    if (item === undefined) throw new Error("nothing was submitted");
    const besieged = siege.world.server("alpha");
    const rooms = [hosted, followed].map((room) => parseRoomUri(room));
    const [own, foreign] = rooms;
    if (own === undefined || foreign === undefined) throw new Error("no rooms");
    const bob = parseClientUri(siege.bob.me.client);
    const items = [
      { ...item, room: foreign },
      { ...item, room: parseRoomUri("mimi://alpha.example/r/aaaaaaaaaaaaaaaaaaaaaaaaaa") },
      { ...item, client: bob },
    ];
    const answer = await ask(
      peerRoutes.submitMessage,
      submissionBatchCodec.encode({ items: [...items, item] }),
    );
    const answers = submissionAnswersCodec.decode(new Uint8Array(answer.body)).answers;
    expect(answers.map((one) => (one.status === "refused" ? one.code : one.status))).toEqual([
      "unknownRoom",
      "unknownRoom",
      "clientMismatch",
      // The control: where it was made for, it is known already, and has the same answer again.
      "answered",
    ]);
    expect(storedLog(besieged, hosted).size).toBeGreaterThan(0);
  });
  expect(objections).toEqual([]);
});

test("H-05 gaps, steps back and huge numbers move no stream, and nothing is taken twice", async () => {
  const standing = next;
  const known = mallory.sent.slice(0, 20);
  const objections = await siege.endure(async () => {
    for (const from of [standing + 1, standing + 5_000, 2 ** 53 - 100]) {
      expect((await notify([forged({})], { from })).next).toBe(standing);
    }
    expect((await notify(known, { from: 1 })).next).toBe(standing);
    // Another life of the stream begins at 1; what it repeats is known by its positions.
    const incarnation = new Uint8Array(16).fill(9);
    expect((await notify(known, { from: 7, incarnation })).next).toBe(1);
  }, streamRows);
  expect(objections).toEqual([]);
});

test("H-06 FED-955 FED-956 a lower term, and a higher one that the room's key has not signed, are stale", async () => {
  const { incarnation, from } = anotherLife();
  const { entry } = mallory.lastEntry(followed);
  const term = entry.term + 1;
  const position = entry.position + 2 ** 40;
  const foreignKey = mallory.head(followed, { term, position });
  const signature = Uint8Array.from(foreignKey.signature, (octet) => octet ^ 1);
  const objections = await siege.endure(async () => {
    const answer = await notify(
      [
        forged({ term: entry.term - 1 }),
        forged({ term, position }),
        forged({ term, position }, { ...foreignKey, signature }),
      ],
      { incarnation, from },
    );
    expect(rejections(answer, from)).toEqual(["staleTerm", "staleTerm", "staleTerm"]);
  }, streamRows);
  expect(objections).toEqual([]);
});

test("FED-863 a flood of ephemeral entries, of its rooms and others', ends at a rate and changes nothing", async () => {
  const { entry } = mallory.lastEntry(followed);
  const place = { ephemeral: true, position: 0, previous: firstPrevious } as const;
  const body = { kind: "application", message: new Uint8Array(500), frank: undefined } as const;
  const passing = (room: string) =>
    encodeEntry({ ...entry, room: parseRoomUri(room), ...place, ...body });
  const entries = Array.from({ length: LIMITS.ephemeralBatchItemsMax }, (_, index) =>
    passing(index % 2 === 0 ? followed : hosted),
  );
  const batch = ephemeralBatchCodec.encode({ entries });
  const objections = await siege.endure(async () => {
    let refusal: Answer["refusal"];
    while (refusal === undefined) ({ refusal } = await ask(peerRoutes.ephemeral, batch));
    expect(refusal).toMatchObject({
      code: "rateLimited",
      data: { limitName: "ephemeralPerPeer" },
    });
    const many = ephemeralBatchCodec.encode({ entries: entries.slice(1) });
    // One more than there may be: the length of the vector, then all of them and one again.
    const over = await ask(peerRoutes.ephemeral, new Uint8Array([...many, ...many.slice(1)]));
    expect(over.refusal?.code).toBe("malformed");
  }, streamRows);
  expect(objections).toEqual([]);
});

test("H-16 a flood of Welcomes and rooms that nobody asked for reaches no client and follows nothing", async () => {
  const { incarnation, from } = anotherLife();
  const introduced = mallory.sent.find(
    (body) => body.kind === "entry" && body.introduction !== undefined,
  );
  if (introduced?.kind !== "entry") throw new Error("no room was introduced");
  const entry = decodeEntry(introduced.entry);
  const objections = await siege.endure(async () => {
    for (let sent = 0; sent < 4; sent += 1) {
      const items = Array.from({ length: 100 }, (): ItemBody => {
        const room = mintRoomUri(mallory.domain, random);
        return { ...introduced, entry: encodeEntry(Object.assign({}, entry, { room })) };
      });
      const start = from + sent * 100;
      const answer = await notify(items, { incarnation, from: start });
      expect(answer.next).toBe(start + 100);
      expect(new Set(rejections(answer, start))).toEqual(new Set(["notMember"]));
    }
  }, streamRows);
  expect(objections).toEqual([]);
});

test("H-17 a flood of proposals leaves one removal, whoever asks for it how often", async () => {
  const path = peerRoutes.leave.replace("{roomId}", encodeURIComponent(hosted));
  const before = storedLog(siege.world.server("alpha"), hosted).size;
  const added = (): number => storedLog(siege.world.server("alpha"), hosted).size - before;
  const objections = await siege.endure(async () => {
    const body = peerLeaveRequestCodec.encode({
      client: parseClientUri(carl),
      leaver: "user",
    });
    const stranger = peerLeaveRequestCodec.encode({
      client: parseClientUri(siege.bob.me.client),
      leaver: "user",
    });
    const codes = new Set<string | undefined>();
    for (let sent = 0; sent < 25; sent += 1) {
      const answers = await Promise.all([0, 1, 2, 3].map(() => ask(path, body)));
      for (const { refusal } of answers) codes.add(refusal?.code);
    }
    expect([...codes].filter((code) => code !== undefined && code !== "notMember")).toEqual([]);
    expect((await ask(path, stranger)).refusal?.code).toBe("clientMismatch");
    // The proposal, and the commit of a member that carries it out.
    await expect.poll(added, { timeout: 20_000 }).toBe(2);
  }, [
    ...honestTraffic,
    /^delivery_/,
    /^queuing_entries \+ .*\["bytes","010[12]/,
    /^federation_attached/,
  ]);
  expect(objections).toEqual([]);
  expect(added()).toBe(2);
});

test("H-06 FED-952 a continuation that contradicts the log stops the room, and nothing else", async () => {
  const { incarnation, from } = anotherLife();
  const log = storedLog(siege.world.server("alpha"), followed);
  const objections = await siege.endure(async () => {
    const twisted = forged({ previous: new Uint8Array(32).fill(1) });
    const answer = await notify([twisted, forged({})], { incarnation, from });
    expect(rejections(answer, from)).toEqual(["conflict", "conflict"]);
  }, [...streamRows, /^delivery_followed_heads /]);
  expect(objections).toEqual([]);
  expect(storedLog(siege.world.server("alpha"), followed)).toEqual(log);
});

// The last one: the attacked server goes on asking the liar, with rows that no other test expects.
test("H-18 a server that keeps nothing, or claims what was never sent, harms itself alone", async () => {
  mallory.respond = (path, body, response) => {
    if (path !== peerRoutes.notify) return void response.writeHead(404).end();
    const { incarnation, items } = batchCodec.decode(new Uint8Array(body));
    const lies = [items.length + 1, 2 ** 50, 1];
    const told = lies[mallory.asked.length % lies.length] ?? 1;
    response.setHeader("content-type", MEDIA_TYPE_TLS);
    response.end(batchAnswerCodec.encode({ incarnation, next: told, rejected: [] }));
  };
  const asked = mallory.asked.length;
  const objections = await siege.endure(async () => {
    const conversation = await siege.alice.conversations.get(hosted);
    for (let sent = 0; sent < 30; sent += 1) await conversation.send(`to a liar ${sent}`);
    await has(siege.bob, hosted, 31);
  }, [...honestTraffic, /^federation_/, /^delivery_/, /^queuing_entries \+ /]);
  expect(objections).toEqual([]);
  expect(mallory.asked.length - asked).toBeLessThan(60);
});

const random = (length: number): Uint8Array<ArrayBuffer> =>
  globalThis.crypto.getRandomValues(new Uint8Array(length));

let lives = 20;

/** A new life of the stream, in which everything may be said from 1 on. */
function anotherLife(): { readonly incarnation: Uint8Array<ArrayBuffer>; readonly from: number } {
  lives += 1;
  return { incarnation: new Uint8Array(16).fill(lives), from: 1 };
}

import {
  batchAnswerCodec,
  batchCodec,
  consentEntryCodec,
  ITEM_KINDS,
  LIMITS,
  makeItem,
  toHex,
  userUri,
} from "@treehouse/protocol";
import type { BatchAnswer, Bytes, ConsentEntry, ItemBody, UserUri } from "@treehouse/protocol";
import type { Account } from "../clients/account.ts";
import { unchanged } from "../clients/account.ts";
import { random } from "../clients/person.ts";
import { agree, ensure } from "../outcome.ts";
import { OutgoingStream } from "../peers/outgoing-stream.ts";
import type { PeerServer } from "../peers/server.ts";
import { rule } from "../rule.ts";
import type { Rule } from "../rule.ts";
import type { World } from "../world.ts";
import { request } from "./knock.ts";
import { rawBatch } from "./octets.ts";

/** How a server takes another one's stream. */
export const receivingRules: readonly Rule[] = [
  rule("FED-270", "the sequences of a batch are consecutive, from 1", {
    "anything else is malformed": async (world) => {
      const { peer, alice, asks } = await scene(world);
      const { body } = asks();
      await unchanged([alice], async () => {
        for (const sequences of [[0], [0, 1], [1, 3], [2, 1], [1, 1], ["2^53" as const]]) {
          const items = sequences.map((sequence) => ({
            sequence,
            kind: ITEM_KINDS.consent,
            body: consentEntryCodec.encode(body.entry),
          }));
          const answer = await peer.ask({ endpoint: "notify", body: rawBatch(random(16), items) });
          answer.refused(`the sequences ${sequences.join(", ")}`, "malformed");
        }
      });
    },
  }),
  rule("FED-941", "exactly the next item is taken, and what follows it", {
    "nothing is taken beyond a gap": async (world) => {
      const { peer, alice, asks } = await scene(world);
      const stream = new OutgoingStream(peer);
      const [first, second, third] = [asks(), asks(), asks()];
      await unchanged([alice], async () => {
        const gap = await stream.send(stream.batch([second.body, third.body], { first: 2 }));
        agree("`next` before the first item", gap, standing(stream, 1));
        const far = await stream.send(stream.batch([third.body], { first: 2 ** 53 - 2 }));
        agree("`next` after a huge sequence", far, standing(stream, 1));
      });
      await stream.deliver([first.body]);
      agree(
        "`next` after a gap of one",
        await stream.send(stream.batch([third.body], { first: 3 })),
        standing(stream, 2),
      );
      await seen(alice, [first, second, third], [true, false, false]);
    },
    "what the sender no longer has is passed": async (world) => {
      const { peer, alice, asks } = await scene(world);
      const stream = new OutgoingStream(peer);
      const [first, second] = [asks(), asks()];
      const gone: ItemBody = { kind: "gone" };
      const bodies = [gone, first.body, gone, gone, second.body];
      agree("the verdicts", await stream.verdicts(bodies), Array(5).fill(undefined));
      await seen(alice, [first, second], [true, true]);
    },
    "what was taken before is dropped": async (world) => {
      const { peer, alice, asks } = await scene(world);
      const stream = new OutgoingStream(peer);
      const [first, second, third] = [asks(), asks(), asks()];
      await stream.deliver([first.body, second.body]);
      await seen(alice, [first, second], [true, true]);
      await unchanged([alice], async () => {
        const again = await stream.send(stream.batch([first.body, second.body], { first: 1 }));
        agree("`next` after both again", again, standing(stream, 3));
        // Other octets under a sequence that was taken have no effect either.
        const other = await stream.send(stream.batch([third.body], { first: 2 }));
        agree("`next` after another one again", other, standing(stream, 3));
      });
      const overlapping = stream.batch([second.body, third.body], { first: 2 });
      agree("`next` after an overlap", await stream.send(overlapping), standing(stream, 4));
      await seen(alice, [third], [true]);
    },
    "a new incarnation begins at 1, and ends the one before": async (world) => {
      const { peer, alice, asks } = await scene(world);
      const [one, other] = [new OutgoingStream(peer), new OutgoingStream(peer)];
      const [first, second, third] = [asks(), asks(), asks()];
      await one.deliver([first.body]);
      await other.deliver([second.body]);
      await unchanged([alice], async () => {
        const late = await one.send(one.batch([third.body]));
        agree("`next` of the old one", late, standing(one, 2));
      });
      await seen(alice, [first, second, third], [true, true, false]);
    },
    "each server is counted for itself": async (world) => {
      const { peer, alice, asks } = await scene(world);
      const other = await world.knownPeer("twin");
      const stream = new OutgoingStream(peer);
      const [first, second] = [asks(), asks()];
      await stream.deliver([first.body]);
      const { incarnation } = stream;
      const items = [makeItem(2, second.body)];
      const body = batchCodec.encode({ incarnation, items, heads: [] });
      await unchanged([alice], async () => {
        const answer = await other.ask({ endpoint: "notify", body });
        const decoded = answer.struct("the same incarnation of another server", batchAnswerCodec);
        agree("`next`", decoded.next, 1);
      });
    },
  }),
  rule("FED-942", "an answer tells where the receiver stands, and what it has rejected", {
    "a batch without items is answered so too": async (world) => {
      const { peer, asks } = await scene(world);
      const stream = new OutgoingStream(peer);
      agree("at first", await stream.send(stream.batch([])), standing(stream, 1));
      await stream.deliver([asks().body]);
      agree("after one item", await stream.send(stream.batch([])), standing(stream, 2));
    },
    "rejected items are named again": async (world) => {
      const { peer, asks } = await scene(world);
      const stream = new OutgoingStream(peer);
      const bad = await send(peer, stream, [
        { kind: 77, body: random(4) },
        { kind: ITEM_KINDS.consent, body: random(4) },
      ]);
      const rejected = [
        { sequence: 1, code: "unsupported" },
        { sequence: 2, code: "malformed" },
      ];
      agree("the answer", bad, { ...standing(stream, 3), rejected });
      stream.next = 3;
      agree("a later answer", await stream.deliver([asks().body]), {
        ...standing(stream, 4),
        rejected,
      });
      const repeated = await send(peer, stream, [{ kind: 77, body: random(4) }], 1);
      agree("the answer to the same again", repeated, { ...standing(stream, 4), rejected });
    },
  }),
  rule("FED-944", "a batch has up to 512 items, or one of any length, or none", {
    "512 are taken, and 513 malformed": async (world) => {
      const { peer, alice, asks } = await scene(world);
      const { body } = asks();
      const small = consentEntryCodec.encode({ ...body.entry, operation: "cancel" });
      const items = Array.from({ length: 513 }, (_, at) => ({
        sequence: at + 1,
        kind: ITEM_KINDS.consent,
        body: small,
      }));
      const incarnation = random(16);
      await unchanged([alice], async () => {
        const many = rawBatch(incarnation, items);
        (await peer.ask({ endpoint: "notify", body: many })).refused("513 items", "malformed");
      });
      const full = rawBatch(incarnation, items.slice(0, 512));
      const answer = (await peer.ask({ endpoint: "notify", body: full })).struct(
        "512 items",
        batchAnswerCodec,
      );
      agree("`next` after 512", answer.next, 513);
    },
    "a long item comes alone": async (world) => {
      const { peer, asks } = await scene(world);
      const stream = new OutgoingStream(peer);
      const answer = await send(peer, stream, [
        { kind: ITEM_KINDS.entry, body: random(2 * LIMITS.batchBytesMax) },
      ]);
      agree("the answer", answer, {
        ...standing(stream, 2),
        rejected: [{ sequence: 1, code: "malformed" }],
      });
      stream.next = 2;
      await stream.deliver([asks().body]);
    },
  }),
  rule("FED-945", "an item that cannot be taken is rejected alone, and the stream goes on", {
    "poison among good items": async (world) => {
      const { peer, alice, asks } = await scene(world);
      const stream = new OutgoingStream(peer);
      const [first, last] = [asks(), asks()];
      const good = consentEntryCodec.encode(first.body.entry);
      const foreign = request((await world.knownPeer("b")).user("foreign").user, alice.user);
      const answer = await send(peer, stream, [
        { kind: ITEM_KINDS.consent, body: good },
        { kind: ITEM_KINDS.consent, body: new Uint8Array(0) },
        { kind: ITEM_KINDS.consent, body: new Uint8Array([...good, 0]) },
        { kind: ITEM_KINDS.entry, body: random(100) },
        { kind: ITEM_KINDS.userDeleted, body: random(3) },
        { kind: ITEM_KINDS.gone, body: good },
        { kind: 0, body: good },
        { kind: 255, body: good },
        { kind: ITEM_KINDS.consent, body: consentEntryCodec.encode(foreign) },
        { kind: ITEM_KINDS.consent, body: consentEntryCodec.encode(last.body.entry) },
      ]);
      const codes = ["malformed", "malformed", "malformed", "malformed", "malformed"];
      agree("the answer", answer, {
        ...standing(stream, 11),
        rejected: [...codes, "unsupported", "unsupported", "notAllowed"].map((code, at) => ({
          sequence: at + 2,
          code,
        })),
      });
      await seen(alice, [first, last], [true, true]);
      agree(
        "what Alice sees of the foreign one",
        await alice.contact(foreign.requester),
        undefined,
      );
    },
    "an item with a note that is too long": async (world) => {
      const { peer, alice, asks } = await scene(world);
      const { body, stranger } = asks();
      const good = consentEntryCodec.encode({ ...body.entry, note: "n".repeat(256) });
      const long = longNote(good);
      const stream = new OutgoingStream(peer);
      const answer = await send(peer, stream, [{ kind: ITEM_KINDS.consent, body: long }]);
      agree("what was rejected", answer.rejected, [{ sequence: 1, code: "malformed" }]);
      agree("what Alice sees of who asked", await alice.contact(stranger), undefined);
      stream.next = 2;
      const { rejected } = await send(peer, stream, [{ kind: ITEM_KINDS.consent, body: good }], 2);
      agree("what was rejected in all", rejected, [{ sequence: 1, code: "malformed" }]);
      const contact = await alice.contact(stranger);
      agree("the note of 256 octets", contact?.note, "n".repeat(256));
    },
  }),
];

/** A connection request of somebody with a name of their own. */
interface Asking {
  readonly stranger: UserUri;
  readonly body: Extract<ItemBody, { readonly kind: "consent" }>;
}

async function scene(world: World) {
  // Many ask here, and a user has only so many requests of one server waiting.
  const peer = await world.knownPeer("asking");
  const alice = await world.account("bob");
  const asks = (change: Partial<ConsentEntry> = {}): Asking => {
    const stranger = userUri(peer.domain, `asking-${toHex(random(5))}`);
    return {
      stranger,
      body: { kind: "consent", entry: { ...request(stranger, alice.user), ...change } },
    };
  };
  return { peer, alice, asks };
}

function standing({ incarnation }: OutgoingStream, next: number): BatchAnswer {
  return { incarnation, next, rejected: [] };
}

/** Sends items of a stream, whatever they are. */
async function send(
  peer: PeerServer,
  { incarnation }: OutgoingStream,
  items: readonly { readonly kind: number; readonly body: Bytes }[],
  first = 1,
): Promise<BatchAnswer> {
  const numbered = items.map((item, at) => ({ ...item, sequence: first + at }));
  const body = rawBatch(incarnation, numbered);
  return (await peer.ask({ endpoint: "notify", body })).struct("a batch", batchAnswerCodec);
}

async function seen(
  account: Account,
  asking: readonly Asking[],
  expected: readonly boolean[],
): Promise<void> {
  const contacts = await account.contacts();
  const found = asking.map(({ stranger }) => contacts.some(({ user }) => user === stranger));
  agree("whose requests had an effect", found, expected);
}

/** Makes the note of 256 octets one of 257. */
function longNote(good: Bytes): Bytes {
  const at = good.findIndex(
    (octet, index) => octet === 0x41 && good[index + 1] === 0 && good[index + 2] === 0x6e,
  );
  ensure(at > 0, "the note is where it is expected");
  return new Uint8Array([...good.slice(0, at), 0x41, 1, 0x6e, ...good.slice(at + 2)]);
}

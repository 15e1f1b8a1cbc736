import {
  type Bytes,
  type ClientUri,
  formatAssetLink,
  fromBase64Url,
  historySegmentCodec,
  parseAssetLink,
  parseRoomUri,
  toBase64Url,
  utf8Decode,
  utf8Encode,
} from "@treehouse/protocol";
import { z } from "zod";

import type { HistoryContext } from "../context.ts";
import { sealPiece } from "../piece.ts";
import { segmentsOf } from "../segments.ts";
import { textAs } from "../text-as.ts";
import { type Ask, encodeList, givenBytes, giftValue, type Piece } from "./notes.ts";
import type { TransferPorts } from "./ports.ts";
import { giftContext, giftInfo } from "./take.ts";

/** How far a transfer is, so that it goes on after a crash where it was. */
const stateSchema = z.object({
  id: z.string(),
  key: z.string(),
  /** The key that it is for: another ask begins another transfer. */
  asked: z.string(),
  enc: z.string(),
  sealed: z.string(),
  signature: z.string(),
  end: z.object({ acceptedAt: z.number(), room: z.string(), position: z.number() }).nullable(),
  pieces: z.array(z.object({ number: z.number(), rows: z.number(), link: textAs(parseAssetLink) })),
  complete: z.boolean(),
});
type State = z.output<typeof stateSchema>;

const settingOf = (client: ClientUri) => `history given ${client}`;
/** The first piece is told of at once, and then so many at a time. */
const piecesPerList = 8;

/** Where the pieces for a client lie at the server. */
export function prefixFor(client: ClientUri): string {
  return `transfer/${client.slice(client.lastIndexOf("/") + 1)}/`;
}

/** Whether this client has begun to answer what was asked. */
export function isGiving({ store }: HistoryContext, client: ClientUri): Promise<boolean> {
  return store.transaction((tx) => tx.settings.get(settingOf(client)) !== undefined);
}

/** Hands on the whole history to a client that has asked, the newest first. */
export async function giveHistory(
  context: HistoryContext,
  ports: TransferPorts,
  to: ClientUri,
  ask: Ask,
): Promise<void> {
  const { env, self, store } = context;
  let state = await beginOrGoOn(context, ports, to, ask);
  if (state.complete) return;
  const id = fromBase64Url(state.id);
  const key = fromBase64Url(state.key);
  const upload = (number: number, name: string, content: Bytes) => {
    const place = { kind: "transfer", owner: self, id, number } as const;
    const access = { kind: "own", name: `${prefixFor(to)}${name}` } as const;
    return ports.assets.upload(sealPiece(env.random, key, place, content), {
      access,
      signal: ports.life,
    });
  };
  const keep = async (next: State, tells: boolean) => {
    state = next;
    const link = tells ? await upload(0, "list", encodeList(next)) : undefined;
    await store.transaction((tx) => {
      tx.settings.put(settingOf(to), encodeState(next));
      if (link === undefined) return;
      const { enc, sealed, signature } = next;
      const by = ports.self.client;
      const [a, b, c] = [enc, sealed, signature].map(fromBase64Url);
      if (a === undefined || b === undefined || c === undefined) return;
      const gift = { by, id, enc: a, sealed: b, signature: c, link };
      ports.writeGift(tx, to, giftValue(gift), env.now());
    });
    if (tells) await ports.agree();
  };
  const after = endOf(state);
  const wanted = { from: 0, to: Number.MAX_SAFE_INTEGER, newestFirst: true, after };
  for await (const { segment, end } of segmentsOf(context, wanted)) {
    ports.life.throwIfAborted();
    const number = state.pieces.length + 1;
    const link = await upload(number, String(number), historySegmentCodec.encode(segment));
    const piece: Piece = { number, rows: segment.rows.length, link };
    const pieces = [...state.pieces, piece];
    const tells = number === 1 || number % piecesPerList === 0;
    await keep({ ...state, pieces, end }, tells);
  }
  await keep({ ...state, complete: true }, true);
}

/** Nobody asks any more: what was given is deleted. */
export async function cleanUp(
  context: HistoryContext,
  ports: TransferPorts,
  to: ClientUri,
): Promise<void> {
  for (const { uri } of await ports.assets.list(prefixFor(to))) await ports.assets.delete(uri);
  await context.store.transaction((tx) => {
    tx.settings.delete(settingOf(to));
    ports.writeGift(tx, to, null, context.env.now());
  });
  context.events.emit("history", { from: "client", state: "given", done: 0, total: 0 });
  await ports.agree();
}

async function beginOrGoOn(
  { crypto, env, store }: HistoryContext,
  { self }: TransferPorts,
  to: ClientUri,
  ask: Ask,
): Promise<State> {
  const kept = await store.transaction((tx) => tx.settings.get(settingOf(to)));
  const known = kept === undefined ? undefined : decodeState(kept);
  if (known?.asked === toBase64Url(ask.key)) return known;
  const [id, key] = [env.random(16), env.random(32)];
  const { enc, ciphertext } = crypto.hpkeSeal(ask.key, giftInfo, giftContext(to, id), key);
  const gift = { by: self.client, id, enc, sealed: ciphertext };
  const signature = crypto.sign(self.signaturePrivateKey, givenBytes(to, gift));
  return {
    id: toBase64Url(id),
    key: toBase64Url(key),
    asked: toBase64Url(ask.key),
    enc: toBase64Url(enc),
    sealed: toBase64Url(ciphertext),
    signature: toBase64Url(signature),
    end: null,
    pieces: [],
    complete: false,
  };
}

function endOf({ end }: State) {
  return end === null ? undefined : { ...end, room: parseRoomUri(end.room) };
}

function encodeState(state: State): Bytes {
  const pieces = state.pieces.map((piece) => ({ ...piece, link: formatAssetLink(piece.link) }));
  return utf8Encode(JSON.stringify({ ...state, pieces }));
}

function decodeState(octets: Bytes): State {
  return stateSchema.parse(JSON.parse(utf8Decode(octets)));
}

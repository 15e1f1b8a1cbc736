import {
  type Bytes,
  type ClientUri,
  HISTORY_LIMITS,
  historySegmentCodec,
  LABELS,
  signedBytes,
} from "@treehouse/protocol";

import type { HistoryContext } from "../context.ts";
import { fetchWhole } from "../fetch-whole.ts";
import { openPiece, sealedOverhead } from "../piece.ts";
import { takeSegment } from "../take-segment.ts";
import { askedBytes, askValue, decodeList, type Gift, readAsk, readGift } from "./notes.ts";
import type { TransferPorts } from "./ports.ts";

/** The private key for which this client has asked to have its history sealed. */
const keySetting = "history asked";

/** What HPKE seals the key of a transfer under, beside the key of who asks. */
export const giftInfo = signedBytes(LABELS.historyGift, new Uint8Array());

/**
 * Asks the user's other clients for the history: any of them that is there, or comes, answers. Asking
 * again goes on with what was asked before.
 */
export async function askForHistory(context: HistoryContext, ports: TransferPorts): Promise<void> {
  const { crypto, env, store } = context;
  const { client, signaturePrivateKey } = ports.self;
  const fresh = crypto.hpkeGenerateKeyPair();
  await store.transaction((tx) => {
    const kept = tx.settings.get(keySetting);
    if (kept !== undefined && isAsked(context, ports, ports.ask(tx, client))) return;
    tx.settings.put(keySetting, fresh.privateKey);
    const key = fresh.publicKey;
    const signature = crypto.sign(signaturePrivateKey, askedBytes(client, key));
    ports.writeAsk(tx, client, askValue({ key, signature }), env.now());
  });
  await ports.agree();
}

function isAsked(context: HistoryContext, { listed, self }: TransferPorts, value: unknown) {
  const own = listed().find(({ client }) => client === self.client);
  return own !== undefined && readAsk(context, own, value) !== undefined;
}

export function isAsking({ store }: HistoryContext): Promise<boolean> {
  return store.transaction((tx) => tx.settings.get(keySetting) !== undefined);
}

/**
 * Takes in what another client has given so far; answers whether that is all. What was taken is noted
 * with it, so that it goes on after a crash where it was.
 */
export async function takeGift(context: HistoryContext, ports: TransferPorts): Promise<boolean> {
  const { events, store, env } = context;
  const { client } = ports.self;
  const { key, note } = await store.transaction((tx) => ({
    key: tx.settings.get(keySetting),
    note: ports.gift(tx, client),
  }));
  const gift = key && readGift(context, client, ports.listed(), note);
  if (key === undefined || gift === undefined) return false;
  const opened = openGift(context, client, key, gift);
  if (opened === undefined) return false;
  const fetch = async (number: number, link: Gift["link"]): Promise<Bytes> => {
    const bytesMax = HISTORY_LIMITS.historySegmentBytesMax + sealedOverhead;
    const sealed = await fetchWhole(ports, link, bytesMax);
    const place = { kind: "transfer", owner: context.self, id: gift.id, number } as const;
    return openPiece(opened, place, sealed);
  };
  const list = decodeList(await fetch(0, gift.link));
  let done = 0;
  for (const { number, link } of list.pieces) {
    ports.life.throwIfAborted();
    const isHere = await store.transaction((tx) => tx.history.isMerged(link.uri));
    if (!isHere) {
      const segment = historySegmentCodec.decode(await fetch(number, link));
      const last = (tx: Parameters<TransferPorts["ask"]>[0]) => tx.history.noteMerged(link.uri);
      await takeSegment(context, segment, context.self, { last });
    }
    done += 1;
    const total = list.pieces.length;
    events.emit("history", { from: "client", state: "coming", done, total });
  }
  if (!list.complete) return false;
  await store.transaction((tx) => {
    tx.settings.delete(keySetting);
    ports.writeAsk(tx, client, null, env.now());
  });
  events.emit("history", { from: "client", state: "complete", done, total: done });
  await ports.agree();
  return true;
}

/** The key of the pieces; undefined: it was not sealed for what this client has asked. */
function openGift(
  { crypto }: HistoryContext,
  client: ClientUri,
  key: Bytes,
  { enc, id, sealed }: Gift,
): Bytes | undefined {
  try {
    return crypto.hpkeOpen(key, enc, giftInfo, giftContext(client, id), sealed);
  } catch {
    return undefined;
  }
}

/** What the sealed key is bound to. */
export function giftContext(client: ClientUri, id: Bytes): Bytes {
  return signedBytes(
    LABELS.historyGift,
    new Uint8Array([...new TextEncoder().encode(client), ...id]),
  );
}

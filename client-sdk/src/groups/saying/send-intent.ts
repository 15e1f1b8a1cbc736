import {
  type Bytes,
  Refusal,
  refusalOfResponse,
  type RoomUri,
  sha256,
  submitMessageRequestCodec,
  type SubmitMessageResponse,
  toHex,
} from "@treehouse/protocol";

import type { IntentRow, LocalTx } from "../../storage/index.ts";
import { authenticatedData } from "./authenticated-data.ts";
import {
  capabilitiesOf,
  type GroupsContext,
  type Room,
  writeWithGroup,
  loadGroup,
  checkKeysAccepted,
} from "../room/index.ts";
import type { Step } from "../pump/index.ts";
import { prepareLink, settleLink } from "./sender-chain.ts";
import { callsRoom, facetsOf } from "./what-is-said.ts";
import { writeChange } from "./write-change.ts";

/**
 * Encrypts the intent's content in the current epoch. The ratchet and the request are durable
 * before the ciphertext leaves (architecture §8).
 */
export function buildSend(context: GroupsContext, room: Room, intent: IntentRow): Promise<Bytes> {
  return room.serial.run(async () => {
    await checkKeysAccepted(context, room);
    const group = await loadGroup(context, room);
    const { messageId, salt } = readOwn(context, room.uri, intent);
    const link = await prepareLink(context, room, { messageId, salt });
    const aad = await authenticatedData(group, room.cursor.position, link.data);
    const message = await group.encrypt(intent.body, aad);
    const sendingUri = context.self.user;
    const request = submitMessageRequestCodec.encode({ ephemeral: false, message, sendingUri });
    const hash = toHex(sha256(message));
    await writeWithGroup(context, room, (tx) => {
      tx.intents.submit(intent.serial, request, hash);
      link.note(tx, intent.serial);
    });
    return request;
  });
}

/** The echo in the stream, which may have come first, completes an accepted message. */
export function finishSend(
  context: GroupsContext,
  room: Room,
  intent: IntentRow,
  response: SubmitMessageResponse | Refusal,
): Promise<Step> {
  return room.serial.run(async () => {
    const refusal = response instanceof Refusal ? response : refusalOfResponse(response);
    if (!(response instanceof Refusal) && response.status === "accepted") {
      const { position, acceptedAt } = response;
      await context.store.transaction((tx) => {
        tx.intents.accept(intent.serial, { position, acceptedAt });
        settleLink(context, room, tx, intent);
        finishPassed(context, room, tx, room.cursor.position);
      });
      room.waiters.get(intent.serial)?.resolve(response);
      room.waiters.delete(intent.serial);
      return "next";
    }
    if (refusal?.code === "epochTooOld") {
      // The same content, with the same message id, goes out again in the current epoch (T-27).
      room.epochAtHub = refusal.data.currentEpoch ?? 0;
      const group = await loadGroup(context, room);
      // A former hub may have taken it (FED-1126): its echo then comes before the present epoch.
      if (group.epoch < room.epochAtHub) return "wait";
      await context.store.transaction((tx) => tx.intents.reset(intent.serial));
      // Not at once: a hub that was restored refuses whoever has not read so far in the stream.
      return "soon";
    }
    throw refusal ?? new Refusal("notAllowed", "the message was refused");
  });
}

/** Up to this position no echo comes any more: for what was accepted the answer is all there is. */
export function finishPassed(
  context: GroupsContext,
  room: Room,
  tx: LocalTx,
  through: number,
): void {
  for (const intent of tx.intents.acceptedSends(room.uri, through)) {
    if (intent.accepted !== undefined) finishMessage(context, room, tx, intent, intent.accepted);
  }
}

/**
 * A message of this client stands in the conversation. It is shown in the history and not handed to
 * its own handlers; one that was sent again keeps its place there, and where it was taken last is
 * noted, since that is what another restore may forget.
 */
export function finishMessage(
  context: GroupsContext,
  room: Room,
  tx: LocalTx,
  intent: IntentRow,
  at: { readonly position: number; readonly acceptedAt: number },
): void {
  const { position, acceptedAt } = at;
  const { aside, change, facets, ...message } = ownMessage(context, room.uri, intent);
  settleLink(context, room, tx, intent);
  tx.intents.delete(intent.serial);
  if (aside !== undefined) {
    aside(tx);
    return;
  }
  // What one has written oneself is read.
  const { expiresAfterMs: afterMs } = facets;
  const expiresAt = afterMs === undefined ? facets.expiresAt : acceptedAt + afterMs;
  const row = { ...message, ...facets, expiresAt, position, acceptedAt };
  if (change !== undefined) {
    // Behind what was missed there is no state to ask; the rules were asked before it was sent.
    const { user } = context.self;
    const may = room.group === undefined ? () => true : capabilitiesOf(room.group, user);
    writeChange(context, tx, row, { change, by: { user, may } });
    tx.messages.noteNewest(room.uri, row.messageId, position);
    return;
  }
  if (!tx.messages.append(row, true)) tx.messages.noteNewest(room.uri, row.messageId, position);
}

/** The row of a message of this client, from the intent to send it. */
export function ownMessage(context: GroupsContext, room: RoomUri, intent: IntentRow) {
  const read = readOwn(context, room, intent);
  const { messageId, body, aside, change } = read;
  const facets = { ...facetsOf(read, context.env.now()), speaks: callsRoom(read) };
  return { room, messageId, kind: "content", body, aside, change, facets } as const;
}

function readOwn({ env, reader, self }: GroupsContext, room: RoomUri, { body }: IntentRow) {
  return reader.read({ room, sender: self.client, plaintext: body, acceptedAt: env.now() });
}

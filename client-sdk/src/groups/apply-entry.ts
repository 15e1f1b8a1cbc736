import {
  type Bytes,
  decodeEntry,
  type Entry,
  entryHash,
  equalBytes,
  Refusal,
  rosterHash,
  sha256,
  toHex,
  userOfClient,
} from "@treehouse/protocol";

import type { FaultCode } from "../events/index.ts";
import type { LocalTx } from "../storage/index.ts";
import { type GroupsContext, type Room, writeWithGroup } from "./context.ts";
import { policyBefore, violationOf } from "./check-policy.ts";
import { loadGroup } from "./load-group.ts";
import { describeEvent } from "./room-event.ts";

/** `again`: an entry before this one is missing; read the stream again from the cursor. */
export type Applied = "applied" | "again";

/**
 * Applies one entry of the room's stream: MLS first, then one transaction with the ratchet rows,
 * what was read and the cursor. An entry that cannot be used becomes a fault in the history, and
 * the stream goes on (T-41). Runs in the room's `serial`.
 */
export async function applyEntry(
  context: GroupsContext,
  room: Room,
  bytes: Uint8Array,
): Promise<Applied> {
  if (room.forked) return "applied";
  const entry = decodeEntry(bytes);
  if (entry.room !== room.uri || entry.position <= room.cursor.position) return "applied";
  if (entry.position > room.cursor.position + 1) return "again";
  if (!equalBytes(entry.previous, room.cursor.hash)) {
    room.forked = true;
    tellFault(context, room, entry, "forkDetected", forkText);
    return "applied";
  }
  const cursor = {
    stream: room.uri,
    position: entry.position,
    hash: entryHash(bytes, context.member.crypto.hash),
  };
  const write = await prepareWrite(context, room, entry);
  await writeWithGroup(context, room, (tx) => {
    write.rows(tx);
    tx.cursors.set(cursor);
  });
  room.cursor = cursor;
  write.after();
  return "applied";
}

/** What one entry comes to: rows for the transaction, and what to tell once they are durable. */
type Write = { rows(tx: LocalTx): void; after(): void };

const nothing: Write = { rows: () => undefined, after: () => undefined };

async function prepareWrite(context: GroupsContext, room: Room, entry: Entry): Promise<Write> {
  try {
    switch (entry.kind) {
      case "application":
        return await application(context, room, entry);
      case "commit":
        return await commit(context, room, entry);
      case "proposal":
        for (const message of entry.proposals) await propose(context, room, message);
        return nothing;
      case "void":
      case "tombstone":
        return fault(context, room, entry, "tombstone", "The hub could not deliver this entry.");
    }
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const code = entry.kind === "commit" ? "commitInvalid" : "undecryptable";
    return fault(context, room, entry, code, error.message);
  }
}

async function application(
  context: GroupsContext,
  room: Room,
  entry: Entry & { kind: "application" },
): Promise<Write> {
  const hash = toHex(sha256(entry.message));
  const own = await context.store.transaction((tx) => tx.intents.byHash(room.uri, hash));
  if (own !== undefined) {
    const content = context.reader.read({
      room: room.uri,
      sender: context.self.client,
      plaintext: own.body,
    });
    return {
      rows(tx) {
        // What this client sent is shown in the history and not handed to its own handlers.
        tx.messages.append(row(room, entry, "content", content.messageId, content.body), true);
        tx.intents.delete(own.serial);
      },
      after() {
        room.waiters.get(own.serial)?.resolve(entry);
        room.waiters.delete(own.serial);
        context.events.emit("stored", { room: room.uri });
      },
    };
  }
  const group = await loadGroup(context, room);
  const message = await group.decrypt(entry.message);
  let content: { messageId: string; body: Bytes };
  try {
    content = context.reader.read({
      room: room.uri,
      sender: message.client,
      plaintext: message.plaintext,
    });
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return fault(context, room, entry, "contentInvalid", error.message);
  }
  return {
    rows(tx) {
      tx.messages.append(row(room, entry, "content", content.messageId, content.body), false);
    },
    after: () => context.events.emit("stored", { room: room.uri }),
  };
}

async function commit(
  context: GroupsContext,
  room: Room,
  entry: Entry & { kind: "commit" },
): Promise<Write> {
  const group = await loadGroup(context, room);
  const before = policyBefore(group);
  const result = await group.processCommit(entry.commit, { acceptedAt: entry.acceptedAt });
  const violation = violationOf(before, result, group);
  for (const message of entry.externalProposals) await propose(context, room, message);
  const own = toHex(sha256(entry.commit));
  const roster = group.members().map(({ leaf, client }) => ({ leaf, client }));
  const honest = result.removedSelf || equalBytes(rosterHash(roster), entry.rosterHash);
  const event = {
    kind: "membership",
    epoch: entry.epoch + 1,
    by: userOfClient(result.committer.client),
    added: result.added.map(({ client }) => userOfClient(client)),
    removed: result.removed.map(({ client }) => userOfClient(client)),
    changed: result.roomStateChanged,
  } as const;
  const finished: number[] = [];
  return {
    rows(tx) {
      for (const intent of tx.intents.list(room.uri)) {
        if (intent.kind === "send" || intent.status === "waiting") continue;
        if (intent.requestHash === own) {
          finished.push(intent.serial);
          tx.intents.delete(intent.serial);
        } else {
          // One commit per epoch: another one won, so these octets can never be accepted.
          tx.intents.reset(intent.serial);
        }
      }
      const body = describeEvent(event);
      tx.messages.append(row(room, entry, "event", `event ${entry.position}`, body), true);
      if (result.removedSelf) {
        tx.rooms.setStatus(room.uri, "removed");
        tx.rooms.deleteGroup(room.uri);
      }
    },
    after() {
      for (const serial of finished) {
        room.waiters.get(serial)?.resolve(entry);
        room.waiters.delete(serial);
      }
      if (result.removedSelf) room.group = undefined;
      if (!honest) tellFault(context, room, entry, "entryInvalid", rosterText);
      if (violation !== undefined) tellFault(context, room, entry, "policyViolated", violation);
      context.events.emit("membership", { room: room.uri, ...event });
      if (result.removedSelf) context.events.emit("removed", { room: room.uri });
    },
  };
}

async function propose(context: GroupsContext, room: Room, message: Bytes): Promise<void> {
  const group = await loadGroup(context, room);
  await group.processProposal(message);
}

function fault(
  context: GroupsContext,
  room: Room,
  entry: Entry,
  code: FaultCode,
  text: string,
): Write {
  return {
    rows(tx) {
      const body = describeEvent({ kind: "fault", code, text });
      tx.messages.append(row(room, entry, "fault", `fault ${entry.position}`, body), true);
    },
    after: () => tellFault(context, room, entry, code, text),
  };
}

function tellFault(
  context: GroupsContext,
  room: Room,
  entry: Entry,
  code: FaultCode,
  text: string,
): void {
  context.env.log.warn("entry.fault", { code, position: entry.position });
  context.events.emit("fault", { room: room.uri, position: entry.position, code, text });
}

function row(
  room: Room,
  entry: Entry,
  kind: "content" | "event" | "fault",
  messageId: string,
  body: Bytes,
) {
  return {
    room: room.uri,
    position: entry.position,
    messageId,
    kind,
    acceptedAt: entry.acceptedAt,
    body,
  };
}

const forkText =
  "The server's log of this room does not follow from what it sent before. Nothing more is read.";
const rosterText = "The server describes other members than the group has.";

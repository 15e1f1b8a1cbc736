import {
  type Entry,
  maySend,
  Refusal,
  type SenderLink,
  sha256,
  toHex,
  userOfClient,
} from "@treehouse/protocol";

import {
  capabilitiesOf,
  type GroupsContext,
  type ReadMessage,
  type Room,
  entryRow,
  type EntryWrite,
  fault,
  loadGroup,
  type Reception,
  receptionOf,
  viewOf,
} from "../room/index.ts";
import { forkTagOf, isOfOtherFork, writeSuspect } from "../health/index.ts";
import {
  finishMessage,
  linkOf,
  noteLink,
  type OrderFinding,
  changedMessage,
  writeChange,
  callsRoom,
  facetsOf,
  names,
  tellContained,
} from "../saying/index.ts";

/** Decrypts a message, and answers what is to be written with it. */
export async function messageEntry(
  context: GroupsContext,
  room: Room,
  entry: Entry & { kind: "application" },
): Promise<EntryWrite> {
  const hash = toHex(sha256(entry.message));
  const own = await context.store.transaction((tx) => tx.intents.byHash(room.uri, hash));
  if (own !== undefined) {
    return {
      left: false,
      rows: (tx) => finishMessage(context, room, tx, own, entry),
      after() {
        room.waiters.get(own.serial)?.resolve(entry);
        room.waiters.delete(own.serial);
        context.events.emit("stored", { room: room.uri });
        context.lifetimes.noted();
      },
    };
  }
  const group = await loadGroup(context, room);
  await forkTagOf(room, group);
  const message = await group.decrypt(entry.message);
  if (isOfOtherFork(room, message.epoch, message.authenticatedData)) {
    return fault(context, room, entry, "contentInvalid", "It says to be of another continuation.");
  }
  const isPast = message.epoch !== group.epoch;
  if (isPast && !group.members().some(({ client }) => client === message.client)) {
    return fault(context, room, entry, "senderMismatch", "Who sent this was out by then.");
  }
  const verdict = maySend(viewOf(group), userOfClient(message.client), entry.acceptedAt);
  // By the state at the message's place: the hub has refused it there, or should have (FED-752).
  if (!verdict.allowed) return fault(context, room, entry, "policyViolated", verdict.reason);
  let content: ReadMessage;
  let link: SenderLink | undefined;
  try {
    content = context.reader.read({
      room: room.uri,
      sender: message.client,
      plaintext: message.plaintext,
      acceptedAt: entry.acceptedAt,
    });
    link = linkOf(message.authenticatedData, content);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return fault(context, room, entry, "contentInvalid", error.message);
  }
  const sender = userOfClient(message.client);
  const by = { user: sender, may: capabilitiesOf(group, sender) };
  if (content.needs?.some((any) => !any.some((one) => by.may(one))) === true) {
    const reason = "The sender's role does not permit what this message holds.";
    return fault(context, room, entry, "policyViolated", reason);
  }
  const speaks = callsRoom(content) && by.may("callEveryone");
  const facets = facetsOf(content, entry.acceptedAt);
  const isNamed = () => names(content, context.self.user, speaks ? group : undefined);
  const counts = (): 0 | 1 | 2 => {
    if (sender === context.self.user || reception === "blocked") return 0;
    return isNamed() ? 2 : 1;
  };
  // In a later epoch others are where this client is.
  const isReunited =
    room.suspect !== undefined && message.epoch > room.suspect && sender !== context.self.user;
  let reception: Reception = "hidden";
  let finding: OrderFinding | undefined;
  let tell: () => void = () => undefined;
  return {
    left: false,
    rows(tx) {
      reception = receptionOf(tx, room.uri, sender);
      if (isReunited) writeSuspect(tx, room.uri, undefined);
      finding = noteLink(tx, room, message.client, link);
      if (finding?.kind === "repeated") {
        // Who sends something again for those who come back does so at a new place (FED-828).
        reception = "hidden";
        return;
      }
      if (content.aside !== undefined) {
        if (reception === "shown") tell = content.aside(tx);
        return;
      }
      const { change } = content;
      if (change !== undefined && reception !== "blocked") {
        const at = entryRow(room, entry, "change", content.messageId, content.body);
        const messageId = changedMessage(tx, room.uri, change);
        const written = writeChange(context, tx, at, { change, by });
        const told = { room: room.uri, messageId, change: change.kind };
        if (written === "written") tell = () => context.events.emit("changed", told);
        if (written === "full") tell = () => tellContained(context, room, sender, change.kind);
        return;
      }
      const kind = reception === "blocked" ? "blocked" : "content";
      const row = entryRow(room, entry, kind, content.messageId, content.body);
      if (context.lifetimes.isGone(facets.expiresAt)) {
        const body = context.reader.emptied(row.body);
        tx.messages.append({ ...row, kind: "withdrawn", body }, true);
        reception = "hidden";
        return;
      }
      const said = { ...facets, counts: counts(), speaks };
      tx.messages.append({ ...row, ...said }, reception !== "shown");
    },
    after() {
      tell();
      if (isReunited) room.suspect = undefined;
      if (finding !== undefined) {
        const { position } = entry;
        context.env.log.warn("sender.order", { kind: finding.kind, position });
        context.events.emit("senderOrder", { room: room.uri, position, ...finding });
      }
      context.lifetimes.told(entry.acceptedAt);
      if (content.expires !== undefined) context.lifetimes.noted();
      if (reception !== "shown") return;
      context.events.emit("stored", { room: room.uri });
      context.ears.spoke(room.uri, message.client);
      context.ears.arrived({ room: room.uri, position: entry.position });
    },
  };
}

import {
  type Bytes,
  changeOf,
  checkContent,
  type ClientUri,
  type CodecValue,
  clientUriCodec,
  decodeContent,
  type HistoryGrant,
  historyGrantOf,
  LIMITS,
  mainPart,
  mentionsOf,
  messageId,
  type MessageStatus,
  type MimiContent,
  opaque,
  pollOf,
  type Profile,
  profileOf,
  type RoomUri,
  statusOf,
  struct,
  textOf,
  toHex,
  u8,
  userOfClient,
  type UserUri,
} from "@treehouse/protocol";

import type { MessageReader, ReadMessage } from "../groups/index.ts";
import type { LocalTx } from "../storage/index.ts";
import { needsOf } from "./needs.ts";

const bodyCodec = struct({
  version: u8,
  /** From the MLS leaf, never from the content. */
  sender: clientUriCodec,
  content: opaque({ max: LIMITS.applicationMessageBytesMax }),
});

/** What the store keeps of a message. */
export type StoredContent = CodecValue<typeof bodyCodec>;

export function decodeStored(body: Uint8Array): StoredContent & { readonly parsed: MimiContent } {
  const stored = bodyCodec.decode(body);
  return { ...stored, parsed: decodeContent(stored.content) };
}

/** Who sent a stored message, also one that was taken back. */
export function senderOf(body: Uint8Array): ClientUri {
  return bodyCodec.decode(body).sender;
}

/** Who sent a stored message, and its content as it was encrypted. */
export function readStored(body: Uint8Array): Pick<StoredContent, "sender" | "content"> {
  const { sender, content } = bodyCodec.decode(body);
  return { sender, content };
}

type Said = { readonly user: UserUri; readonly room: RoomUri; readonly acceptedAt: number };

/** What somebody says to the others' programs; owned here, met by the layers that they are for. */
export type Takers = {
  /** Of themselves. */
  readonly profile: (tx: LocalTx, said: Said & { readonly profile: Profile }) => () => void;
  /** Of what was said before somebody came. */
  readonly grant: (tx: LocalTx, said: Said & { readonly grant: HistoryGrant }) => () => void;
  /** Of what became of messages. */
  readonly status: (
    tx: LocalTx,
    said: Said & { readonly report: readonly MessageStatus[] },
  ) => () => void;
};

/** Who sent a message, and nothing of what it said. */
function emptied(body: Uint8Array): Bytes {
  return emptyBody(senderOf(body));
}

/** What the store keeps of a message that was taken back. */
export function emptyBody(sender: ClientUri): Bytes {
  return bodyCodec.encode({ version: 1, sender, content: new Uint8Array() });
}

export function createReader(takers: Takers): MessageReader {
  return {
    read: (message) => readContent(message, takers),
    stored: readStored,
    poll: (body) => pollOf(decodeStored(body).parsed),
    emptied,
  };
}

/**
 * Checks decrypted content against where it came from: the sender it names must be the leaf's user
 * and the room this one (FED-820, T-03), and it expires within a year (FED-821). `acceptedAt` is
 * the hub's time in milliseconds. Refuses `malformed` and `invalidMessage`.
 */
export function readContent(
  message: {
    readonly room: RoomUri;
    readonly sender: ClientUri;
    readonly plaintext: Uint8Array;
    readonly acceptedAt: number;
  },
  takers: Takers,
): ReadMessage {
  const { room, sender, plaintext, acceptedAt } = message;
  const content = new Uint8Array(plaintext);
  const parsed = decodeContent(content);
  const user = userOfClient(sender);
  checkContent(parsed, { sender: user, room, acceptedAt });
  const id = messageId({ senderUri: user, roomUri: room, content, salt: parsed.salt });
  const body = bodyCodec.encode({ version: 1, sender, content });
  const { expires, salt } = parsed;
  const read = { messageId: toHex(id), author: user, salt, body, what: kindOf(parsed) };
  const change = changeOf(parsed);
  if (change !== undefined) {
    const { kind } = change;
    const choices = kind === "vote" ? change.choices : [];
    const poll = kind === "edit" ? pollOf(parsed) : undefined;
    const told = { kind, target: toHex(change.target), choices, poll };
    return { ...read, change: told, needs: needsOf(parsed) };
  }
  const profile = profileOf(parsed);
  if (profile !== undefined) {
    return { ...read, aside: (tx) => takers.profile(tx, { user, room, profile, acceptedAt }) };
  }
  const report = statusOf(parsed);
  if (report !== undefined) {
    return { ...read, aside: (tx) => takers.status(tx, { user, room, report, acceptedAt }) };
  }
  const grant = historyGrantOf(parsed);
  if (grant !== undefined) {
    return { ...read, aside: (tx) => takers.grant(tx, { user, room, grant, acceptedAt }) };
  }
  const topic = parsed.topicId.length === 0 ? undefined : toHex(parsed.topicId);
  return { ...read, topic, expires, mentions: mentionsOf(parsed), needs: needsOf(parsed) };
}

/** What a message is shown as. Refuses `invalidMessage` for one that is not what it says. */
export function kindOf(content: MimiContent): "text" | "poll" | "unknown" {
  if (pollOf(content) !== undefined) return "poll";
  const isOther = mainPart(content)?.contentType.startsWith("application/") === true;
  return isOther || textOf(content) === undefined ? "unknown" : "text";
}

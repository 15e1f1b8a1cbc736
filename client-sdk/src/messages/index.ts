/** What people say to each other: MIMI content in and out, and the stored history. */
import {
  type Bytes,
  type ClientUri,
  encodeContent,
  formatAddress,
  fromHex,
  LIMITS,
  messageId,
  type MimiContent,
  Refusal,
  type RoomUri,
  textContent,
  textOf,
  toHex,
  userOfClient,
  type UserUri,
} from "@treehouse/protocol";

import type { ClientEvents, Events } from "../events/index.ts";
import { type HistoryRow, parseEvent } from "../groups/index.ts";
import type { LocalStore } from "../storage/index.ts";
import { decodeStored } from "./read-content.ts";

export { createReader, type TakeProfile } from "./read-content.ts";

type Place = {
  readonly conversation: RoomUri;
  /** Place in the conversation's order, the same for everybody. */
  readonly position: number;
  /** When the hub accepted it, in milliseconds since the Unix epoch. */
  readonly acceptedAt: number;
};

/** A message with its sender, who is the MLS leaf's user. */
export type Message = Place & {
  /** Hex of the MIMI message id; the same for everybody. */
  readonly id: string;
  readonly sender: UserUri;
  readonly senderAddress: string;
  readonly senderClient: ClientUri;
  /** `unknown`: a kind of content that this version does not show. */
  readonly type: "text" | "unknown";
  readonly text: string;
  readonly inReplyTo: string | undefined;
};

/** What else stands in a conversation's history. */
export type HistoryItem =
  | (Message & { readonly kind: "message" })
  | (Place & {
      readonly kind: "membership";
      readonly by: string;
      readonly added: readonly string[];
      readonly removed: readonly string[];
      /** Who came in with another identity key than the one known before. */
      readonly changedKeys: readonly string[];
    })
  | (Place & { readonly kind: "fault"; readonly code: string; readonly text: string });

/** A text ready to be sent. The id stays the same however often it is encrypted. */
export function composeText(
  wanted: {
    readonly room: RoomUri;
    readonly text: string;
    readonly inReplyTo?: string | undefined;
  },
  sender: UserUri,
  random: (length: number) => Bytes,
): { readonly id: string; readonly content: Bytes } {
  const { room, text, inReplyTo } = wanted;
  const salt = random(16);
  const content = encodeAsked(
    textContent({
      text,
      salt,
      senderUri: sender,
      roomUri: room,
      ...(inReplyTo === undefined ? {} : { inReplyTo: fromHex(inReplyTo) }),
    }),
  );
  const bytesMax = LIMITS.applicationMessageBytesMax - envelopeBytes;
  if (content.length > bytesMax) {
    throw new Refusal("tooLarge", `a message has at most ${bytesMax} octets`, {
      limitName: "applicationMessageBytesMax",
      limit: bytesMax,
    });
  }
  return { id: toHex(messageId({ senderUri: sender, roomUri: room, content, salt })), content };
}

/** What no receiver would take is the asker's fault here, not a bug. */
function encodeAsked(content: MimiContent): Bytes {
  try {
    return encodeContent(content);
  } catch (error) {
    if (error instanceof RangeError && error.cause instanceof Refusal) throw error.cause;
    throw error;
  }
}

/** What encryption and framing add to a content, with room to spare. */
const envelopeBytes = 1024;

export function itemOf(row: HistoryRow): HistoryItem {
  const place = {
    conversation: row.room,
    position: row.position,
    acceptedAt: row.acceptedAt,
  };
  if (row.kind === "content") return { kind: "message", ...messageOf(row) };
  const event = parseEvent(row.body);
  if (event.kind === "fault") {
    return { ...place, kind: "fault", code: event.code, text: event.text };
  }
  return {
    ...place,
    kind: "membership",
    by: formatAddress(event.by),
    added: event.added.map((user) => formatAddress(user)),
    removed: event.removed.map((user) => formatAddress(user)),
    changedKeys: event.changedKeys.map((user) => formatAddress(user)),
  };
}

function messageOf(row: HistoryRow): Message {
  const { sender, parsed } = decodeStored(row.body);
  const user = userOfClient(sender);
  const text = textOf(parsed);
  return {
    conversation: row.room,
    position: row.position,
    acceptedAt: row.acceptedAt,
    id: row.messageId,
    sender: user,
    senderAddress: formatAddress(user),
    senderClient: sender,
    type: text === undefined ? "unknown" : "text",
    text: text ?? "",
    inReplyTo: parsed.inReplyTo === undefined ? undefined : toHex(parsed.inReplyTo),
  };
}

/** Which messages a loop gets, and when it ends. */
export type MessagesOptions = {
  /** Ends the loop. */
  readonly signal?: AbortSignal | undefined;
  /** Ends the loop once everything stored was handed out, instead of waiting for more. */
  readonly drain?: boolean | undefined;
  /** Ids; the messages of others stay for another loop. */
  readonly conversations?: readonly string[] | undefined;
};

const pageSize = 100;

/**
 * Others' messages in the order of arrival, from where this store's handlers stopped. A message is
 * marked as handled when the next one is asked for: if the loop's body throws, or the process
 * ends, the message comes again. Ends when the caller's signal or `life`, the client's, is aborted.
 */
export async function* unhandledMessages(
  store: LocalStore,
  events: Events<ClientEvents>,
  options: MessagesOptions,
  life: AbortSignal,
): AsyncGenerator<Message, void, undefined> {
  const { drain = false, conversations } = options;
  const signal = options.signal === undefined ? life : AbortSignal.any([options.signal, life]);
  let after = 0;
  let wake: () => void = () => undefined;
  let stored = false;
  const stop = events.on("stored", () => {
    stored = true;
    wake();
  });
  const abort = () => wake();
  signal.addEventListener("abort", abort);
  try {
    for (;;) {
      if (isAborted(signal)) return;
      stored = false;
      const rows = await store.transaction((tx) => tx.messages.unhandled(after, pageSize));
      for (const row of rows) {
        if (isAborted(signal)) return;
        after = row.serial;
        if (conversations?.includes(row.room) === false) continue;
        yield messageOf(row);
        // Too late when the client was closed during the handler's turn: the message comes again.
        if (life.aborted) return;
        await store.transaction((tx) => tx.messages.markHandled(row.serial));
      }
      if (rows.length > 0 || stored) continue;
      if (drain) return;
      await new Promise<void>((resolve) => {
        wake = resolve;
        if (stored || isAborted(signal)) resolve();
      });
    }
  } finally {
    stop();
    signal.removeEventListener("abort", abort);
  }
}

/** Asked anew each time: to the compiler, `aborted` would stay what it was. */
function isAborted(signal: AbortSignal): boolean {
  return signal.aborted;
}

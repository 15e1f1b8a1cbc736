import { inboxEntryCodec, Refusal, signedHeadCodec } from "@treehouse/protocol";
import type { Bytes, ClientUri, RoomUri } from "@treehouse/protocol";
import type { Tx } from "../platform/index.ts";
import { appendTo } from "./append.ts";
import type { QueuingContext } from "./context.ts";
import { ensureInbox } from "./ensure-inbox.ts";
import { inboxIsFull } from "./inbox-is-full.ts";
import type { StoredStream } from "./store.ts";

export type WelcomeForClient = {
  readonly client: ClientUri;
  readonly room: RoomUri;
  readonly generation: number;
  /** The epoch that the Welcome leads into. */
  readonly epoch: number;
  /** The position of the adding commit in the room's stream. */
  readonly position: number;
  readonly acceptedAt: number;
  readonly welcome: Bytes;
  /** Encoded `SignedHead` at the adding commit. */
  readonly head: Bytes;
};

/**
 * Puts a Welcome into a client's inbox and answers its position there. Refuses `queueFull` while
 * the client has left as many inbox entries unread as it may.
 */
export async function deliverWelcome(
  context: QueuingContext,
  tx: Tx,
  { client, acceptedAt, head, ...welcome }: WelcomeForClient,
): Promise<number> {
  const inbox = await ensureInbox(context.store, tx, client);
  await refuseIfFull(context, tx, client, inbox);
  const position = inbox.head + 1;
  const bytes = inboxEntryCodec.encode({
    position,
    acceptedAt,
    kind: "welcome",
    welcome: { ...welcome, head: signedHeadCodec.decode(head) },
  });
  await appendTo(context, tx, inbox, { position, handshake: false, bytes });
  return position;
}

async function refuseIfFull(
  context: QueuingContext,
  tx: Tx,
  client: ClientUri,
  inbox: StoredStream,
): Promise<void> {
  if (!(await inboxIsFull(context, tx, client, inbox))) return;
  throw new Refusal("queueFull", "A client that is to be added does not read its inbox.", {
    limitName: "inboxEntriesMax",
    limit: context.limits.inboxEntriesMax,
  });
}

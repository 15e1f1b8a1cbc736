import { ACCOUNT_EVENTS, inboxEntryCodec } from "@treehouse/protocol";
import type { Bytes, ClientUri } from "@treehouse/protocol";
import type { Tx } from "../platform/index.ts";
import { appendTo } from "./append.ts";
import type { QueuingContext } from "./context.ts";
import { ensureInbox } from "./ensure-inbox.ts";
import { inboxIsFull } from "./inbox-is-full.ts";
import type { StoredStream } from "./store.ts";

export type AccountEventForClient = {
  readonly client: ClientUri;
  readonly acceptedAt: number;
  readonly name: string;
  readonly data: Bytes;
};

/**
 * Puts news of the account into a client's inbox. Never refuses: what a stranger does must not be
 * stopped, or answered differently, by a client that does not read. In a full inbox one event
 * `eventsDropped` stands for all that would come behind it, and has the client ask for everything.
 */
export async function deliverAccountEvent(
  context: QueuingContext,
  tx: Tx,
  { client, acceptedAt, name, data }: AccountEventForClient,
): Promise<void> {
  const inbox = await ensureInbox(context.store, tx, client);
  const full = await inboxIsFull(context, tx, client, inbox);
  if (full && (await endsWithDropped(context, tx, inbox))) return;
  const position = inbox.head + 1;
  const event = full
    ? { name: ACCOUNT_EVENTS.eventsDropped, data: new Uint8Array(0) }
    : { name, data };
  const bytes = inboxEntryCodec.encode({ position, acceptedAt, kind: "accountEvent", event });
  await appendTo(context, tx, inbox, { position, handshake: false, bytes });
}

async function endsWithDropped(
  { store }: QueuingContext,
  tx: Tx,
  { id, head }: StoredStream,
): Promise<boolean> {
  const range = { stream: id, after: head - 1, upTo: head, entriesMax: 1, bytesMax: 1 };
  const [newest] = await store.page(tx, range);
  if (newest === undefined) return false;
  const entry = inboxEntryCodec.decode(new Uint8Array(newest.bytes));
  return entry.kind === "accountEvent" && entry.event.name === ACCOUNT_EVENTS.eventsDropped;
}

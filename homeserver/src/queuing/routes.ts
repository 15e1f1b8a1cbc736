import {
  acknowledgementCodec,
  entriesPageCodec,
  entriesQuerySchema,
  isRoomStream,
  parseStreamUri,
  Refusal,
  routes as paths,
  subscriptionsAnswerSchema,
  toBase64Url,
} from "@treehouse/protocol";
import type { ClientUri, StreamUri } from "@treehouse/protocol";
import { jsonAnswer, noAnswer, route, tlsAnswer, tlsBody } from "../platform/index.ts";
import type { Route } from "../platform/index.ts";
import type { QueuingContext } from "./context.ts";
import type { StreamReader } from "./reader.ts";

type Attach = (client: ClientUri) => Promise<StreamReader>;

/** Paging and acknowledging without a socket. Only the session's own client is ever meant. */
export function routes(context: QueuingContext, attach: Attach): readonly Route[] {
  return [
    subscriptionsRoute(context, attach),
    entriesRoute(context, attach),
    acknowledgementsRoute(attach),
  ];
}

async function using<T>(
  attach: Attach,
  client: ClientUri,
  run: (reader: StreamReader) => Promise<T> | T,
): Promise<T> {
  const reader = await attach(client);
  try {
    return await run(reader);
  } finally {
    reader.detach();
  }
}

function subscriptionsRoute(context: QueuingContext, attach: Attach): Route {
  const { streams } = context;
  return route({
    method: "GET",
    path: paths.subscriptions,
    access: "session",
    summary: "The streams that the caller's client may read, its inbox first",
    answer: jsonAnswer(subscriptionsAnswerSchema),
    handle: ({ session }) =>
      using(attach, session.client, (reader) => ({
        incarnation: toBase64Url(context.incarnation),
        subscriptions: reader.streams().map((stream) => {
          const { after, upTo } = reader.standing(stream);
          const droppedTo = streams.get(stream)?.droppedTo ?? 0;
          const oldest = oldestOf(droppedTo, after, upTo);
          return { stream, cursor: after, head: upTo, oldest, last: reader.lastOf(stream) ?? null };
        }),
      })),
  });
}

function entriesRoute(context: QueuingContext, attach: Attach): Route {
  const { streams } = context;
  return route({
    method: "GET",
    path: paths.entries,
    access: "session",
    summary:
      "A page of a stream. Positions missing between `after` and its last entry, or up to `head` " +
      "if it has none, have expired",
    query: entriesQuerySchema,
    answer: tlsAnswer("EntriesPage"),
    handle: ({ session, param, query }) =>
      using(attach, session.client, async (reader) => {
        const stream = readableStream(reader, param("stream"));
        const { head, droppedTo } = streams.get(stream) ?? { head: 0, droppedTo: 0 };
        if (query.after > head) {
          throw new Refusal("aheadOfStream", "The stream does not reach that far.");
        }
        const { after, upTo } = reader.standing(stream, query.after);
        if (after < Math.min(droppedTo, upTo)) {
          const oldest = oldestOf(droppedTo, after, upTo);
          throw new Refusal("positionGone", "The next entries have expired.", { oldest });
        }
        const page = await reader.page(stream, query.after, { entriesMax: query.limit });
        return entriesPageCodec.encode({
          incarnation: context.incarnation,
          stream,
          entries: page.items.flatMap((item) =>
            item.kind === "entry" ? [new Uint8Array(item.bytes)] : [],
          ),
          head: upTo,
          oldest: oldestOf(droppedTo, after, upTo),
        });
      }),
  });
}

function acknowledgementsRoute(attach: Attach): Route {
  return route({
    method: "POST",
    path: paths.acknowledgements,
    access: "session",
    summary: "Says how far the caller's client has applied its streams",
    body: tlsBody("Acknowledgement"),
    answer: noAnswer,
    handle: ({ session, body }) =>
      using(attach, session.client, (reader) => {
        reader.acknowledge(acknowledgementCodec.decode(body));
      }),
  });
}

/** The stream if the client may read it, which says nothing about whether others exist. */
function readableStream(reader: StreamReader, text: string): StreamUri {
  const stream = parseStreamUri(text);
  if (reader.streams().includes(stream)) return stream;
  throw isRoomStream(stream)
    ? new Refusal("notMember", "This client has no subscription to that room.")
    : new Refusal("clientMismatch", "Only the client that owns an inbox reads it.");
}

/** The oldest position that a reader may ask for, within what it may read at all. */
function oldestOf(droppedTo: number, after: number, upTo: number): number {
  return Math.min(Math.max(droppedTo, after), upTo) + 1;
}

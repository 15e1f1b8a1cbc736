import {
  batchAnswerCodec,
  batchCodec,
  domainOf,
  entryDeliveryCodec,
  ITEM_KINDS,
  Reader,
  readItem,
  Refusal,
  toHex,
} from "@treehouse/protocol";
import type {
  Batch,
  BatchAnswer,
  BatchItem,
  Bytes,
  Domain,
  EntryDelivery,
} from "@treehouse/protocol";
import type { Answered, Asked, Passage } from "../proxy.ts";
import { answering } from "./authentication.ts";
import type { Fault } from "./fault.ts";
import { fromOf, random, refusal, signedAnew, tested, tls } from "./signing.ts";

/** Faults of how a server takes others' streams, and sends its own. */
export const streamFaults: readonly Fault[] = [
  {
    name: "takes octets after the end",
    rule: "FED-103",
    breaks: "more octets are malformed",
    inbound: () => onBatches((asked) => shorter(asked.body)),
  },
  {
    name: "takes lengths in any form",
    rule: "FED-101",
    breaks: "longer forms are malformed",
    inbound: () =>
      onBatches(({ body }) => {
        const at = body.length - 2;
        return body[at] === 0x40 && body[at + 1] === 0
          ? new Uint8Array([...body.slice(0, at), 0])
          : undefined;
      }),
  },
  {
    name: "takes what lies behind a gap",
    rule: "FED-941",
    breaks: "nothing is taken beyond a gap",
    inbound: () => {
      const nexts = new Map<string, number>();
      return async (asked, forward) => {
        const batch = batchIn(asked);
        if (batch === undefined) return forward(asked);
        const life = `${fromOf(asked)} ${toHex(batch.incarnation)}`;
        const first = batch.items[0]?.sequence ?? 1;
        const next = nexts.get(life) ?? 1;
        const closed = first > next ? renumbered(batch, next) : batch;
        const answered = await forward(
          closed === batch ? asked : signedAnew(asked, { body: batchCodec.encode(closed) }),
        );
        const answer = answerIn(answered);
        if (answer !== undefined) nexts.set(life, answer.next);
        return answered;
      };
    },
  },
  {
    name: "names a rejected item once",
    rule: "FED-942",
    breaks: "rejected items are named again",
    inbound: () =>
      onAnswers((batch, answer) => {
        const now = new Set(batch.items.map(({ sequence }) => sequence));
        return { ...answer, rejected: answer.rejected.filter(({ sequence }) => now.has(sequence)) };
      }),
  },
  {
    name: "takes as many items as come",
    rule: "FED-944",
    breaks: "512 are taken, and 513 malformed",
    inbound: () =>
      onBatches(({ body }) => {
        if (batchOf(body) !== undefined) return undefined;
        return fewer(body);
      }),
  },
  {
    name: "passes over items of an unknown kind",
    rule: "FED-945",
    breaks: "poison among good items",
    inbound: () =>
      onAnswers((_batch, answer) => ({
        ...answer,
        rejected: answer.rejected.filter(({ code }) => code !== "unsupported"),
      })),
  },
  {
    name: "refuses a batch for one bad item",
    rule: "FED-945",
    breaks: "poison among good items",
    inbound: () => async (asked, forward) =>
      batchIn(asked)?.items.some(isMalformed) === true ? refusal("malformed") : forward(asked),
  },
  {
    name: "lets a server speak of another one's users",
    rule: "FED-960",
    breaks: "anything else is rejected",
    inbound: () => async (asked, forward) => {
      for (const item of batchIn(asked)?.items ?? []) {
        const home = speakerOf(item);
        if (home === undefined || home === fromOf(asked) || home === tested) continue;
        const batch = { incarnation: random(16), items: [{ ...item, sequence: 1 }], heads: [] };
        await forward(signedAnew(asked, { from: home, body: batchCodec.encode(batch) }));
      }
      return forward(asked);
    },
  },
  {
    name: "tells that a user does not exist",
    rule: "FED-964",
    breaks: "a request to somebody who does not exist is received like any other",
    inbound: () =>
      onAnswers((batch, answer) => ({
        ...answer,
        rejected: batch.items.flatMap(({ sequence, kind, body }) => {
          const known = answer.rejected.find((each) => each.sequence === sequence);
          if (known !== undefined || kind !== ITEM_KINDS.consent) return known ?? [];
          const isNobody = new TextDecoder().decode(body).includes("/u/nobody-");
          return isNobody ? [{ sequence, code: "unknownUser" }] : [];
        }),
      })),
  },
  {
    name: "leaves an item out",
    rule: "FED-940",
    breaks: "items are numbered without gaps under one incarnation",
    outbound: () => {
      // Once for each server: where the whole suite runs, others than the one that counts are sent to first.
      const told = new Set<string>();
      return async (asked, forward) => {
        const batch = batchIn(asked);
        const [, to = ""] = asked.headers.find(([name]) => name.toLowerCase() === "host") ?? [];
        if (batch === undefined || batch.items.length === 0 || told.has(to)) return forward(asked);
        told.add(to);
        const { incarnation, items } = batch;
        const next = (items.at(-1)?.sequence ?? 0) + 1;
        return tls(batchAnswerCodec.encode({ incarnation, next, rejected: [] }));
      };
    },
  },
  {
    name: "introduces no rooms",
    rule: "FED-949",
    breaks: "with the hub's key and the roster after it",
    outbound: () => onDeliveries((delivery) => ({ ...delivery, introduction: undefined })),
  },
  {
    name: "sends commits without their heads",
    rule: "FED-952",
    breaks: "a commit comes with the head of its position",
    outbound: () => onDeliveries((delivery) => ({ ...delivery, head: undefined })),
  },
  {
    name: "sends Welcomes to nobody",
    rule: "FED-954",
    breaks: "one commit, two servers",
    outbound: () => onDeliveries((delivery) => ({ ...delivery, welcomes: [] })),
  },
];

function isNotify({ path }: Asked): boolean {
  return path.endsWith("/notify");
}

function batchIn(asked: Asked): Batch | undefined {
  return isNotify(asked) ? batchOf(asked.body) : undefined;
}

function batchOf(body: Bytes): Batch | undefined {
  return orUndefined(() => batchCodec.decode(body));
}

function answerIn({ status, body }: Answered): BatchAnswer | undefined {
  return status === 200 ? orUndefined(() => batchAnswerCodec.decode(body)) : undefined;
}

/** Replaces the bodies of batches that come in. */
function onBatches(change: (asked: Asked) => Bytes | undefined): Passage {
  return async (asked, forward) => {
    const body = isNotify(asked) ? change(asked) : undefined;
    return forward(body === undefined ? asked : signedAnew(asked, { body }));
  };
}

/** Changes the answers to batches. */
function onAnswers(change: (batch: Batch, answer: BatchAnswer) => BatchAnswer): Passage {
  return answering((asked, answered) => {
    const [batch, answer] = [batchIn(asked), answerIn(answered)];
    if (batch === undefined || answer === undefined) return answered;
    return tls(batchAnswerCodec.encode(change(batch, answer)));
  });
}

/** Changes the entries that go out; nobody there insists on the digest. */
function onDeliveries(change: (delivery: EntryDelivery) => EntryDelivery): Passage {
  return async (asked, forward) => {
    const batch = batchIn(asked);
    if (batch === undefined) return forward(asked);
    const items = batch.items.map((item) =>
      item.kind === ITEM_KINDS.entry
        ? { ...item, body: entryDeliveryCodec.encode(change(entryDeliveryCodec.decode(item.body))) }
        : item,
    );
    return forward({ ...asked, body: batchCodec.encode({ ...batch, items }) });
  };
}

function renumbered(batch: Batch, first: number): Batch {
  return { ...batch, items: batch.items.map((item, at) => ({ ...item, sequence: first + at })) };
}

/** The batch at the beginning of the octets, if something follows it. */
function shorter(body: Bytes): Bytes | undefined {
  return orUndefined(() => {
    const reader = new Reader(body);
    batchCodec.read(reader);
    return reader.offset < body.length ? body.slice(0, reader.offset) : undefined;
  });
}

/** A batch of 513 short items without the last one. */
function fewer(body: Bytes): Bytes | undefined {
  return orUndefined(() => {
    const reader = new Reader(body.slice(16));
    const items = new Reader(reader.opaque(8_388_608, 0));
    const kept: BatchItem[] = [];
    while (items.remaining > 0 && kept.length < 512) {
      const [sequence, kind] = [items.u64(), items.u8()];
      kept.push({ sequence, kind, body: items.opaque(8_388_608, 0) });
    }
    return batchCodec.encode({ incarnation: body.slice(0, 16), items: kept, heads: [] });
  });
}

function isMalformed(item: BatchItem): boolean {
  try {
    readItem(item);
    return false;
  } catch (error) {
    if (error instanceof Refusal) return error.code === "malformed";
    throw error;
  }
}

/** The server whose user an item of consent speaks for. */
function speakerOf(item: BatchItem): Domain | undefined {
  const body = orUndefined(() => readItem(item));
  if (body?.kind !== "consent") return undefined;
  const { operation, requester, target } = body.entry;
  return domainOf(operation === "request" || operation === "cancel" ? requester : target);
}

function orUndefined<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof Refusal) return undefined;
    throw error;
  }
}

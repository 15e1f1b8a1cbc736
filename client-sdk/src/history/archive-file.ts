import {
  type Bytes,
  checked,
  concatBytes,
  fixed,
  HISTORY_LIMITS,
  type HistorySegment,
  historySegmentCodec,
  LABELS,
  Refusal,
  type RoomUri,
  signedBytes,
  struct,
  u64,
  userUriCodec,
  utf8Encode,
  versioned,
} from "@treehouse/protocol";

import type { HistoryContext } from "./context.ts";
import { openPiece, sealedOverhead, sealPiece } from "./piece.ts";
import { segmentsOf } from "./segments.ts";
import { nothingTaken, sumOf, type TakenCount, takeSegment } from "./take-segment.ts";

export type ArchiveWanted = {
  readonly rooms?: readonly RoomUri[] | undefined;
  /** Only what was accepted from then on, in milliseconds since the Unix epoch. */
  readonly since?: number | undefined;
};

export type ArchiveProgress = { readonly rows: number; readonly bytes: number };

const magic = utf8Encode("TREEHOUSE HISTORY");
const headerCodec = versioned(
  1,
  checked(
    struct({ magic: fixed(magic.length), user: userUriCodec, id: fixed(16), createdAt: u64 }),
    (header) => (header.magic.every((octet, at) => octet === magic[at]) ? undefined : "no archive"),
  ),
);
const endCodec = struct({ segments: u64, rows: u64 });

/** What one piece holds, by its first octet. */
const holds = { segment: 1, end: 2 } as const;
const lengthOctets = 4;
const headerBytesMax = 1024;

/**
 * The history as one file, sealed so that only the user's own clients can open it: those there are, and
 * any that is made with the password or the recovery key. FED-1064 has the form. Yields what is to be
 * written, piece after piece; nothing is held but the piece at hand.
 */
export async function* writeArchive(
  context: HistoryContext,
  { rooms, since = 0 }: ArchiveWanted,
  progress: (done: ArchiveProgress) => void = () => undefined,
): AsyncGenerator<Bytes, void, undefined> {
  const { env, self } = context;
  const id = env.random(16);
  const key = archiveKey(context, id);
  const seal = (number: number, kind: number, content: Bytes) => {
    const place = { kind: "archive", owner: self, id, number } as const;
    return framed(sealPiece(env.random, key, place, concatBytes(Uint8Array.of(kind), content)));
  };
  let [segments, rows, bytes] = [0, 0, 0];
  yield framed(headerCodec.encode({ magic, user: self, id, createdAt: env.now() }));
  const wanted = { from: since, to: Number.MAX_SAFE_INTEGER, rooms };
  for await (const { segment } of segmentsOf(context, wanted)) {
    const piece = seal(segments, holds.segment, historySegmentCodec.encode(segment));
    segments += 1;
    rows += segment.rows.length;
    bytes += piece.length;
    progress({ rows, bytes });
    yield piece;
  }
  yield seal(segments, holds.end, endCodec.encode({ segments, rows }));
}

/**
 * Takes in what `writeArchive` wrote, however it is cut into pieces. Whole segments that stand before
 * something wrong are taken in all the same. Refuses `malformed` for what is no archive or is cut off,
 * `identityInvalid` for another user's, and `invalidMessage` where it was changed or does not open.
 */
export async function readArchive(
  context: HistoryContext,
  chunks: AsyncIterable<Uint8Array> | readonly Uint8Array[],
  progress: (done: TakenCount & { readonly bytes: number }) => void = () => undefined,
): Promise<TakenCount> {
  const source = frames(chunks);
  const header = await source.next();
  if (header.done === true || header.value.length > headerBytesMax) throw cutOff();
  const { id, user } = headerCodec.decode(header.value);
  if (user !== context.self) {
    throw new Refusal("identityInvalid", "this archive is of another account");
  }
  const key = archiveKey(context, id);
  let counts = nothingTaken;
  let [number, rows, bytes] = [0, 0, header.value.length];
  for await (const sealed of source) {
    const place = { kind: "archive", owner: user, id, number } as const;
    const opened = openPiece(key, place, sealed);
    const content = opened.subarray(1);
    bytes += sealed.length;
    if (opened[0] === holds.end) {
      const end = endCodec.decode(content);
      const more = await source.next();
      if (more.done !== true || end.segments !== number || end.rows !== rows) throw cutOff();
      return counts;
    }
    if (opened[0] !== holds.segment) throw cutOff();
    const segment: HistorySegment = historySegmentCodec.decode(content);
    counts = sumOf(counts, await takeSegment(context, segment, context.self));
    number += 1;
    rows += segment.rows.length;
    progress({ ...counts, bytes });
  }
  throw cutOff();
}

function archiveKey({ crypto, dataKey }: HistoryContext, id: Bytes): Bytes {
  if (dataKey === undefined) {
    throw new Refusal("notFound", "this store lacks the account's data key: log in once more");
  }
  return crypto.hkdfExpand(dataKey, signedBytes(LABELS.historyArchive, id), 32);
}

function framed(content: Bytes): Bytes {
  const frame = new Uint8Array(lengthOctets + content.length);
  new DataView(frame.buffer).setUint32(0, content.length);
  frame.set(content, lengthOctets);
  return frame;
}

/** What stands behind each length, as it comes in; at most one frame is held. */
async function* frames(
  chunks: AsyncIterable<Uint8Array> | readonly Uint8Array[],
): AsyncGenerator<Uint8Array, void, undefined> {
  let held: Uint8Array[] = [];
  let [length, wanted] = [0, lengthOctets];
  let inFrame = false;
  for await (const chunk of chunks) {
    held.push(chunk);
    length += chunk.length;
    while (length >= wanted) {
      const [first] = held;
      const whole = held.length === 1 && first !== undefined ? first : concatBytes(...held);
      const part = whole.subarray(0, wanted);
      held = [whole.subarray(wanted)];
      length -= wanted;
      if (inFrame) yield part;
      wanted = inFrame ? lengthOctets : new DataView(part.buffer, part.byteOffset).getUint32(0);
      inFrame = !inFrame;
      if (wanted > frameBytesMax) throw cutOff();
    }
  }
  if (length > 0 || inFrame) throw cutOff();
}

const frameBytesMax = HISTORY_LIMITS.historySegmentBytesMax + sealedOverhead;

function cutOff(): Refusal {
  return new Refusal("malformed", "this is no whole archive of history");
}

import type { Hash } from "node:crypto";

/** Octets that are written at once: each write is a round through another thread. */
const atOnceBytes = 512 * 1024;

/** The part of a `FileHandle` that is needed; it may write fewer octets than it is given. */
type WritableFile = {
  writev(
    pieces: readonly Uint8Array[],
    position: number,
  ): Promise<{ readonly bytesWritten: number }>;
};

/** Adds octets to a file: while a thread writes some, they are hashed here, and the next ones come. */
export interface Appender {
  /** Where the file ends once all that was added is written. */
  readonly end: number;
  /** Nobody may change the piece before it is written. Throws what an earlier write threw. */
  add(piece: Uint8Array): Promise<void>;
  /** Resolves when everything that was added is in the file, and in the hash. */
  finish(): Promise<void>;
}

export function appendTo(
  file: WritableFile,
  {
    from,
    hash,
    spent,
  }: {
    readonly from: number;
    readonly hash: Hash | undefined;
    /** Called with each piece that is in the file and in the hash. */
    readonly spent: (piece: Uint8Array) => void;
  },
): Appender {
  let pieces: Uint8Array[] = [];
  let length = 0;
  let at = from;
  let writing: Promise<void> = Promise.resolve();

  async function write(): Promise<void> {
    await writing;
    const [taken, position] = [pieces, at];
    at += length;
    pieces = [];
    length = 0;
    writing = writeAll(file, taken, position).then(() => taken.forEach(spent));
    // Whoever adds or finishes next hears of it.
    writing.catch(() => undefined);
    for (const piece of taken) hash?.update(piece);
  }

  return {
    get end() {
      return at + length;
    },
    async add(piece) {
      pieces.push(piece);
      length += piece.length;
      if (length >= atOnceBytes) await write();
    },
    async finish() {
      await write();
      await writing;
    },
  };
}

async function writeAll(
  file: WritableFile,
  pieces: readonly Uint8Array[],
  position: number,
): Promise<void> {
  let rest = pieces.filter(({ length }) => length > 0);
  for (let at = position; rest.length > 0;) {
    const { bytesWritten } = await file.writev(rest, at);
    at += bytesWritten;
    rest = behind(rest, bytesWritten);
  }
}

/** What is left of the pieces behind their first octets. */
function behind(pieces: readonly Uint8Array[], octets: number): Uint8Array[] {
  let skip = octets;
  const left: Uint8Array[] = [];
  for (const piece of pieces) {
    if (skip < piece.length) left.push(piece.subarray(skip));
    skip = Math.max(0, skip - piece.length);
  }
  return left;
}

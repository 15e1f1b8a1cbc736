import {
  type Bytes,
  concatBytes,
  historySegmentCodec,
  LABELS,
  signedBytes,
  struct,
  u64,
  utf8Encode,
} from "@treehouse/protocol";
import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { open } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { HistoryContext } from "../../../../../client-sdk/src/history/index.ts";
import { readArchive } from "../../../../../client-sdk/src/history/index.ts";
import { sealPiece } from "../../../../../client-sdk/src/history/piece.ts";
import { segmentsOf } from "../../../../../client-sdk/src/history/segments.ts";
import {
  archived,
  Historians,
  said,
  text,
} from "../../../../../client-sdk/test/world/historians.ts";
import { unpackArchive } from "../../../../../homeserver/src/backup/archive.ts";
import { BackupRefused } from "../../../../../homeserver/src/backup/refused.ts";
import { paddedLength } from "../../../../../homeserver/src/backup/padding.ts";
import { openSealedReader } from "../../../../../homeserver/src/backup/sealed-reader.ts";
import type { SealedReader } from "../../../../../homeserver/src/backup/sealed-reader.ts";
import { createSealedWriter } from "../../../../../homeserver/src/backup/sealed-writer.ts";
import type { Form, Target } from "../target.ts";
import { named, split, textOf } from "./text.ts";

const secret = { kind: "keyFile", key: new Uint8Array(32).fill(5) } as const;
const dataKey = new Uint8Array(32).fill(6);
/** A store grows with what is taken, and is changed for an empty one then. */
const rowsMax = 5_000;

type Reader = (input: Bytes) => Promise<string>;

/**
 * Files that somebody made long ago: a sealed archive of history and a sealed backup of a server, as
 * octets; and what stands in them when it is sealed by the right key, since a client or server that was
 * taken over has made some of them.
 */
export const importTarget: Target = {
  name: "imports",
  dear: true,
  reads: "archives of history, and backups of a server: sealed, and what is in them",
  async open() {
    const historians = new Historians();
    const client = async (): Promise<HistoryContext> => {
      const { env, ...context } = await historians.client();
      return { ...context, dataKey, env: { ...env, random: same } };
    };
    const writer = await client();
    for (let position = 1; position <= 3; position += 1) {
      await said(writer, position, text(`message ${position}`));
    }
    const whole = concatBytes(...(await archived(writer)));
    const segment = await segmentOf(writer);
    const folder = mkdtempSync(join(tmpdir(), "treehouse-imports-"));
    const path = join(historians.directory, "backup");
    let reader = await client();
    let taken = 0;
    const archive: Reader = async (input) => {
      const { added } = await readArchive(reader, [input]);
      if ((taken += added) > rowsMax) [reader, taken] = [await client(), 0];
      return added > 0 ? "rows taken" : "nothing new";
    };
    const readers: Readonly<Record<string, Reader>> = {
      archive,
      segment: (input) => archive(sealedSegment(reader, whole, input)),
      async backup(input) {
        writeFileSync(path, input);
        await using file = await open(path);
        const reading = await openSealedReader(file, secret);
        for (let left = reading.length; left > 0;) left -= (await reading.read(left)).length;
        return "opened";
      },
      async content(input) {
        const into = mkdtempSync(join(folder, "data-"));
        try {
          await unpackArchive(contentOf(input), into, () => undefined);
          if (readdirSync(folder).length > 1) throw new Error("a file lies outside of its folder");
          return "unpacked";
        } finally {
          rmSync(into, { recursive: true });
        }
      },
    };
    return {
      seeds: [
        named("archive", whole),
        named("segment", segment),
        named("backup", await sealedBackup(path)),
        named("content", plainBackup()),
      ],
      form: formOf(readers),
      async judge(input) {
        const { name, reader: read, rest } = split(readers, input);
        try {
          return `${name} ${await read(rest)}`;
        } catch (error) {
          if (error instanceof BackupRefused) return `${name} refused`;
          throw error;
        }
      },
      async close() {
        await historians[Symbol.asyncDispose]();
        rmSync(folder, { recursive: true });
      },
    };
  },
};

/** So that an archive of one run opens in another one. */
const same = (length: number): Bytes => new Uint8Array(length).fill(3);
const endCodec = struct({ segments: u64, rows: u64 });

async function segmentOf(context: HistoryContext): Promise<Bytes> {
  for await (const { segment } of segmentsOf(context, { from: 0, to: Number.MAX_SAFE_INTEGER })) {
    return historySegmentCodec.encode(segment);
  }
  throw new Error("nothing was said");
}

/** The same archive with anything in the place of its one segment. */
function sealedSegment({ crypto, self }: HistoryContext, whole: Bytes, segment: Bytes): Bytes {
  const id = same(16);
  const key = crypto.hkdfExpand(dataKey, signedBytes(LABELS.historyArchive, id), 32);
  const piece = (number: number, kind: number, content: Bytes): Bytes => {
    const place = { kind: "archive", owner: self, id, number } as const;
    return framed(sealPiece(same, key, place, concatBytes(Uint8Array.of(kind), content)));
  };
  const header = whole.subarray(0, 4 + new DataView(whole.buffer).getUint32(0));
  const end = endCodec.encode({ segments: 1, rows: rowsIn(segment) });
  return concatBytes(header, piece(0, 1, segment), piece(1, 2, end));
}

function rowsIn(segment: Bytes): number {
  try {
    return historySegmentCodec.decode(segment).rows.length;
  } catch {
    return 0;
  }
}

function framed(content: Bytes): Bytes {
  const length = new Uint8Array(4);
  new DataView(length.buffer).setUint32(0, content.length);
  return concatBytes(length, content);
}

async function sealedBackup(path: string): Promise<Bytes> {
  await using file = await open(path, "w+");
  const writer = await createSealedWriter(file, secret, same);
  await writer.write(plainBackup());
  await writer.finish();
  const bytes = new Uint8Array((await file.stat()).size);
  await file.read(bytes, 0, bytes.length, 0);
  return bytes;
}

/** What a backup holds, without the zeros behind it. */
function plainBackup(): Bytes {
  const files = ["database", "secrets/domain"].map((name) => {
    const bytes = utf8Encode(`octets of ${name}`);
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    return { row: { name, bytes: bytes.length, sha256 }, bytes };
  });
  const manifest = {
    format: 1,
    software: "0.1.0",
    domain: "example.org",
    createdAt: 1,
    incarnation: "00".repeat(16),
    lives: 3,
    schema: { queuing: [{ position: 0, tag: "0000_first", hash: "00".repeat(32) }] },
    files: files.map(({ row }) => row),
  };
  return withManifest(manifest, concatBytes(...files.map(({ bytes }) => bytes)));
}

function withManifest(manifest: unknown, rest: Bytes): Bytes {
  return concatBytes(framed(utf8Encode(JSON.stringify(manifest) ?? "")), rest);
}

/** The content as a sealed reader gives it, with its zeros. */
function contentOf(input: Bytes): SealedReader {
  const length = paddedLength(input.length);
  let at = 0;
  const read = async (max: number): Promise<Uint8Array> => {
    const part = new Uint8Array(Math.min(max, length - at, 65_536));
    if (part.length === 0) throw new BackupRefused("there is no more");
    part.set(input.subarray(at, at + part.length));
    at += part.length;
    return part;
  };
  return {
    length,
    read,
    async readExactly(wanted) {
      const parts: Uint8Array[] = [];
      for (let left = wanted; left > 0;)
        left -= parts[parts.push(await read(left)) - 1]?.length ?? 0;
      return concatBytes(...parts);
    },
  };
}

/** Segments and manifests are changed as values; what is sealed is octets. */
function formOf(readers: Readonly<Record<string, Reader>>): Form {
  return {
    decode(input) {
      const { name, rest } = split(readers, input);
      if (name === "segment") return { name, value: historySegmentCodec.decode(rest) };
      if (name !== "content") throw new TypeError("octets alone");
      const end = 4 + new DataView(rest.buffer, rest.byteOffset).getUint32(0);
      return { name, value: JSON.parse(textOf(rest.subarray(4, end))), rest: rest.slice(end) };
    },
    encode(form) {
      const [name, value, rest] = ["name", "value", "rest"].map((key) =>
        Reflect.get(Object(form), key),
      );
      if (name !== "segment") {
        return named(
          "content",
          withManifest(value, rest instanceof Uint8Array ? new Uint8Array(rest) : same(0)),
        );
      }
      return named(name, historySegmentCodec.encode(value));
    },
  };
}

import { codec, malformed, Reader, readVersion } from "../codec/index.ts";
import type { Codec, Sharing } from "../codec/index.ts";
import { parseRoomUri } from "../identifiers/index.ts";
import { LIMITS } from "../limits.ts";
import {
  externalProposalsCodec,
  knockBytesCodec,
  proposalsCodec,
  tombstoneDetailCodec,
  writeEntry,
} from "./encode-entry.ts";
import { ENTRY_VERSION, placeFault } from "./entry.ts";
import type { Entry, EntryHeader, EntryKind } from "./entry.ts";
import { frankCodec } from "./frank.ts";
import { leafChangesCodec } from "./leaf-changes.ts";
import { signedHealthReportCodec, voidReportsCodec } from "./health-report.ts";
import { handshakeCodec, hashCodec } from "./mls-objects.ts";

const KINDS: readonly (EntryKind | undefined)[] = [
  undefined,
  "commit",
  "proposal",
  "application",
  "void",
  "tombstone",
  "knock",
  "report",
];

/** Reads a whole entry; "malformed" is the only error. */
export function decodeEntry(bytes: Uint8Array, sharing?: Sharing): Entry {
  const reader = new Reader(bytes, sharing);
  const entry = readEntry(reader);
  reader.finish();
  return entry;
}

/** Reads the header alone: what follows it is not looked at. */
export function decodeEntryHeader(bytes: Uint8Array, sharing?: Sharing): EntryHeader {
  return readHeader(new Reader(bytes, sharing));
}

/** The codec over `encodeEntry` and `decodeEntry`. */
export const entryCodec: Codec<Entry> = codec(writeEntry, readEntry);

function readHeader(reader: Reader): EntryHeader {
  readVersion(reader, ENTRY_VERSION);
  const kind = KINDS[reader.u8()];
  if (kind === undefined) throw malformed("an unknown kind of entry");
  const flags = reader.u8();
  if (flags > 1) throw malformed("an unknown flag");
  const header = {
    kind,
    ephemeral: flags === 1,
    room: parseRoomUri(reader.ascii(LIMITS.uriBytesMax)),
    generation: reader.u32(),
    term: reader.u64(),
    position: reader.u64(),
    previous: reader.opaque(32, 32),
    acceptedAt: reader.u64(),
  };
  const fault = placeFault(header);
  if (fault !== undefined) throw malformed(fault);
  return header;
}

function readEntry(reader: Reader): Entry {
  const header = readHeader(reader);
  switch (header.kind) {
    case "application":
      return {
        ...header,
        kind: "application",
        message: reader.opaque(LIMITS.applicationMessageBytesMax, 1),
        frank: readOptionalFrank(reader),
      };
    case "commit":
      return {
        ...header,
        kind: "commit",
        epoch: reader.u64(),
        leafChanges: leafChangesCodec.read(reader),
        rosterHash: hashCodec.read(reader),
        commit: handshakeCodec.read(reader),
        externalProposals: externalProposalsCodec.read(reader),
      };
    case "proposal":
      return { ...header, kind: "proposal", proposals: proposalsCodec.read(reader) };
    case "void":
      return {
        ...header,
        kind: "void",
        voided: reader.u64(),
        epoch: reader.u64(),
        leafChanges: leafChangesCodec.read(reader),
        rosterHash: hashCodec.read(reader),
        faults: voidReportsCodec.read(reader),
      };
    case "knock":
      return { ...header, kind: "knock", knock: knockBytesCodec.read(reader) };
    case "report":
      return { ...header, kind: "report", report: signedHealthReportCodec.read(reader) };
    case "tombstone":
      break;
  }
  return {
    ...header,
    kind: "tombstone",
    reason: reader.u8(),
    replaced: reader.opaque(32, 32),
    detail: tombstoneDetailCodec.read(reader),
  };
}

function readOptionalFrank(reader: Reader) {
  const presence = reader.u8();
  if (presence > 1) throw malformed("an optional that is neither absent nor present");
  return presence === 0 ? undefined : frankCodec.read(reader);
}

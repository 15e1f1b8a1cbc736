import type { Bytes } from "../bytes/index.ts";
import { opaque, utf8, varintLength, vector, Writer } from "../codec/index.ts";
import { LIMITS } from "../limits.ts";
import { ENTRY_KINDS, ENTRY_VERSION, placeFault } from "./entry.ts";
import type { ApplicationEntry, Entry } from "./entry.ts";
import { frankCodec } from "./frank.ts";
import { leafChangesCodec } from "./leaf-changes.ts";
import { signedHealthReportCodec, voidReportsCodec } from "./health-report.ts";
import { handshakeCodec, hashCodec } from "./mls-objects.ts";

/** Octets of the header beside the room's URI and its length. */
const HEADER_BYTES = 1 + 1 + 1 + 4 + 8 + 8 + 33 + 8;
const FRANK_BYTES_MAX = 32 + 2 + 2 + 512;

export const externalProposalsCodec = vector(handshakeCodec, {
  countMax: LIMITS.proposalsPerCommitMax,
  bytesMax: LIMITS.handshakeBytesMax,
});
export const proposalsCodec = vector(handshakeCodec, {
  countMax: LIMITS.proposalsPerCommitMax,
  countMin: 1,
  bytesMax: LIMITS.handshakeBytesMax,
});
/** Opaque to whoever passes entries on: `knockCodec` reads it. */
export const knockBytesCodec = opaque({ max: LIMITS.joiningCodeBytesMax, min: 1 });
export const tombstoneDetailCodec = utf8({ max: LIMITS.descriptionBytesMax });

/** The one encoding of an entry. */
export function encodeEntry(entry: Entry): Bytes {
  const writer = new Writer(entry.kind === "application" ? applicationSize(entry) : 1024);
  writeEntry(writer, entry);
  return writer.finish();
}

/** Written field by field, for every accepted message passes here. */
export function writeEntry(writer: Writer, entry: Entry): void {
  const fault = placeFault(entry);
  if (fault !== undefined) throw new RangeError(fault);
  writer.u8(ENTRY_VERSION);
  writer.u8(ENTRY_KINDS[entry.kind]);
  writer.u8(entry.ephemeral ? 1 : 0);
  writer.ascii(entry.room);
  writer.u32(entry.generation);
  writer.u64(entry.term);
  writer.u64(entry.position);
  exactly(entry.previous, 32);
  writer.opaque(entry.previous);
  writer.u64(entry.acceptedAt);
  writeBody(writer, entry);
}

function writeBody(writer: Writer, entry: Entry): void {
  switch (entry.kind) {
    case "application":
      writeApplication(writer, entry);
      return;
    case "commit":
      writer.u64(entry.epoch);
      leafChangesCodec.write(writer, entry.leafChanges);
      hashCodec.write(writer, entry.rosterHash);
      handshakeCodec.write(writer, entry.commit);
      externalProposalsCodec.write(writer, entry.externalProposals);
      return;
    case "proposal":
      proposalsCodec.write(writer, entry.proposals);
      return;
    case "void":
      writer.u64(entry.voided);
      writer.u64(entry.epoch);
      leafChangesCodec.write(writer, entry.leafChanges);
      hashCodec.write(writer, entry.rosterHash);
      voidReportsCodec.write(writer, entry.faults);
      return;
    case "report":
      signedHealthReportCodec.write(writer, entry.report);
      return;
    case "tombstone":
      writer.u8(entry.reason);
      exactly(entry.replaced, 32);
      writer.opaque(entry.replaced);
      tombstoneDetailCodec.write(writer, entry.detail);
      return;
    case "knock":
      knockBytesCodec.write(writer, entry.knock);
  }
}

function writeApplication(writer: Writer, entry: ApplicationEntry): void {
  atMost(entry.message, LIMITS.applicationMessageBytesMax);
  if (entry.message.length === 0) throw new RangeError("an application entry without message");
  writer.opaque(entry.message);
  if (entry.frank === undefined) {
    writer.u8(0);
  } else {
    writer.u8(1);
    frankCodec.write(writer, entry.frank);
  }
}

/** Exact without frank, so that the buffer is allocated once and handed out as it is. */
function applicationSize(entry: ApplicationEntry): number {
  const { room, message, frank } = entry;
  const sizeOfRoom = varintLength(room.length) + room.length;
  const sizeOfMessage = varintLength(message.length) + message.length;
  const sizeOfFrank = frank === undefined ? 1 : 1 + FRANK_BYTES_MAX;
  return HEADER_BYTES + sizeOfRoom + sizeOfMessage + sizeOfFrank;
}

function exactly(bytes: Bytes, length: number): void {
  if (bytes.length !== length) throw new RangeError(`not ${length} octets`);
}

function atMost(bytes: Bytes, max: number): void {
  if (bytes.length > max) throw new RangeError(`longer than ${max} octets`);
}

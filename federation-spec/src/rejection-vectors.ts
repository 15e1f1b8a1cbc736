import { concatBytes, fromHex, toHex, utf8Encode } from "@treehouse/protocol";
import type { StructName } from "./structs.ts";
import type { Vector } from "./vector-of.ts";

/** Octets that a decoder of the struct must refuse as malformed. */
export type Rejection = {
  readonly name: string;
  readonly struct: StructName;
  /** The rule that says so. */
  readonly rule: string;
  readonly hex: string;
};

/** Of each vector: one octet short, and one too many; not where a struct's end is open. */
export function endRejections(vectors: readonly Vector[]): readonly Rejection[] {
  return vectors
    .filter(({ value }) => !hasOpenEnd(value))
    .flatMap(({ name, struct, hex }) => [
      { name: `${name}, an octet short`, struct, rule: "FED-106", hex: hex.slice(0, -2) },
      { name: `${name}, an octet too many`, struct, rule: "FED-103", hex: `${hex}00` },
    ]);
}

const ROOM = "mimi://a.example/r/aaaaaaaaaaaaaaaaaaaaaaaaaa";
const CLIENT = "mimi://a.example/d/alice/aaaaaaaaaaaaaaaaaaaaaaaaaa";
const USER = "mimi://a.example/u/alice";
const ONE = "0000000000000001";

/** What each rule of 01-encoding.md refuses, shown on the smallest struct that has the form. */
export const encodingRejections: readonly Rejection[] = [
  cursor(
    "FED-101",
    "length in two octets where one is enough",
    `40${lengthOf(ROOM)}${hexOf(ROOM)}${ONE}`,
  ),
  cursor("FED-101", "length with prefix 11", `c0000000000000${lengthOf(ROOM)}${hexOf(ROOM)}${ONE}`),
  cursor("FED-106", "length beyond the end", `7fff${hexOf(ROOM)}${ONE}`),
  cursor("FED-104", "position over 2^53-1", `${uri(ROOM)}0020000000000000`),
  cursor("FED-120", "URI with a port", `${uri(ROOM.replace("/r/", ":4280/r/"))}${ONE}`),
  cursor("FED-120", "URI with a capital", `${uri(ROOM.replace("a.e", "A.e"))}${ONE}`),
  cursor(
    "FED-120",
    "URI with an address for a domain",
    `${uri(ROOM.replace("a.example", "127.0.0.1"))}${ONE}`,
  ),
  cursor(
    "FED-122",
    "room id that is not canonical base32",
    `${uri(`${ROOM.slice(0, -1)}b`)}${ONE}`,
  ),
  cursor(
    "FED-121",
    "name with two dots in a row",
    `${uri(CLIENT.replace("alice", "al..ce"))}${ONE}`,
  ),
  cursor(
    "FED-125",
    "URI of a user instead of a stream",
    `${uri("mimi://a.example/u/alice")}${ONE}`,
  ),
  rejection("FED-207", "Roster", "leaves that descend", rosterOf([2, 1])),
  rejection("FED-207", "Roster", "a leaf twice", rosterOf([1, 1])),
  rejection(
    "FED-105",
    "SubmitMessageRequest",
    "protocol 2",
    `020001aa${uri("mimi://a.example/u/a")}`,
  ),
  rejection(
    "FED-105",
    "SubmitMessageRequest",
    "unknown flag",
    `010201aa${uri("mimi://a.example/u/a")}`,
  ),
  rejection(
    "FED-106",
    "SubmitMessageRequest",
    "empty message",
    `010000${uri("mimi://a.example/u/a")}`,
  ),
  rejection("FED-105", "SubmitMessageResponse", "unknown status", "0103"),
  rejection("FED-106", "SubmitMessageResponse", "text with NUL", "010103610062"),
  rejection("FED-106", "SubmitMessageResponse", "text that is not UTF-8", "010102c080"),
  rejection("FED-105", "SubmitMessageResponse", "optional that is 2", `0100${ONE}${ONE}02`),
  rejection("FED-106", "UpdateRequest", "no proposals", "010200"),
  rejection("FED-251", "KeyMaterialResponse", "clients beside a refusal", keyMaterialWithClients()),
  rejection("FED-106", "ServerFrame", "entry frame without entry", "11"),
  rejection("FED-105", "ServerFrame", "unknown type", "19"),
  rejection("FED-106", "ClientFrame", "incarnation of 8 octets", "010108000000000000000000"),
  rejection("FED-413", "ClientFrame", "request id 0", `0200000000${uri(ROOM)}01aa`),
  rejection("FED-202", "Entry", "position 0", entryAt("00", "0000000000000000")),
  rejection("FED-205", "Entry", "ephemeral with a position", entryAt("01", ONE)),
  rejection("FED-270", "Batch", "sequences with a gap", batchOf([1, 3])),
  rejection("FED-270", "Batch", "sequence 0", batchOf([0])),
  rejection("FED-942", "BatchAnswer", "next 0", answerOf(0, [])),
  rejection("FED-942", "BatchAnswer", "a rejected item that was not taken", answerOf(2, [2])),
  rejection("FED-942", "BatchAnswer", "rejected items that descend", answerOf(9, [2, 1])),
  rejection("FED-942", "BatchAnswer", "a rejected item twice", answerOf(9, [2, 2])),
  rejection("FED-106", "EntryDelivery", "no entry", "0000000000"),
  rejection("FED-106", "EntryDelivery", "a Welcome for nobody", "01aa0000030001bb00"),
  rejection("FED-105", "ConsentEntry", "unknown operation", `04${consentUsers()}0000${ONE}`),
  rejection(
    "FED-106",
    "ConsentEntry",
    "a note of 257 octets",
    `01${consentUsers()}004101${"61".repeat(257)}${ONE}`,
  ),
  rejection(
    "FED-125",
    "ConsentEntry",
    "a client for a requester",
    `01${uri(CLIENT)}${uri(USER)}0000${ONE}`,
  ),
  rejection("FED-951", "EventsRequest", "limit 0", `01${ONE}0000000000`),
  rejection("FED-951", "EventsRequest", "limit 257", `01${ONE}0000010100`),
  rejection("FED-951", "EventsRequest", "an unknown flag", `01${ONE}0000000102`),
  rejection("FED-928", "LeaveResponse", "leaves that descend", "01080000000200000001"),
  rejection("FED-105", "IdentifierResponse", "unknown status", "0102"),
  rejection("FED-105", "ForwardedRequest", "protocol 2", `02${uri(CLIENT)}01aa`),
  rejection("FED-106", "ForwardedRequest", "no request", `01${uri(CLIENT)}00`),
  rejection(
    "FED-120",
    "FederationKey",
    "a URI for a domain",
    `${uri(USER)}0161${"00".repeat(32)}${ONE}${ONE}`,
  ),
  rejection("FED-301", "DeviceSigningCertificate", "number 0", certificateWithoutNumber()),
];

function entryAt(flags: string, position: string): string {
  const place = `${"00".repeat(4)}${ONE}${position}20${"00".repeat(32)}${ONE}`;
  return `0103${flags}${uri(ROOM)}${place}01aa00`;
}

function batchOf(sequences: readonly number[]): string {
  const items = sequences.map((sequence) => `000000000000000${sequence}0101aa`).join("");
  return `${"00".repeat(16)}${lengthOfHex(items)}${items}00`;
}

function answerOf(next: number, sequences: readonly number[]): string {
  const rejected = sequences.map((sequence) => `000000000000000${sequence}0161`).join("");
  return `${"00".repeat(16)}000000000000000${next}${lengthOfHex(rejected)}${rejected}`;
}

function consentUsers(): string {
  return uri(USER) + uri("mimi://b.example/u/bob");
}

function certificateWithoutNumber(): string {
  const key = "00".repeat(32);
  return `${uri("mimi://a.example/u/alice")}${key}00000000${key}${ONE}4040${key}${key}`;
}

function keyMaterialWithClients(): string {
  const client = `01${uri(CLIENT)}`;
  return `0105${uri("mimi://a.example/u/alice")}${lengthOfHex(client)}${client}`;
}

function rosterOf(leaves: readonly number[]): string {
  const entries = leaves.map((leaf) => `0000000${leaf}${uri(CLIENT)}`).join("");
  return `${lengthOfHex(entries)}${entries}`;
}

function cursor(rule: string, name: string, hex: string): Rejection {
  return rejection(rule, "Cursor", name, hex);
}

function rejection(rule: string, struct: StructName, name: string, hex: string): Rejection {
  return { name, struct, rule, hex: toHex(concatBytes(fromHex(hex))) };
}

function uri(text: string): string {
  return `${lengthOfHex(hexOf(text))}${hexOf(text)}`;
}

function hexOf(text: string): string {
  return toHex(utf8Encode(text));
}

function lengthOf(text: string): string {
  return text.length.toString(16).padStart(2, "0");
}

/** The varint of a length under 16384. */
function lengthOfHex(hex: string): string {
  const length = hex.length / 2;
  return length < 64
    ? length.toString(16).padStart(2, "0")
    : (0x4000 + length).toString(16).padStart(4, "0");
}

function hasOpenEnd(value: Vector["value"]): boolean {
  if (typeof value !== "object" || value === null || !("type" in value)) return false;
  return value["type"] === "entry" || value["type"] === "inboxEntry";
}

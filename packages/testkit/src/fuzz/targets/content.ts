import {
  decodeContent,
  decodeMessageStatus,
  decodePack,
  encodeContent,
  encodeMessageStatus,
  equalBytes,
  joinPack,
  mintClientUri,
  mintRoomUri,
  parseDomain,
  parseUserUri,
  type Bytes,
} from "@treehouse/protocol";
import { readContent } from "../../../../../client-sdk/src/messages/read-content.ts";
import { decodeCbor, encodeCbor } from "../../../../protocol/src/content/index.ts";
import type { Form, Target } from "../target.ts";
import { named, type Readers, split } from "./text.ts";
import { hexIn } from "./vectors.ts";

const octets = (length: number) => new Uint8Array(length).fill(7);
const sender = mintClientUri(parseUserUri("mimi://example.org/u/alice"), octets);
const room = mintRoomUri(parseDomain("example.org"), octets);
const acceptedAt = Date.UTC(2026, 0, 1);
const none = () => () => undefined;
const takers = { profile: none, status: none, grant: none };
const depthMax = 8;

/** What is taken is the one encoding of what was read (FED-807). */
function again(input: Bytes, encode: () => Bytes): string {
  if (!equalBytes(encode(), input)) throw new Error("a value has two encodings (FED-807)");
  return "taken";
}

const readers: Readers = {
  content: (input) => again(input, () => encodeContent(decodeContent(input))),
  message(input) {
    readContent({ room, sender, plaintext: input, acceptedAt }, takers);
    return "taken";
  },
  status: (input) => again(input, () => encodeMessageStatus(decodeMessageStatus(input))),
  cbor: (input) => again(input, () => encodeCbor(decodeCbor(input, depthMax))),
  pack(input) {
    const pack = decodePack(input);
    return again(input, () => joinPack(pack));
  },
};

const form: Form = {
  decode(input) {
    const { name, rest } = split(readers, input);
    return { name, value: decodeCbor(rest, depthMax) };
  },
  encode(value) {
    if (typeof value !== "object" || value === null) throw new TypeError("no content");
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the encoder refuses the rest.
    const inner = Reflect.get(value, "value") as Parameters<typeof encodeCbor>[0];
    return named(String(Reflect.get(value, "name")), encodeCbor(inner));
  },
};

export const contentTarget: Target = {
  name: "content",
  reads: "MIMI content, its CBOR, statuses, and what the SDK makes of a message; sticker packs",
  async open() {
    const messages = ["content.json", "files.json", "stickers.json"].flatMap(hexIn);
    return {
      seeds: messages.flatMap((hex) => Object.keys(readers).map((name) => named(name, hex))),
      form,
      judge(input) {
        const { name, reader, rest } = split(readers, input);
        return `${name} ${String(reader(rest))}`;
      },
    };
  },
};

import {
  customEmojiOf,
  customReactionContent,
  customReactionOf,
  decodePack,
  encodeContent,
  encodePack,
  fromHex,
  inlineFile,
  type MimiContent,
  type PackManifest,
  parseRoomUri,
  parseUserUri,
  type SentSticker,
  sha256,
  stickerContent,
  type StickerItem,
  stickerOf,
  textContent,
  textOf,
  toHex,
  withCustomEmoji,
} from "@treehouse/protocol";
import { jsonValue } from "./json-value.ts";
import type { EncodedVector } from "./room-vectors.ts";

type MessageVector = EncodedVector & {
  readonly sticker: string | null;
  readonly customEmoji: readonly string[];
  readonly reaction: string | null;
  /** What is shown where stickers are not known. */
  readonly text: string;
};

export interface StickerVectors {
  readonly packs: readonly (EncodedVector & { readonly manifest: unknown })[];
  readonly malformed: readonly EncodedVector[];
  /** Contents, with the stickers in them: ids are hashes of files. */
  readonly messages: readonly MessageVector[];
}

/** GIFs of one pixel, one of them white, the other black. */
const pixels = ["ffffff", "000000"].map((colour) =>
  fromHex(`47494638396101000100800000${colour}0000002c00000000010001000002024c01003b`),
);

/** The vectors of page 16: packs with what they say, and octets that are refused. */
export function stickerVectors(): StickerVectors {
  const [white, black] = pixels.map(itemOf);
  if (white === undefined || black === undefined) throw new Error("there are two pixels");
  const all: PackManifest = {
    title: "Pixels",
    author: "Alice Ä.",
    kind: "stickers",
    items: [
      { ...white, emojis: ["🤍", "👍"], name: "white_pixel" },
      { ...black, emojis: ["🖤"], name: "black_pixel" },
    ],
  };
  const bare: PackManifest = { title: "P", author: undefined, kind: "emoji", items: [white] };
  const whole = encode(all);
  const head = whole.slice(0, 2 * headLength);
  return {
    packs: [vector("everything", all), vector("the least", bare)],
    messages: messages({ ...white, emojis: ["🤍"], name: "white_pixel" }),
    malformed: [
      { name: "no octets", hex: "" },
      { name: "another beginning", hex: `ff${whole.slice(2)}` },
      { name: "no manifest", hex: head },
      { name: "the last octet is missing", hex: whole.slice(0, -2) },
      { name: "an octet too many", hex: `${whole}00` },
      { name: "another file than it names", hex: `${whole.slice(0, -2)}3c` },
      { name: "no stickers", hex: "544853500100000008a301615003000480" },
      { name: "an unknown kind", hex: "544853500100000008a301615003020480" },
      { name: "a manifest that is no map", hex: "54485350010000000180" },
    ],
  };
}

const place = textContent({
  text: "a :white_pixel:",
  salt: fromHex("000102030405060708090a0b0c0d0e0f"),
  senderUri: parseUserUri("mimi://example.org/u/alice"),
  roomUri: parseRoomUri("mimi://example.org/r/aaaaaaaaaaaaaaaaaaaaaaaaaa"),
});
const target = new Uint8Array(32).fill(1);

function messages(item: StickerItem): readonly MessageVector[] {
  const file = pixels[0] ?? new Uint8Array();
  const sticker: SentSticker = { item, pack: undefined, file: inlineFile(item, file) };
  const bare = { ...sticker, item: { ...item, emojis: [], name: undefined } };
  const lying = { ...sticker, item: { ...item, size: item.size + 1 } };
  return [
    message("a sticker", stickerContent(place, sticker)),
    message("a sticker that stands for nothing", stickerContent(place, bare)),
    message("a sticker whose file has another size", stickerContent(place, lying)),
    message("a text with a custom emoji", withCustomEmoji(place, [sticker])),
    message("a reaction", customReactionContent(place, target, sticker)),
  ];
}

function message(name: string, content: MimiContent): MessageVector {
  const idOf = (one: SentSticker | undefined) => (one === undefined ? null : toHex(one.item.hash));
  return {
    name,
    hex: toHex(encodeContent(content)),
    sticker: idOf(stickerOf(content)),
    customEmoji: customEmojiOf(content).map(({ item }) => toHex(item.hash)),
    reaction: idOf(customReactionOf(content)),
    text: textOf(content) ?? "",
  };
}

const headLength = 9;

function vector(name: string, manifest: PackManifest): StickerVectors["packs"][number] {
  const hex = encode(manifest);
  return { name, hex, manifest: jsonValue(decodePack(fromHex(hex)).manifest) };
}

function encode(manifest: PackManifest): string {
  const files = manifest.items.map((_, index) => pixels[index] ?? new Uint8Array());
  return toHex(encodePack({ manifest, files }));
}

function itemOf(file: Uint8Array<ArrayBuffer>): StickerItem {
  return {
    mediaType: "image/gif",
    size: file.length,
    hash: sha256(file),
    width: 1,
    height: 1,
    durationMs: undefined,
    emojis: [],
    name: undefined,
  };
}

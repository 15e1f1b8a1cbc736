import { type Bytes, concatBytes, equalBytes, sha256, utf8Encode } from "../../bytes/index.ts";
import { malformed, u32 } from "../../codec/index.ts";
import { list, uint } from "../cbor-fields.ts";
import { type CborValue, isMap } from "../cbor.ts";
import { decodeCbor } from "../decode-cbor.ts";
import { encodeCbor } from "../encode-cbor.ts";
import { Refusal } from "../../refusals/index.ts";
import { itemFromCbor, itemToCbor, shownText, type StickerItem } from "./item.ts";
import { checkStickerLimit } from "./check-limit.ts";

export type PackKind = "stickers" | "emoji";

/** What a pack says of itself and of what is in it. */
export type PackManifest = {
  readonly title: string;
  readonly author: string | undefined;
  readonly kind: PackKind;
  /** In the order in which they are shown. */
  readonly items: readonly StickerItem[];
};

/** A pack whose files are those that its manifest names. What is in the files is not yet looked at. */
export type StickerPack = {
  readonly manifest: PackManifest;
  /** One for each item, in the same order. */
  readonly files: readonly Bytes[];
};

/** A pack as it was read. */
export type DecodedPack = StickerPack & {
  /** The manifest's own octets, of which `manifest` is what this version knows. */
  readonly encodedManifest: Bytes;
};

const magic = utf8Encode("THSP");
const VERSION = 1;
const headLength = magic.length + 1 + 4;
const kinds: readonly PackKind[] = ["stickers", "emoji"];
const keys = { title: 1, author: 2, kind: 3, items: 4 } as const;
/** The manifest, its items, an item, its emoji. */
const depthMax = 4;

/** FED-880: one octet string for the whole pack. Refuses what `decodePack` would. */
export function encodePack({ manifest, files }: StickerPack): Bytes {
  return joinPack({ encodedManifest: encodeManifest(manifest), files });
}

/** The same, of a manifest as its maker encoded it: with what this version does not know in it. */
export function joinPack({ encodedManifest, files }: Omit<DecodedPack, "manifest">): Bytes {
  const { length } = encodedManifest;
  const whole = files.reduce((sum, file) => sum + file.length, headLength + length);
  checkStickerLimit("packBytesMax", whole, "the pack");
  const head = concatBytes(magic, Uint8Array.of(VERSION), u32.encode(length));
  return concatBytes(head, encodedManifest, ...files);
}

/** FED-881: the manifest alone. Refuses what `readManifest` would. */
export function encodeManifest({ title, author, kind, items }: PackManifest): Bytes {
  const map = new Map<number, CborValue>([
    [keys.title, title],
    [keys.kind, kinds.indexOf(kind)],
    [keys.items, items.map(itemToCbor)],
  ]);
  if (author !== undefined) map.set(keys.author, author);
  const encoded = encodeCbor(map);
  readManifest(encoded);
  return encoded;
}

/**
 * Reads a pack of anybody: its form, its bounds, and that the files are those that are named
 * (FED-880 to FED-882). Refuses `malformed`, `limitExceeded`, and `versionUnsupported` for a later
 * form. The files' octets are the caller's input, not copies of it.
 */
export function decodePack(bytes: Bytes): DecodedPack {
  checkStickerLimit("packBytesMax", bytes.length, "the pack");
  if (bytes.length < headLength || !equalBytes(bytes.subarray(0, magic.length), magic)) {
    throw malformed("no sticker pack");
  }
  if (bytes[magic.length] !== VERSION) {
    throw new Refusal("versionUnsupported", "the sticker pack has a form of a later version");
  }
  const length = u32.decode(bytes.slice(magic.length + 1, headLength));
  checkStickerLimit("packManifestBytesMax", length, "the pack's manifest");
  if (length > bytes.length - headLength) throw malformed("a pack that is cut off");
  const encodedManifest = bytes.subarray(headLength, headLength + length);
  const manifest = readManifest(encodedManifest);
  const files = filesIn(bytes.subarray(headLength + length), manifest);
  return { manifest, encodedManifest, files };
}

/** Reads a manifest alone. Refuses `malformed` and `limitExceeded`. */
export function readManifest(encoded: Uint8Array): PackManifest {
  checkStickerLimit("packManifestBytesMax", encoded.length, "the pack's manifest");
  const value = decodeCbor(encoded, depthMax);
  if (!isMap(value)) throw malformed("a manifest that is no map");
  const items = list(value.get(keys.items));
  checkStickerLimit("packItemsMax", items.length, "the pack");
  if (items.length === 0) throw malformed("a pack without stickers");
  const kind = kinds[uint(value.get(keys.kind), 255)];
  if (kind === undefined) throw malformed("a pack of an unknown kind");
  const author = value.get(keys.author);
  const manifest = {
    title: shownText(value.get(keys.title)),
    author: author === undefined ? undefined : shownText(author),
    kind,
    items: items.map(itemFromCbor),
  };
  const names = manifest.items.flatMap(({ name }) => (name === undefined ? [] : [name]));
  if (new Set(names).size < names.length) throw malformed("two stickers of one name");
  return manifest;
}

function filesIn(bytes: Bytes, { items }: PackManifest): readonly Bytes[] {
  let at = 0;
  const files = items.map(({ size, hash }) => {
    const file = bytes.subarray(at, at + size);
    at += size;
    if (file.length < size) throw malformed("a pack that is cut off");
    if (!equalBytes(sha256(file), hash)) throw malformed("a file that is not the one named");
    return file;
  });
  if (at < bytes.length) throw malformed("octets after the last file");
  return files;
}

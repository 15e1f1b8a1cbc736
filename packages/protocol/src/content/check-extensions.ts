import { utf8Encode } from "../bytes/index.ts";
import { type CborValue, isArray, isBytes, isMap } from "./cbor.ts";
import { encodeCbor } from "./encode-cbor.ts";
import { CONTENT_BOUNDS, CONTENT_EXTENSIONS, type ContentExtensions } from "./mimi-content.ts";

/** Says what is wrong with an extensions map; `undefined` if nothing is. */
export function extensionsFault(extensions: ContentExtensions): string | undefined {
  for (const [key, value] of extensions) {
    const fault = keyFault(key) ?? valueFault(value) ?? knownFault(key, value);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

function keyFault(key: number | string | Uint8Array): string | undefined {
  if (typeof key === "number") return undefined;
  const length = typeof key === "string" ? utf8Encode(key).length : key.length;
  return length >= 1 && length <= CONTENT_BOUNDS.extensionKeyBytesMax
    ? undefined
    : "an extension key that is empty or too long";
}

function valueFault(value: CborValue): string | undefined {
  if (depthOf(value) + 1 > CONTENT_BOUNDS.extensionDepthMax)
    return "an extension nested too deeply";
  return encodeCbor(value).length > CONTENT_BOUNDS.extensionValueBytesMax
    ? "an extension value that is too long"
    : undefined;
}

/** The types of the extensions that this version acts on. */
function knownFault(key: number | string, value: CborValue): string | undefined {
  const { senderUri, roomUri, subject, lastSeen } = CONTENT_EXTENSIONS;
  const isText = key === senderUri || key === roomUri || key === subject;
  if (isText && (typeof value !== "string" || value === "")) return "an extension that is no text";
  if (key === lastSeen && !isArray(value)) return "an extension that is no list";
  return undefined;
}

/** How many arrays, maps and tags enclose the innermost value; bounded by the decoder. */
function depthOf(value: CborValue): number {
  if (value === null || typeof value !== "object" || isBytes(value)) return 0;
  if (isArray(value)) return 1 + deepest(value);
  if (isMap(value)) return 1 + deepest([...value.values()]);
  return "tag" in value ? 1 + depthOf(value.content) : 0;
}

function deepest(values: readonly CborValue[]): number {
  return values.reduce<number>((deep, value) => Math.max(deep, depthOf(value)), 0);
}

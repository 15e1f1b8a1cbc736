import { malformed } from "@treehouse/protocol";

import { asciiOf, Octets } from "./octets.ts";

/** An element of EBML, the form of WebM. */
export type Element = { readonly id: number; readonly content: Uint8Array };

/** The elements that fill these octets. Only the outermost last one may leave its size open. */
export function* elementsIn(bytes: Uint8Array): Generator<Element, void, undefined> {
  const file = new Octets(bytes);
  while (file.left > 0) {
    const id = readId(file);
    const length = readLength(file);
    if (length === undefined && id !== segmentId) throw malformed("an element of unknown size");
    yield { id, content: file.take(length ?? file.left) };
  }
}

/** A stream that is written as it is made does not know its length; a file ends with it. */
export const segmentId = 0x18538067;

/** A number of at most 8 octets; 0 for none. */
export function numberOf({ content }: Element): number {
  if (content.length > 8) throw malformed("a number that is too long");
  const value = content.reduce((sum, octet) => sum * 256 + octet, 0);
  if (!Number.isSafeInteger(value)) throw malformed("a number that is too large");
  return value;
}

export function floatOf({ content }: Element): number {
  const view = new DataView(content.buffer, content.byteOffset, content.length);
  const value =
    content.length === 8 ? view.getFloat64(0) : content.length === 4 ? view.getFloat32(0) : -1;
  if (!(value >= 0 && value <= Number.MAX_SAFE_INTEGER)) throw malformed("a wrong duration");
  return value;
}

export function textOf({ content }: Element): string {
  if (content.length > 64) throw malformed("a text that is too long");
  return asciiOf(content);
}

/** The number in front of a block: what a length is, too. Refuses one that is left open. */
export function readNumber(file: Octets): number {
  const length = readLength(file);
  if (length === undefined) throw malformed("a number that is left open");
  return length;
}

function readId(file: Octets): number {
  const first = file.u8();
  const more = Math.clz32(first) - 24;
  if (more > 3) throw malformed("no element");
  return file.take(more).reduce((id, octet) => id * 256 + octet, first);
}

function readLength(file: Octets): number | undefined {
  const first = file.u8();
  const more = Math.clz32(first) - 24;
  if (more > 7) throw malformed("no length");
  const top = first & (0x7f >> more);
  const rest = file.take(more);
  if (top === 0x7f >> more && rest.every((octet) => octet === 0xff)) return undefined;
  const value = rest.reduce((sum, octet) => sum * 256 + octet, top);
  if (!Number.isSafeInteger(value)) throw malformed("a length that is too large");
  return value;
}

import { type Bytes, utf8Encode } from "@treehouse/protocol";
import type { Form } from "../target.ts";

/** Texts are read as a program gets them: what is no UTF-8 becomes U+FFFD. */
export function textOf(input: Bytes): string {
  return new TextDecoder().decode(input);
}

export const texts = (...all: readonly string[]): readonly Bytes[] => all.map(utf8Encode);

/** A JSON document. */
export const jsonForm: Form = {
  decode: (input) => JSON.parse(textOf(input)),
  encode: (value) => utf8Encode(JSON.stringify(value)),
};

/** Several texts as one input, one a line. */
export const linesForm: Form = {
  decode: (input) => textOf(input).split("\n"),
  encode: (value) => utf8Encode((Array.isArray(value) ? value : []).map(String).join("\n")),
};

/** Several readers at one target: the input's first line names the one that reads the rest. */
export type Readers = Readonly<Record<string, (rest: Bytes) => unknown>>;

export function named(name: string, rest: Bytes): Bytes {
  const start = utf8Encode(`${name}\n`);
  const joined = new Uint8Array(start.length + rest.length);
  joined.set(start);
  joined.set(rest, start.length);
  return joined;
}

/** Splits an input again. Without a known name the first reader gets all of it. */
export function split<R>(
  readers: Readonly<Record<string, R>>,
  input: Bytes,
): { readonly name: string; readonly reader: R; readonly rest: Bytes } {
  const end = input.indexOf(10);
  const name = end < 0 ? "" : textOf(input.subarray(0, Math.min(end, 80)));
  const reader = Object.hasOwn(readers, name) ? readers[name] : undefined;
  if (reader !== undefined) return { name, reader, rest: input.slice(end + 1) };
  const [first] = Object.entries(readers);
  if (first === undefined) throw new Error("There are no readers.");
  return { name: first[0], reader: first[1], rest: input };
}

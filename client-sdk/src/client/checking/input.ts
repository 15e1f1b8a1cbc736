import { z } from "zod";

/** What a program may hand over, in the forms that many calls ask for. */

export const text = z
  .string()
  .refine((one) => one.isWellFormed(), "is cut in the middle of a character (a lone surrogate)");

export const name = text.min(1, "is empty");

export const flag = z.boolean();

/** Any number that is one. Where it has bounds the call knows them. */
export const number = z.number();

export const count = z.int().nonnegative();

export const positive = z.int().positive();

/** What the rules of a conversation count with. */
export const bound = positive.max(2 ** 32 - 1);

/** Milliseconds, also since the Unix epoch. Programs compute them: what is begun counts as a whole one. */
export const time = z
  .number()
  .nonnegative()
  .max(8.64e15, "is no time")
  .transform((ms) => Math.ceil(ms));

export const octets = z.custom<Uint8Array>((value) => value instanceof Uint8Array, {
  error: "Invalid input: expected Uint8Array",
});

export const callback = z.custom((value) => typeof value === "function", {
  error: "Invalid input: expected function",
});

export const signal = z.custom<AbortSignal>((value) => value instanceof AbortSignal, {
  error: "Invalid input: expected AbortSignal",
});

/** What octets are read from. */
export const source = z.custom(isSource, {
  error: "Invalid input: expected Blob, Uint8Array or { size, read }",
});

/** Pieces of octets that come one after another. */
export const pieces = z.custom(isPieces, {
  error: "Invalid input: expected pieces of octets to loop over",
});

export const list = <T extends z.ZodType>(of: T) => z.array(of);

/** Everything in it may be left out, and so may it. */
export const options = <T extends z.core.$ZodLooseShape>(shape: T) =>
  z.looseObject(shape).partial().optional();

/** Id of a message. */
export const messageId = z.string().regex(/^[0-9a-f]{64}$/, "is no id of a message");

export const searchOptions = options({
  order: z.enum(["newest", "best"]),
  limit: number,
  cursor: text,
  complete: flag,
  timeZone: text,
});

function isSource(value: unknown): boolean {
  if (value instanceof Uint8Array || value instanceof Blob) return true;
  if (typeof value !== "object" || value === null) return false;
  const size: unknown = Reflect.get(value, "size");
  const isSize = typeof size === "number" && Number.isSafeInteger(size) && size >= 0;
  return isSize && typeof Reflect.get(value, "read") === "function";
}

function isPieces(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  if (Array.isArray(value)) return value.every((piece) => piece instanceof Uint8Array);
  return Symbol.asyncIterator in value;
}

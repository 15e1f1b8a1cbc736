import { malformed } from "@treehouse/protocol";

export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
export type JsonObject = { readonly [key: string]: Json | undefined };

export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function isList(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value);
}

export function number(value: Json | undefined): number {
  if (typeof value !== "number" || !Number.isFinite(value)) throw malformed("no number");
  return value;
}

export function list(value: Json | undefined): readonly Json[] {
  if (!Array.isArray(value)) throw malformed("no list");
  return value;
}

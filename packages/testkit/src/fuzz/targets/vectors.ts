import { type Bytes, fromHex } from "@treehouse/protocol";
import { readVectorFile } from "../../../../../federation-spec/src/index.ts";

/** All octets that a file of the specification's vectors has under `hex`, wherever they stand. */
export function hexIn(file: string): readonly Bytes[] {
  const found: Bytes[] = [];
  walk(JSON.parse(readVectorFile(file)), (key, value) => {
    if (key === "hex" && typeof value === "string") found.push(fromHex(value));
  });
  return found;
}

/** The values of a key, wherever they stand. */
export function valuesIn(file: string, wanted: string): readonly unknown[] {
  const found: unknown[] = [];
  walk(JSON.parse(readVectorFile(file)), (key, value) => {
    if (key === wanted) found.push(value);
  });
  return found;
}

function walk(value: unknown, visit: (key: string, value: unknown) => void): void {
  if (typeof value !== "object" || value === null) return;
  for (const [key, inner] of Object.entries(value)) {
    visit(key, inner);
    walk(inner, visit);
  }
}

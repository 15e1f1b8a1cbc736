import { describe, expect, test } from "vitest";
import {
  equalBytes,
  fromHex,
  LIMITS,
  mintClientUri,
  mintRoomUri,
  Refusal,
  toHex,
} from "@treehouse/protocol";
import type { Codec } from "@treehouse/protocol";
import { loadVectors, structs } from "../src/index.ts";
import type { StructName } from "../src/index.ts";
import { readPage } from "../src/page-tables.ts";
import { alice, hubDomain } from "../src/sample-values.ts";

type Bound = {
  readonly struct: StructName;
  /** Names on the way to the field, none for the struct itself. */
  readonly path: readonly string[];
  readonly least: number;
  readonly most: number;
};

const vectors = loadVectors().flatMap((family) => family.vectors);
const bounds = rows();
/** Longer than anything may be. */
const tooLong = 18 * 1024 * 1024;
const roomOf = (index: number) =>
  mintRoomUri(hubDomain, () => Uint8Array.of(index >> 8, index, ...new Uint8Array(14)));
/** Clients of the vectors' user, ascending. */
const clients = Array.from({ length: LIMITS.clientsPerUserMax + 1 }, (_, index) =>
  mintClientUri(alice, () => new Uint8Array(16).fill(index)),
).sort();

test("the table has a row for most structs", () => {
  expect(new Set(bounds.map(({ struct }) => struct)).size).toBeGreaterThan(20);
});

describe("FED-106 a field holds what the table says", () => {
  test.each(bounds.map((bound) => [`${bound.struct} ${bound.path.join(".")}`, bound] as const))(
    "%s",
    (_, { struct, path, least, most }) => {
      const value = sample(struct, path);
      const outcome = (length: number) => outcomeOf(structs[struct], changed(value, path, length));
      const lengths = [least - 1, least, most, most + 1].filter((length) => length >= 0);
      expect(lengths.map((length) => [length, outcome(length)])).toEqual(
        lengths.map((length) => [length, length < least || length > most ? "refused" : "taken"]),
      );
    },
    30_000,
  );
});

test("FED-106 a decoder refuses a length one over the bound", () => {
  const most = LIMITS.descriptionBytesMax;
  const codec: Codec<unknown> = structs.UpdateRoomResponse;
  const path = ["description"];
  const value = sample("UpdateRoomResponse", path);
  const bytes = toHex(codec.encode(changed(value, path, most)));
  const lengthOf = (length: number) => (0x4000 + length).toString(16);
  const longer = `${bytes.replace(lengthOf(most), lengthOf(most + 1))}61`;
  expect(() => codec.decode(fromHex(longer))).toThrow(Refusal);
});

/** Bounds that 6.2 gives in another way than by a row. */
const saidElsewhere: readonly RegExp[] = [
  // The type on the page has the length.
  /\b(treeHash|transcript)$/,
  // Sentences below the table have all lists of capabilities, and sums of octets.
  /apabilities\.\w+$/,
  /roposals\.\*$/,
  // The field is a struct that has rows of its own.
  /\broster$/,
  /^Batch items\.\*\.body$/,
  /^SignedClientList list\.clients$/,
  /^UpdateRequest firstMessage\.message$/,
];

test("FED-106 every octet string, text and vector that has bounds stands in the table", () => {
  const seen = new Set(bounds.map(({ struct, path }) => nameOf(struct, path)));
  const missing = new Set<string>();
  for (const { hex, struct } of vectors) {
    const codec: Codec<unknown> = structs[struct];
    const value = codec.decode(fromHex(hex));
    for (const path of pathsIn(value)) {
      const name = nameOf(struct, path);
      if (seen.has(name) || saidElsewhere.some((pattern) => pattern.test(name))) continue;
      if (isBounded(codec, value, path)) missing.add(name);
    }
  }
  expect([...missing]).toEqual([]);
}, 60_000);

/** Fields whose words select the others. */
const selects: ReadonlySet<string> = new Set(["type", "kind", "status"]);

/** Elements of a vector have one name. */
function nameOf(struct: StructName, path: readonly string[]): string {
  return `${struct} ${path.join(".").replace(/\b\d+\b/g, "*")}`;
}

/** The ways to everything in the value that has a length. */
function* pathsIn(value: unknown, path: readonly string[] = []): Generator<readonly string[]> {
  if (typeof value === "string" || value instanceof Uint8Array || Array.isArray(value)) yield path;
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) return;
  for (const [name, one] of Object.entries(value)) yield* pathsIn(one, [...path, name]);
}

/** Whether a field can be shorter or longer, but not of any length. */
function isBounded(codec: Codec<unknown>, value: unknown, path: readonly string[]): boolean {
  const field = path.reduce(at, value);
  if (!hasLength(field) || selects.has(path.at(-1) ?? "")) return false;
  const { length } = field;
  if (Array.isArray(field) && length === 0) return false;
  const takes = (other: number) => outcomeOf(codec, changed(value, path, other)) === "taken";
  const isVariable = takes(length + 1) || (length > 0 && takes(length - 1));
  return isVariable && !takes(Array.isArray(field) ? 70_000 : tooLong);
}

function hasLength(value: unknown): value is { readonly length: number } {
  return typeof value === "string" || value instanceof Uint8Array || Array.isArray(value);
}

function isZero(octet: number): boolean {
  return octet === 0;
}

/** Whether the value has an encoding, and the decoder takes it. */
function outcomeOf(codec: Codec<unknown>, value: unknown): "taken" | "refused" {
  try {
    const bytes = codec.encode(value);
    return equalBytes(codec.encode(codec.decode(bytes)), bytes) ? "taken" : "refused";
  } catch (error) {
    if (error instanceof RangeError || error instanceof Refusal) return "refused";
    throw error;
  }
}

function rows(): readonly Bound[] {
  const table = readPage("06-limits.md").split("## 6.2")[1] ?? "";
  return table
    .split("\n")
    .filter((line) => /^\| [A-Z]/.test(line) && !line.startsWith("| Struct"))
    .map((line) => {
      const [struct = "", field = "", least = "", most = ""] = line
        .split("|")
        .slice(1, -1)
        .map((cell) => cell.trim());
      if (!isStruct(struct)) throw new Error(`no struct ${struct}`);
      const path = field === "(itself)" ? [] : field.split(".");
      return { struct, path, least: Number(least), most: numberOf(most) };
    });
}

function numberOf(cell: string): number {
  const name = cell.replaceAll("`", "");
  const value = new Map<string, number>(Object.entries(LIMITS)).get(name) ?? Number(name);
  if (!Number.isSafeInteger(value)) throw new Error(`no limit ${cell}`);
  return value;
}

function isStruct(name: string): name is StructName {
  return Object.hasOwn(structs, name);
}

/** A value of a vector in which the field is there, and has an element if it is a vector. */
function sample(struct: StructName, path: readonly string[]): unknown {
  for (const { hex, struct: name } of vectors) {
    if (name !== struct) continue;
    const value: unknown = structs[struct].decode(fromHex(hex));
    const field = path.reduce(at, value);
    if (Array.isArray(field) ? field.length > 0 : field !== undefined) return value;
  }
  throw new Error(`no vector of ${struct} has ${path.join(".")}`);
}

function at(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;
}

/** The value with so many octets or elements in the field. */
function changed(value: unknown, path: readonly string[], length: number): unknown {
  const [name, ...rest] = path;
  if (name === undefined) return filled(value, length);
  const field = changed(at(value, name), rest, length);
  if (Array.isArray(value)) return value.with(Number(name), field);
  return typeof value === "object" ? { ...value, [name]: field } : value;
}

function filled(value: unknown, length: number): unknown {
  if (typeof value === "number") return length;
  if (typeof value === "string") return "-".repeat(length);
  if (value instanceof Uint8Array) {
    return new Uint8Array(length).fill(value.length > 0 && value.every(isZero) ? 0 : 0xab);
  }
  if (!Array.isArray(value)) throw new Error("a field without length");
  return Array.from({ length }, (_, index) => numbered(value[0], index));
}

/** Elements that differ where a struct wants them ascending. */
function numbered(element: unknown, index: number): unknown {
  if (typeof element === "number") return index;
  if (typeof element !== "object" || element === null || element instanceof Uint8Array) {
    return element;
  }
  if ("change" in element) return element;
  if ("template" in element) return { ...element, room: roomOf(index) };
  if ("leaf" in element) return { ...element, leaf: index };
  if ("sequence" in element) return { ...element, sequence: index + 1 };
  if ("addedAt" in element && "client" in element) return { ...element, client: clients[index] };
  return element;
}

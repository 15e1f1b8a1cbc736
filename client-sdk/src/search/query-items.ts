import { QueryFault } from "./query-fault.ts";

/** A word, a phrase or a condition of a query, as written. */
export type Item = {
  readonly negative: boolean;
  /** Undefined: text that is looked for. */
  readonly field: Field | undefined;
  readonly value: string;
  /** Its last word may go on. */
  readonly open: boolean;
  readonly position: number;
  readonly valuePosition: number;
};

const fields = ["from", "in", "before", "after", "on", "has", "is", "kind"] as const;
type Field = (typeof fields)[number];

const charactersMax = 1_000;

/** Divides a query into its items. Throws `QueryFault`. */
export function itemsOf(text: string): readonly Item[] {
  if (text.length > charactersMax) {
    const message = `a query has at most ${charactersMax} characters`;
    throw new QueryFault("tooLong", message, charactersMax);
  }
  const items: Item[] = [];
  let at = skipBlanks(text, 0);
  while (at < text.length) {
    const { item, end } = readItem(text, at);
    items.push(item);
    at = skipBlanks(text, end);
  }
  return items;
}

function readItem(text: string, position: number): { readonly item: Item; readonly end: number } {
  const negative = text[position] === "-" && /\S/u.test(text[position + 1] ?? "");
  const start = negative ? position + 1 : position;
  const field = readField(text, start);
  const valuePosition = start + (field === undefined ? 0 : field.length + 1);
  const quoted = text[valuePosition] === '"';
  const end = quoted ? closingQuote(text, valuePosition) + 1 : wordEnd(text, valuePosition);
  const raw = quoted ? text.slice(valuePosition + 1, end - 1) : text.slice(valuePosition, end);
  const starred = !quoted && raw.length > 1 && raw.endsWith("*");
  const value = starred ? raw.slice(0, -1) : raw;
  if (field !== undefined && value === "") {
    throw new QueryFault("unknownValue", `${field}: needs a value behind it`, valuePosition);
  }
  // Whoever is still typing a word looks for what begins with it.
  const open = starred || (!quoted && end === text.length);
  return { item: { negative, field, value, open, position, valuePosition }, end };
}

/** `name:` before a value; a time, and an address with `//`, are text. */
function readField(text: string, start: number): Field | undefined {
  const name = /^([a-zA-Z]+):(?!\/\/)/.exec(text.slice(start))?.[1];
  if (name === undefined) return undefined;
  const field = fields.find((known) => known === name.toLowerCase());
  if (field !== undefined) return field;
  const message = `there is no condition "${name}:" but ${fields.join(", ")}; put text into quotes`;
  throw new QueryFault("unknownField", message, start);
}

function closingQuote(text: string, opening: number): number {
  const closing = text.indexOf('"', opening + 1);
  if (closing !== -1) return closing;
  throw new QueryFault("unclosedQuote", "a quote is opened here and not closed", opening);
}

function wordEnd(text: string, start: number): number {
  let end = start;
  while (end < text.length && !/\s/u.test(text[end] ?? "")) end += 1;
  return end;
}

function skipBlanks(text: string, start: number): number {
  let at = start;
  while (at < text.length && /\s/u.test(text[at] ?? "")) at += 1;
  return at;
}

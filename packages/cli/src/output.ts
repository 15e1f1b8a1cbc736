import { CliFailure, EXIT } from "./failure.ts";
import { shell } from "./shell.ts";
import type { Terminal } from "./terminal.ts";

/** How results are shown. */
export type OutputOptions = {
  readonly json: boolean;
  readonly jsonl: boolean;
  readonly fields: readonly string[] | undefined;
  readonly quiet: boolean;
  /** The context that was named with the command. */
  readonly context: string | undefined;
};

type Row = Readonly<Record<string, unknown>>;

/**
 * What people see: a line, or several. What follows a break within one is indented, so that nothing
 * which others wrote can pass for a line of its own.
 */
export type Text = string | readonly string[];

/** Writes results: one JSON object with `--json`, one line an item with `--jsonl`, else text. */
export interface Output {
  /** One result. `text` is what people see. */
  result(value: Row, text: Text): void;
  /** A list, as one result. */
  list<R extends Row>(name: string, rows: readonly R[], text: (row: R) => Text): void;
  /** One item of a stream; without a terminal always a JSON line. */
  item(value: Row, text: Text): void;
  /** A remark for people, on the standard error. */
  note(text: string): void;
  /** What could be done next, for people only: never beside JSON. */
  hint(text: string): void;
}

export function createOutput(terminal: Terminal, options: OutputOptions): Output {
  const { fields } = options;
  const pick = (row: Row): Row =>
    fields === undefined
      ? row
      : Object.fromEntries(fields.map((name) => [name, row[name] ?? null]));
  const line = (value: unknown) => terminal.out(`${jsonText(value)}\n`);
  const say = (text: Text) => {
    const shown = harmless(text);
    if (shown !== "") terminal.out(`${shown}\n`);
  };
  const asJson = options.json || options.jsonl || fields !== undefined;
  return {
    result(value, text) {
      checkFields(fields, [value]);
      if (asJson) line(pick(value));
      else say(text);
    },
    list(name, rows, text) {
      checkFields(fields, rows);
      if (options.jsonl) for (const row of rows) line(pick(row));
      else if (asJson) line({ [name]: rows.map(pick) });
      else for (const row of rows) say(text(row));
    },
    item(value, text) {
      if (asJson || !terminal.stdoutIsTerminal) line(pick(value));
      else say(text);
    },
    note(text) {
      if (!options.quiet) terminal.err(`${harmless(text)}\n`);
    },
    hint(text) {
      if (options.quiet || asJson) return;
      terminal.err(`${harmless(inContext(text, options.context))}\n`);
    },
  };
}

/** Commands in a text as whoever named a context with theirs has to call them. */
export function inContext(text: string, context: string | undefined): string {
  if (context === undefined) return text;
  return text.replaceAll(/\btreehouse (?=[a-z])/gu, () => `treehouse --context ${shell(context)} `);
}

/** A field that no row has is a slip of the pen; one that some rows lack is null there. */
function checkFields(fields: readonly string[] | undefined, rows: readonly Row[]): void {
  const known = new Set(rows.flatMap((row) => Object.keys(row)));
  const wrong = fields?.find((name) => !known.has(name));
  if (wrong === undefined || rows.length === 0) return;
  throw new CliFailure(EXIT.usage, "unknownField", `there is no field "${wrong}"`, {
    help: `There are: ${[...known].toSorted().join(", ")}.`,
  });
}

/**
 * Lines without control characters, which could take over the terminal that shows them. Marks that
 * change the direction of writing go too: they can make one sender look like another. Letters of any
 * direction stay, and so do the joiners that Persian and emoji are written with.
 */
export function harmless(text: Text): string {
  const lines = typeof text === "string" ? [text] : text;
  return lines
    .map((line) => line.replaceAll(/[\n\u2028\u2029]/gu, "\n    "))
    .join("\n")
    .replaceAll(/(?![\n\t])[\p{Cc}\p{Bidi_Control}]/gu, "\ufffd");
}

/** A field that others wrote, for the place of one: not for what they say, where breaks mean something. */
export function oneLine(text: string): string {
  return text.replaceAll(/[\s\u0085]+/gu, " ");
}

/** The same value, with escapes for what `harmless` replaces: the line may be shown at a terminal. */
export function jsonText(value: unknown, indent = 0): string {
  return JSON.stringify(value, undefined, indent).replaceAll(
    /[\u007f-\u009f\u2028\u2029\p{Bidi_Control}]/gu,
    (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

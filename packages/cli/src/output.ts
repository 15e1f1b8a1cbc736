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

/** Writes results: one JSON object with `--json`, one line an item with `--jsonl`, else text. */
export interface Output {
  /** One result. `text` is what people see. */
  result(value: Row, text: string): void;
  /** A list, as one result. */
  list<R extends Row>(name: string, rows: readonly R[], text: (row: R) => string): void;
  /** One item of a stream; without a terminal always a JSON line. */
  item(value: Row, text: string): void;
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
  const line = (value: unknown) => terminal.out(`${JSON.stringify(value)}\n`);
  const say = (text: string) => {
    if (text !== "") terminal.out(`${harmless(text)}\n`);
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
 * Text from others without control characters, which could take over the terminal that shows it.
 * Marks that change the direction of writing go too: they can make one sender look like another.
 */
export function harmless(text: string): string {
  return text.replaceAll(/(?![\n\t])[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu, "\ufffd");
}

/** A text of several lines, so that none of them can pass for a line of somebody else. */
export function indented(text: string): string {
  return text.replaceAll("\n", "\n    ");
}

import type { Terminal } from "./terminal.ts";

/** How results are shown. */
export type OutputOptions = {
  readonly json: boolean;
  readonly jsonl: boolean;
  readonly fields: readonly string[] | undefined;
  readonly quiet: boolean;
};

type Row = Readonly<Record<string, unknown>>;

/** Writes results: one JSON object with `--json`, one line an item with `--jsonl`, else text. */
export interface Output {
  /** One result. `text` is what people see. */
  result(value: Row, text: string): void;
  /** A list, as one result. */
  list(name: string, rows: readonly Row[], text: (row: Row) => string): void;
  /** One item of a stream; without a terminal always a JSON line. */
  item(value: Row, text: string): void;
  /** A remark for people, on the standard error. */
  note(text: string): void;
}

export function createOutput(terminal: Terminal, options: OutputOptions): Output {
  const pick = (row: Row): Row => {
    if (options.fields === undefined) return row;
    return Object.fromEntries(options.fields.map((name) => [name, row[name] ?? null]));
  };
  const line = (value: unknown) => terminal.out(`${JSON.stringify(value)}\n`);
  const say = (text: string) => {
    if (!options.quiet && text !== "") terminal.out(`${text}\n`);
  };
  const asJson = options.json || options.jsonl || options.fields !== undefined;
  return {
    result(value, text) {
      if (asJson) line(pick(value));
      else say(text);
    },
    list(name, rows, text) {
      if (options.jsonl) for (const row of rows) line(pick(row));
      else if (asJson) line({ [name]: rows.map(pick) });
      else for (const row of rows) say(text(row));
    },
    item(value, text) {
      if (asJson || !terminal.stdoutIsTerminal) line(pick(value));
      else say(text);
    },
    note(text) {
      if (!options.quiet) terminal.err(`${text}\n`);
    },
  };
}

import type { Log, LogFields } from "@treehouse/protocol";

export interface LogEntry {
  readonly level: "debug" | "info" | "warn" | "error";
  readonly event: string;
  readonly fields: LogFields;
}

/** A log that keeps its entries, those of its children included, in order. */
export class CollectedLog implements Log {
  readonly entries: LogEntry[];
  readonly #context: LogFields;

  constructor(entries: LogEntry[] = [], context: LogFields = {}) {
    this.entries = entries;
    this.#context = context;
  }

  debug(event: string, fields?: LogFields): void {
    this.#add("debug", event, fields);
  }

  info(event: string, fields?: LogFields): void {
    this.#add("info", event, fields);
  }

  warn(event: string, fields?: LogFields): void {
    this.#add("warn", event, fields);
  }

  error(event: string, fields?: LogFields): void {
    this.#add("error", event, fields);
  }

  child(fields: LogFields): Log {
    return new CollectedLog(this.entries, { ...this.#context, ...fields });
  }

  #add(level: LogEntry["level"], event: string, fields: LogFields = {}): void {
    this.entries.push({ level, event, fields: { ...this.#context, ...fields } });
  }
}

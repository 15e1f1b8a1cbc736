import { type Bytes, Refusal, toHex } from "@treehouse/protocol";

/** What is wrong with how an input was met. */
export interface Finding {
  readonly kind: "error" | "slow" | "memory" | "hung";
  readonly what: string;
  /** In hex, cut down to what is needed; `--input` runs it again. */
  readonly input: string;
}

/** What became of a target's inputs. */
export interface Report {
  readonly target: string;
  readonly inputs: number;
  readonly seconds: number;
  /** The slowest input, in milliseconds, at the best of its repetitions. */
  readonly slowestMs: number;
  /** How often each word was the answer. */
  readonly outcomes: Readonly<Record<string, number>>;
  readonly findings: readonly Finding[];
  /** Inputs that reached what none had reached before. */
  readonly fresh: readonly string[];
  /** How much of the source was reached, in characters; 0 if nobody counted. */
  readonly reached: number;
}

/** The error as a finding's text: where it was thrown stays with it, the values in it do not count. */
export function describe(error: unknown): string {
  if (!(error instanceof Error)) return `thrown: ${String(error)}`;
  const lines = (error.stack ?? error.message).split("\n");
  const at = lines.find((line) => line.includes("/src/") || line.includes("ts-mls"));
  return [`${error.name}: ${error.message.slice(0, 300)}`, at?.trim() ?? ""].join(" ").trim();
}

/** Two findings of one kind in one place are one. */
export function placeOf({ kind, what }: Finding): string {
  return `${kind} ${/ at .*$/.exec(what)?.[0] ?? what.replaceAll(/\d+/g, "#").slice(0, 80)}`;
}

export function isRefusal(error: unknown): error is Refusal {
  return error instanceof Refusal;
}

export function findingOf(kind: Finding["kind"], what: string, input: Bytes): Finding {
  return { kind, what, input: toHex(input) };
}

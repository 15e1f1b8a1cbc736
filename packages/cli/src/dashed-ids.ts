import type { Command } from "commander";

/**
 * No option is that long, nor so many of one letter together; and those of two dashes are small letters and
 * dashes alone, which hardly any id is.
 */
const dashed = /^-(?:[A-Za-z0-9_]|-(?=[a-z-]*[A-Z0-9_]))[A-Za-z0-9_-]{14,}$/u;
/** Stands in no argument of a process. */
const mark = "\0";

/**
 * One id in 64 begins with a dash, for ids are base64url, and one in 4,096 with two. Such an argument is marked,
 * so that it is not taken for an option; behind `--` nothing is.
 */
export function markDashed(args: readonly string[]): string[] {
  const end = args.indexOf("--");
  return args.map((arg, index) =>
    dashed.test(arg) && (end === -1 || index < end) ? `${mark}${arg}` : arg,
  );
}

/** Gives a command, and those that it is part of, what was marked as it was. Call it before its action. */
export function unmarkDashed(command: Command): void {
  command.processedArgs = command.processedArgs.map(unmarked);
  for (let part: Command | null = command; part !== null; part = part.parent) {
    for (const [name, value] of Object.entries(part.opts())) {
      part.setOptionValue(name, unmarked(value));
    }
  }
}

/** For what is told of arguments that no command takes. */
export function withoutMarks(text: string): string {
  return text.replaceAll(mark, "");
}

function unmarked(value: unknown): unknown {
  if (typeof value === "string") return value.startsWith(mark) ? value.slice(1) : value;
  return Array.isArray(value) ? value.map(unmarked) : value;
}

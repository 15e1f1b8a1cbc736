import { inspect, isDeepStrictEqual } from "node:util";

/** The server does not do what the rule says. */
export class Failed extends Error {
  override readonly name = "Failed";
}

/** The check needs something that is not there, so that nothing can be said. */
export class Missing extends Error {
  override readonly name = "Missing";
}

export function ensure(holds: boolean, message: string): asserts holds {
  if (!holds) throw new Failed(message);
}

/** Octets and structs are compared by their values. */
export function agree(what: string, actual: unknown, expected: unknown): void {
  if (isDeepStrictEqual(actual, expected)) return;
  throw new Failed(`${what} is ${brief(actual)} and should be ${brief(expected)}`);
}

export function present<T>(value: T | undefined, message: string): T {
  if (value === undefined) throw new Failed(message);
  return value;
}

export function brief(value: unknown): string {
  const text = inspect(value, { depth: 4, breakLength: Infinity, maxArrayLength: 16 });
  return text.length > 300 ? `${text.slice(0, 300)}…` : text;
}

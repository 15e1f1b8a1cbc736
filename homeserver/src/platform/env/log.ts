import type { Log, LogFields } from "@treehouse/protocol";
import { destination, pino } from "pino";
import type { Logger } from "pino";
import { redactAddress, redactText, withheld } from "./redact.ts";

type LogLevel = "debug" | "info" | "warn" | "error" | "silent";

export interface LogOptions {
  readonly level: LogLevel;
  /** Where lines go, one JSON object each; standard error unless given. */
  readonly write?: (line: string) => void;
}

/**
 * Structured log. Numbers and truth values pass under any name; text passes only under a name of
 * the list below, in the form that the list says. Anything else is withheld: a new field that holds
 * text is added here, which is where it gets reviewed.
 */
export function createLog({ level, write }: LogOptions): Log {
  // Written at once: a line about a crash must be out before the process ends.
  const stream = write === undefined ? destination({ fd: 2, sync: true }) : { write };
  return adapt(
    pino({ level, base: null, timestamp: () => `,"time":"${new Date().toISOString()}"` }, stream),
  );
}

type Kind = "code" | "address" | "text";

/** `code`: an identifier of this program. `address`: shortened. `text`: made by `errorFields`. */
const kinds: Readonly<Record<string, Kind>> = {
  code: "code",
  component: "code",
  event: "code",
  host: "code",
  job: "code",
  kind: "code",
  limitName: "code",
  method: "code",
  module: "code",
  reason: "code",
  requestId: "code",
  route: "code",
  signal: "code",
  version: "code",
  client: "address",
  group: "address",
  room: "address",
  stream: "address",
  user: "address",
  error: "text",
  stack: "text",
};

const codePattern = /^[A-Za-z0-9_.:/{}-]{0,80}$/;
const secretPattern = /[A-Za-z0-9+_=-]{20,}/;

function adapt(logger: Logger): Log {
  return {
    debug(event, fields) {
      if (logger.isLevelEnabled("debug")) logger.debug(reviewed(fields), event);
    },
    info(event, fields) {
      if (logger.isLevelEnabled("info")) logger.info(reviewed(fields), event);
    },
    warn: (event, fields) => logger.warn(reviewed(fields), event),
    error: (event, fields) => logger.error(reviewed(fields), event),
    child: (fields) => adapt(logger.child(reviewed(fields))),
  };
}

function reviewed(fields: LogFields = {}): Record<string, string | number | boolean> {
  const result: Record<string, string | number | boolean> = {};
  for (const [name, value] of Object.entries(fields)) {
    if (value === undefined) continue;
    result[name] = typeof value === "string" ? reviewedText(name, value) : value;
  }
  return result;
}

function reviewedText(name: string, value: string): string {
  const kind = Object.hasOwn(kinds, name) ? kinds[name] : undefined;
  if (kind === "address") return redactAddress(value);
  if (kind === "text") return redactText(value);
  if (kind === "code" && codePattern.test(value) && !looksSecret(value)) return value;
  return withheld;
}

/** Words of ours may be long in camel case; a token has digits or signs, a URI has an authority. */
function looksSecret(value: string): boolean {
  const run = secretPattern.exec(value)?.[0];
  return (
    value.includes("://") || (run !== undefined && !/^[a-z]{1,14}([A-Z][a-z]{1,13})+$/.test(run))
  );
}

/**
 * Fields about an error for the log: its names and where it was thrown. Messages of foreign errors
 * can quote input, so they are left out, except for an `Assertion`, whose text is our own.
 */
export function errorFields(error: unknown): LogFields {
  if (!(error instanceof Error)) return { error: typeof error };
  const names: string[] = [];
  let current: unknown = error;
  for (let depth = 0; depth < 5 && current instanceof Error; depth += 1) {
    const code = "code" in current && typeof current.code === "string" ? `(${current.code})` : "";
    const own = current.name === "Assertion" ? `: ${current.message}` : "";
    names.push(`${current.name}${code}${own}`);
    current = current.cause;
  }
  const frames = (error.stack ?? "").split("\n").filter((line) => line.startsWith("    at "));
  return { error: names.join(" < "), stack: frames.slice(0, 6).map(place).join(" ") };
}

/** Function, file and line of a stack frame, without the folders. */
function place(frame: string): string {
  const match = /at (?:async )?(?:(\S+) )?.*?([^/(]+:\d+):\d+\)?$/.exec(frame);
  return match === null ? "?" : `${match[1] ?? ""}(${match[2]})`.slice(0, 60);
}

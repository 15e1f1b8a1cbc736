import { SdkError } from "@treehouse/client-sdk";
import { Refusal, refusalTable } from "@treehouse/protocol";

/** The exit codes of the CLI; documented in `docs/cli.md`. */
export const EXIT = {
  done: 0,
  usage: 1,
  bug: 2,
  server: 3,
  login: 4,
  limited: 5,
  keyChanged: 6,
  conflict: 7,
  notFound: 8,
  partly: 9,
  warnings: 10,
  failures: 11,
  timeout: 124,
  interrupted: 130,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** What went wrong, in words, with what to do about it. */
export class CliFailure extends Error {
  override readonly name = "CliFailure";
  readonly exit: ExitCode;
  readonly code: string;
  readonly help: string;
  readonly data: Readonly<Record<string, unknown>>;

  constructor(
    exit: ExitCode,
    code: string,
    message: string,
    more: { readonly help?: string; readonly data?: Readonly<Record<string, unknown>> } = {},
  ) {
    super(message);
    this.exit = exit;
    this.code = code;
    this.help = more.help ?? "";
    this.data = more.data ?? {};
  }
}

const exits: Record<string, ExitCode> = {
  network: EXIT.server,
  unavailable: EXIT.server,
  internal: EXIT.server,
  storageFull: EXIT.server,
  loginRequired: EXIT.login,
  passwordRequired: EXIT.login,
  loginFailed: EXIT.login,
  notAuthenticated: EXIT.login,
  sessionEnded: EXIT.login,
  noClientInStore: EXIT.login,
  rateLimited: EXIT.limited,
  identityInvalid: EXIT.keyChanged,
  wrongEpoch: EXIT.conflict,
  epochTooOld: EXIT.conflict,
  epochAhead: EXIT.conflict,
  invalidCommit: EXIT.conflict,
  notFound: EXIT.notFound,
  unknownUser: EXIT.notFound,
  unknownRoom: EXIT.notFound,
  unknownClient: EXIT.notFound,
  keyPackagesExhausted: EXIT.notFound,
};

/** Any error as a failure of the CLI. What is not known is a bug, and says so. */
export function failureOf(error: unknown): CliFailure {
  if (error instanceof CliFailure) return error;
  if (error instanceof SdkError) {
    const exit = exits[error.code] ?? EXIT.usage;
    return new CliFailure(exit, error.code, error.message, { help: error.help, data: error.data });
  }
  if (error instanceof Refusal) {
    const { code, message, data }: Refusal = error;
    const { advice } = refusalTable[code];
    return new CliFailure(exits[code] ?? EXIT.usage, code, message, { help: advice, data });
  }
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return new CliFailure(EXIT.bug, "bug", text, { help: "This is a bug; please report it." });
}

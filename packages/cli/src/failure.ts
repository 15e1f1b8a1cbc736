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

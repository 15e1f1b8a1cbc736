/** Everything the CLI asks of the process it runs in; tests and the demo bring their own. */
export interface Terminal {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdoutIsTerminal: boolean;
  readonly stdinIsTerminal: boolean;
  /** Data; nothing else ever goes here. */
  out(text: string): void;
  /** Once everything given to `out` is written; rejects with a `CliFailure` if it cannot be. */
  written(): Promise<void>;
  /** Aborted with the cause when the output can be written no more. */
  readonly outputLost: AbortSignal;
  /** Messages for people. */
  err(text: string): void;
  /** All of the standard input. */
  readAll(): Promise<string>;
  /** Lines of the standard input, as they come. */
  lines(): AsyncIterable<string>;
  /** Asks at the terminal without showing what is typed. */
  askSecret(question: string): Promise<string>;
  /** Aborted by the first interrupt. */
  readonly interrupted: AbortSignal;
}

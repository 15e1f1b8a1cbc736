import { Command, CommanderError } from "commander";

import { addAccountCommands } from "./commands/account.ts";
import { addAdminCommands } from "./commands/admin.ts";
import { addChatCommand } from "./commands/chat.ts";
import { addContactCommands } from "./commands/contact.ts";
import { addContextCommands } from "./commands/context.ts";
import { addDebugCommands } from "./commands/debug.ts";
import { addDoctorCommand } from "./commands/doctor.ts";
import { addGroupCommands } from "./commands/group.ts";
import { addHistoryCommand } from "./commands/history.ts";
import { addInitCommand } from "./commands/init.ts";
import { addSendCommand } from "./commands/send.ts";
import { addTailCommand } from "./commands/tail.ts";
import type { Cli } from "./commands/cli.ts";
import { EXIT, type ExitCode, failureOf } from "./failure.ts";
import { createOutput } from "./output.ts";
import type { Terminal } from "./terminal.ts";
import { version } from "./version.ts";

/**
 * Runs one command and answers the exit code. Data goes to the standard output, everything else
 * to the standard error; with `--json` a failure is one JSON object there.
 */
export async function run(args: readonly string[], terminal: Terminal): Promise<ExitCode> {
  let exit: ExitCode = EXIT.done;
  const program = new Command("treehouse")
    .description("End-to-end encrypted conversations over homeservers that federate.")
    .version(version, "--version")
    .option("--context <name>", "the context to use instead of the current one")
    .option("--json", "one JSON object as result")
    .option("--jsonl", "one JSON object a line")
    .option("--fields <names>", "only these fields, separated by commas (as JSON)")
    .option("--quiet", "no text, only data asked for with --json")
    .option("--timeout <seconds>", "give up after so long (exit code 124)")
    .exitOverride()
    .configureOutput({
      writeOut: (text) => terminal.out(text),
      writeErr: (text) => terminal.err(text),
    })
    .showHelpAfterError("Run with --help to see what is possible.");
  const cli: Cli = {
    terminal,
    program,
    output: () => createOutput(terminal, outputOptions(program)),
    exitWith(code) {
      exit = code;
    },
  };
  for (const add of commands) add(cli);
  const timeout = timeoutOf(args);
  try {
    const work = program.parseAsync([...args], { from: "user" });
    if ((await Promise.race([work, timeout.expired])) === "expired") return EXIT.timeout;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage;
    if (terminal.interrupted.aborted) return EXIT.interrupted;
    return report(terminal, error, args.includes("--json") || args.includes("--jsonl"));
  } finally {
    timeout.cancel();
  }
  return exit === EXIT.done && terminal.interrupted.aborted ? EXIT.interrupted : exit;
}

const commands: readonly ((cli: Cli) => void)[] = [
  addInitCommand,
  addContextCommands,
  addAccountCommands,
  addContactCommands,
  addGroupCommands,
  addSendCommand,
  addChatCommand,
  addTailCommand,
  addHistoryCommand,
  addAdminCommands,
  addDebugCommands,
  addDoctorCommand,
];

function outputOptions(program: Command) {
  const { json, jsonl, fields, quiet } = program.opts<{
    json?: boolean;
    jsonl?: boolean;
    fields?: string;
    quiet?: boolean;
  }>();
  return {
    json: json === true,
    jsonl: jsonl === true,
    fields: fields?.split(",").map((name) => name.trim()),
    quiet: quiet === true,
  };
}

function report(terminal: Terminal, error: unknown, json: boolean): ExitCode {
  const failure = failureOf(error);
  const { code, message, help, data, exit } = failure;
  if (json) {
    const value = { error: { code, message, ...(help === "" ? {} : { help }), ...data }, exit };
    terminal.err(`${JSON.stringify(value)}\n`);
    return exit;
  }
  terminal.err(`treehouse: ${message} (${code})\n`);
  const retryAfterMs = data["retryAfterMs"];
  if (typeof retryAfterMs === "number") {
    terminal.err(`Try again in ${Math.ceil(retryAfterMs / 1000)} s.\n`);
  }
  if (help !== "") terminal.err(`${help}\n`);
  return exit;
}

/** `--timeout` is read before parsing, for it bounds the command as a whole. */
function timeoutOf(args: readonly string[]): {
  readonly expired: Promise<"expired">;
  cancel(): void;
} {
  const at = args.indexOf("--timeout");
  const seconds = at === -1 ? Number.NaN : Number(args[at + 1]);
  if (!(seconds > 0)) return { expired: new Promise(() => undefined), cancel: () => undefined };
  let handle: ReturnType<typeof setTimeout> | undefined;
  const expired = new Promise<"expired">((resolve) => {
    handle = setTimeout(() => resolve("expired"), seconds * 1000);
  });
  return { expired, cancel: () => clearTimeout(handle) };
}

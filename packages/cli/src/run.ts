import { Command, CommanderError, InvalidArgumentError } from "commander";

import { addAccountCommands } from "./commands/account.ts";
import { addAdminCommands } from "./commands/admin.ts";
import { addChatCommand } from "./commands/chat.ts";
import { addClientCommands } from "./commands/client.ts";
import { addContactCommands } from "./commands/contact.ts";
import { addContextCommands } from "./commands/context.ts";
import { addDebugCommands } from "./commands/debug.ts";
import { addDoctorCommand } from "./commands/doctor.ts";
import { addDraftCommand } from "./commands/draft.ts";
import { addFedCommands } from "./commands/fed.ts";
import { addFolderCommands } from "./commands/folder.ts";
import { addFileCommands } from "./commands/file.ts";
import { addGroupCommands } from "./commands/group.ts";
import { addHistoryCommand } from "./commands/history.ts";
import { addInitCommand } from "./commands/init.ts";
import { addMessageCommands } from "./commands/message.ts";
import { addSearchCommand } from "./commands/search.ts";
import { addPollCommands } from "./commands/poll.ts";
import { addSendCommand } from "./commands/send.ts";
import { addServerCommands } from "./commands/server.ts";
import { addNotifyCommands } from "./commands/notify.ts";
import { addPresenceCommands } from "./commands/presence.ts";
import { addStickerCommands } from "./commands/sticker.ts";
import { addTailCommand } from "./commands/tail.ts";
import { addThreadCommands } from "./commands/thread.ts";
import { addTypingCommand } from "./commands/typing.ts";
import type { Cli } from "./commands/cli.ts";
import { markDashed, unmarkDashed, withoutMarks } from "./dashed-ids.ts";
import { CliFailure, EXIT, type ExitCode } from "./failure.ts";
import { createOutput, harmless, inContext, jsonText } from "./output.ts";
import { createStopper } from "./stopper.ts";
import type { Terminal } from "./terminal.ts";
import { readVersion } from "./version.ts";

const seeHelp = "Run with --help to see what is possible.";
const dashHelp = 'An id or a name that begins with a dash stands last, behind "--".';

/**
 * Runs one command and answers the exit code. Data goes to the standard output, everything else
 * to the standard error; with `--json` a failure is one JSON object there.
 */
export async function run(args: readonly string[], terminal: Terminal): Promise<ExitCode> {
  const asJson = wantsJson(args);
  const stopper = createStopper(terminal);
  let exit: ExitCode = EXIT.done;
  const program = createProgram({
    terminal,
    stopped: stopper.stopped,
    exitWith(code) {
      exit = code;
    },
    showsErrors: !asJson,
  });
  program.hook("preAction", (_, command) => {
    unmarkDashed(command);
    const { timeout } = program.opts<{ timeout?: number }>();
    if (timeout !== undefined) stopper.stopAfter(timeout);
  });
  const fail = (error: unknown) =>
    report(terminal, error, { json: asJson, context: outputOptions(program).context });
  try {
    await Promise.race([obey(program, args, terminal), stopper.patienceLost]);
  } catch (error) {
    if (error instanceof CommanderError) {
      if (asJson) return await fail(usageFailure(error));
      if (isOfDash(error)) terminal.err(`${dashHelp}\n`);
      return EXIT.usage;
    }
    if (stopper.reason() === undefined) return await fail(error);
  } finally {
    stopper.end();
  }
  const reason = stopper.reason();
  if (reason === undefined || exit !== EXIT.done) return exit;
  const isTold = reason.exit !== EXIT.interrupted && reason.exit !== EXIT.done;
  return isTold ? fail(reason) : reason.exit;
}

/** Done is what is written, too. */
async function obey(program: Command, args: readonly string[], terminal: Terminal): Promise<void> {
  try {
    await program.parseAsync(markDashed(args), { from: "user" });
  } catch (error) {
    const isHelp = error instanceof CommanderError && error.exitCode === 0;
    if (!isHelp) throw error;
  }
  await terminal.written();
}

/** All commands, not yet run; the documentation's test walks over them. */
export function createProgram(parts: {
  readonly terminal: Terminal;
  readonly stopped: AbortSignal;
  exitWith(code: ExitCode): void;
  readonly showsErrors: boolean;
}): Command {
  const { terminal } = parts;
  const program = new Command("treehouse")
    .description("End-to-end encrypted conversations over homeservers that federate.")
    .version(readVersion(), "--version", "print the version")
    .option("--context <name>", "the context to use instead of the current one")
    .option("--json", "one JSON object as result")
    .option("--jsonl", "one JSON object a line")
    .option("--fields <names>", "only these fields, separated by commas (as JSON)")
    .option("--quiet", "no remarks and hints on the standard error")
    .option("--no-color", "accepted for scripts; the output is never coloured")
    .option("--timeout <seconds>", "give up after so long (exit code 124)", secondsOf)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => terminal.out(text),
      writeErr: (text) => {
        if (parts.showsErrors) terminal.err(withoutMarks(text));
      },
    })
    .showHelpAfterError(seeHelp)
    .addHelpText("after", "\nExit codes, environment variables and JSON shapes: docs/cli.md");
  const cli: Cli = {
    terminal,
    program,
    stopped: parts.stopped,
    output: () => createOutput(terminal, outputOptions(program)),
    exitWith: parts.exitWith,
  };
  for (const add of commands) add(cli);
  return program;
}

const commands: readonly ((cli: Cli) => void)[] = [
  addInitCommand,
  addContextCommands,
  addAccountCommands,
  addClientCommands,
  addContactCommands,
  addGroupCommands,
  addSendCommand,
  addMessageCommands,
  addPollCommands,
  addThreadCommands,
  addDraftCommand,
  addStickerCommands,
  addChatCommand,
  addFileCommands,
  addTailCommand,
  addPresenceCommands,
  addTypingCommand,
  addHistoryCommand,
  addFolderCommands,
  addNotifyCommands,
  addSearchCommand,
  addAdminCommands,
  addFedCommands,
  addServerCommands,
  addDebugCommands,
  addDoctorCommand,
];

function outputOptions(program: Command) {
  const { json, jsonl, fields, quiet, context } = program.opts<{
    json?: boolean;
    jsonl?: boolean;
    fields?: string;
    quiet?: boolean;
    context?: string;
  }>();
  return {
    json: json === true,
    jsonl: jsonl === true,
    fields: fields?.split(",").map((name) => name.trim()),
    quiet: quiet === true,
    context,
  };
}

/** Read before parsing, because a failure to parse is shown in the wished form too. */
function wantsJson(args: readonly string[]): boolean {
  const end = args.indexOf("--");
  const options = end === -1 ? args : args.slice(0, end);
  return options.includes("--json") || options.includes("--jsonl");
}

function secondsOf(text: string): number {
  const seconds = Number(text);
  // Timers take 31 bits of milliseconds.
  if (seconds > 0 && seconds <= 2_000_000) return seconds;
  throw new InvalidArgumentError("It takes a number of seconds above 0.");
}

function usageFailure(error: CommanderError): CliFailure {
  const message = error.code === "commander.help" ? "a command is missing" : error.message;
  return new CliFailure(EXIT.usage, "usage", withoutMarks(message.replace(/^error: /, "")), {
    help: isOfDash(error) ? `${seeHelp} ${dashHelp}` : seeHelp,
  });
}

/** An option that there is not, and that may have been meant for an id; those with two dashes are slips. */
function isOfDash({ code, message }: CommanderError): boolean {
  return code === "commander.unknownOption" && /'-[^-]/u.test(message);
}

async function report(
  terminal: Terminal,
  error: unknown,
  { json, context }: { readonly json: boolean; readonly context: string | undefined },
): Promise<ExitCode> {
  const failure =
    error instanceof CliFailure ? error : (await import("./failure-of.ts")).failureOf(error);
  const { code, message, data, exit } = failure;
  const help = inContext(failure.help, context);
  if (json) {
    const value = { error: { ...data, code, message, ...(help === "" ? {} : { help }) }, exit };
    terminal.err(`${jsonText(value)}\n`);
    return exit;
  }
  const retryAfterMs = data["retryAfterMs"];
  const again =
    typeof retryAfterMs === "number" ? [`Try again in ${Math.ceil(retryAfterMs / 1000)} s.`] : [];
  const lines = [`treehouse: ${message} (${code})`, ...again, ...(help === "" ? [] : [help])];
  terminal.err(`${harmless(lines)}\n`);
  return exit;
}

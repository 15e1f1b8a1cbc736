import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

import { CliFailure, EXIT, type ExitCode } from "../failure.ts";
import type { Cli } from "./cli.ts";

/** The homeserver's own program: what it does with its data, nobody else does. */
const program = fileURLToPath(new URL("../../../../tools/start.mjs", import.meta.url));

type Options = {
  readonly config?: string;
  readonly data?: string;
  readonly keyFile?: string;
  readonly passphraseStdin?: boolean;
  readonly temp?: string;
  readonly dryRun?: boolean;
};

/** `treehouse server`: for the operator, on the machine where the server's data lie. */
export function addServerCommands(cli: Cli): void {
  const server = cli.program
    .command("server")
    .description("for operators, on the machine where the server's data lie");
  const withSecret = (name: string) =>
    server
      .command(name)
      .option("--key-file <file>", "the key of the backup: 64 hexadecimal digits")
      .option("--passphrase-stdin", "read the passphrase from the standard input")
      .option("--temp <folder>", "where unsealed copies lie meanwhile");
  const withConfig = (name: string) =>
    withSecret(name)
      .option("--config <file>", "the server's configuration")
      .option("--data <folder>", "the server's data");
  withConfig("backup")
    .description("make a sealed and checked copy of a server, which may be running")
    .argument("<to>", "a new file, or a folder")
    .action((to: string, options: Options) => runProgram(cli, "backup", to, options));
  withConfig("restore")
    .description("put a backup into an empty data folder")
    .argument("<file>", "the backup")
    .option("--dry-run", "check everything, write nothing")
    .action((file: string, options: Options) => runProgram(cli, "restore", file, options));
  withSecret("verify")
    .description("open a backup and check everything in it")
    .argument("<file>", "the backup")
    .action((file: string, options: Options) => runProgram(cli, "verify", file, options));
}

/**
 * Runs the program with this terminal, so that it can ask for the passphrase itself, and passes on
 * what it prints and how it ends. Its failures come in the form of this command with `--json`.
 */
async function runProgram(
  cli: Cli,
  command: string,
  path: string,
  options: Options,
): Promise<void> {
  const { json, jsonl } = cli.program.opts<{ json?: boolean; jsonl?: boolean }>();
  const asJson = json === true || jsonl === true;
  const args = [
    program,
    command,
    ...argumentsOf(options),
    ...(asJson ? ["--json"] : []),
    "--",
    path,
  ];
  const child = spawn(process.execPath, args, {
    stdio: ["inherit", "pipe", "pipe"],
    env: { ...process.env, ...cli.terminal.env },
  });
  const stop = () => void child.kill("SIGINT");
  cli.stopped.addEventListener("abort", stop);
  let said = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => cli.terminal.out(text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    said += text;
    if (!asJson) cli.terminal.err(text);
  });
  try {
    const [code]: unknown[] = await once(child, "close");
    const exit = exitOf(code);
    if (exit === EXIT.done) return;
    if (asJson && !cli.stopped.aborted) throw new CliFailure(exit, "refused", said.trim());
    cli.exitWith(exit);
  } finally {
    cli.stopped.removeEventListener("abort", stop);
  }
}

function argumentsOf({ config, data, keyFile, passphraseStdin, temp, dryRun }: Options): string[] {
  const named = { "--config": config, "--data": data, "--key-file": keyFile, "--temp": temp };
  return [
    ...Object.entries(named).flatMap(([name, value]) => (value === undefined ? [] : [name, value])),
    ...(passphraseStdin === true ? ["--passphrase-stdin"] : []),
    ...(dryRun === true ? ["--dry-run"] : []),
  ];
}

function exitOf(code: unknown): ExitCode {
  return Object.values(EXIT).find((known) => known === code) ?? EXIT.bug;
}

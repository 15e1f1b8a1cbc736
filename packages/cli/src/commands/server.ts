import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

import { z } from "zod";

import { CliFailure, EXIT } from "../failure.ts";
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
 * Runs the program with this terminal, so that it can ask for the passphrase itself. Its result and its
 * failure come as JSON, and are shown as those of every command.
 */
async function runProgram(
  cli: Cli,
  command: string,
  path: string,
  options: Options,
): Promise<void> {
  const args = [program, command, ...argumentsOf(options), "--json", "--", path];
  const child = spawn(process.execPath, args, {
    stdio: ["inherit", "pipe", "pipe"],
    env: { ...process.env, ...cli.terminal.env },
  });
  const stop = () => void child.kill("SIGINT");
  cli.stopped.addEventListener("abort", stop);
  let [out, said, shown] = ["", "", 0];
  child.stdout.setEncoding("utf8").on("data", (text: string) => (out += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    said += text;
    // Questions are asked at once; the failure is the last line, and an object.
    const end = said.search(/^\{/m);
    const told = end === -1 ? said.length : end;
    cli.terminal.err(said.slice(shown, told));
    shown = told;
  });
  try {
    const [code]: unknown[] = await once(child, "close");
    if (code === EXIT.done) show(cli, command, JSON.parse(out));
    else if (!cli.stopped.aborted) throw failureIn(said.slice(shown));
  } finally {
    cli.stopped.removeEventListener("abort", stop);
  }
}

const resultSchema = z.looseObject({
  path: z.string(),
  manifest: z.looseObject({ domain: z.string(), createdAt: z.number() }),
  bytes: z.number().optional(),
  dryRun: z.boolean().optional(),
});

function show(cli: Cli, command: string, given: unknown): void {
  const result = resultSchema.parse(given);
  const { path, manifest, bytes, dryRun } = result;
  const isRestored = command === "restore" && dryRun !== true;
  const restored = isRestored ? "restored" : "could be restored";
  const done = { backup: "made and checked", verify: "checked" }[command] ?? restored;
  const size = bytes === undefined ? "" : `, ${Math.ceil(bytes / 1024 / 1024)} MiB`;
  const made = new Date(manifest.createdAt).toISOString();
  cli.output().result(result, `${path}: ${manifest.domain} as of ${made}${size}, ${done}`);
  if (isRestored) {
    const what = "it tells its clients and the other servers that it was set back";
    cli.output().hint(`Start the server: ${what}.`);
  }
}

const failureSchema = z.object({ error: z.object({ code: z.string(), message: z.string() }) });

function failureIn(text: string): CliFailure {
  const line = text.slice(text.lastIndexOf("\n{") + 1);
  const { data } = failureSchema.safeParse(objectIn(line));
  if (data === undefined) return new CliFailure(EXIT.bug, "bug", text.trim());
  const { code, message } = data.error;
  const exit = code === "notFound" ? EXIT.notFound : EXIT.usage;
  return new CliFailure(code === "unexpected" ? EXIT.bug : exit, code, message);
}

function objectIn(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
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

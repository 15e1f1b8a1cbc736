/**
 * The program: arguments, signals, exit code. On standard output it prints the admin invite while
 * there is no administrator, and then, when it serves, its URL alone on a line.
 */
import { parseArgs } from "node:util";
import { backupCommands, runBackupCommand } from "./backup-command.ts";
import { BackupRefused } from "./backup/index.ts";
import { ConfigRefused, loadConfig } from "./config/index.ts";
import { createHomeserver } from "./homeserver.ts";
import type { Homeserver } from "./homeserver.ts";
import {
  createNodeEnv,
  DatabaseRefused,
  DirectoryRefused,
  errorFields,
  ListenRefused,
  SealingRefused,
  TlsRefused,
} from "./platform/index.ts";
import { version } from "./version.ts";

const help = `Usage: npm start -- [serve] [options]
       npm start -- backup | restore | verify --help

  --config <file>   configuration, TOML (default: ./treehouse.toml if there is one)
  --data <path>     data directory (storage.directory, default ./data)
  --port <number>   port of the client API (server.port, default 4280; 0 takes any free one)
  --version         print the version
  --help            print this

Every setting is described in docs/operating/configuration.md.
`;

/** One Ctrl-C can arrive twice, from the terminal and from npm: that is one wish to stop. */
const repeatMs = 1_000;

await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<void> {
  try {
    const [first, ...rest] = args;
    const command = backupCommands.find((name) => name === first);
    if (command !== undefined) {
      await runBackupCommand(command, rest);
      return;
    }
    const flags = flagsOf(first === "serve" ? rest : args);
    if (flags.help === true) process.stdout.write(help);
    else if (flags.version === true) process.stdout.write(`${version}\n`);
    else await serve(flags);
  } catch (error) {
    process.exitCode = 1;
    if (isBackupInJson(args)) {
      process.stderr.write(`${JSON.stringify(failureOf(error))}\n`);
      return;
    }
    // Nobody was served yet, so that nothing in a stack can be a user's.
    const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
    process.stderr.write(`${isRefused(error) ? error.message : stack}\n`);
  }
}

type Flags = ReturnType<typeof flagsOf>;

function flagsOf(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        config: { type: "string" },
        data: { type: "string" },
        port: { type: "string" },
        help: { type: "boolean" },
        version: { type: "boolean" },
      },
    }).values;
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new ConfigRefused(`${error.message}\n\n${help}`, { cause: error });
  }
}

async function serve(flags: Flags): Promise<void> {
  const config = loadConfig({
    ...(flags.config === undefined ? {} : { file: flags.config }),
    variables: process.env,
    overrides: {
      ...(flags.port === undefined ? {} : { server: { port: portOf(flags.port) } }),
      ...(flags.data === undefined ? {} : { storage: { directory: flags.data } }),
    },
  });
  const env = createNodeEnv({ log: { level: config.log.level } });
  for (const event of ["uncaughtException", "unhandledRejection"] as const) {
    process.on(event, (error: unknown) => {
      env.log.error("crashed", { kind: event, ...errorFields(error) });
      process.exit(1);
    });
  }
  const homeserver = await createHomeserver({ config, env });
  stopOnSignals(homeserver, () => env.monotonic());
  if (homeserver.adminInvite !== undefined) {
    process.stdout.write(`admin invite: ${homeserver.adminInvite}\n`);
  }
  process.stdout.write(`${homeserver.url}\n`);
}

/** What is no number is refused as it was typed. */
function portOf(text: string): number | string {
  return /^\d+$/.test(text) ? Number(text) : text;
}

/** The first signal stops in order; a later one, which is no repetition of it, at once. */
function stopOnSignals(homeserver: Homeserver, monotonic: () => number): void {
  let since: number | undefined;
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.on(signal, () => {
      if (since === undefined) {
        since = monotonic();
        void homeserver[Symbol.asyncDispose]();
      } else if (monotonic() - since > repeatMs) {
        process.exit(1);
      }
    });
  }
}

function isBackupInJson([first, ...rest]: readonly string[]): boolean {
  const end = rest.indexOf("--");
  const options = end === -1 ? rest : rest.slice(0, end);
  return backupCommands.some((name) => name === first) && options.includes("--json");
}

/** The form that the failures of `treehouse` have. */
function failureOf(error: unknown) {
  const code = error instanceof BackupRefused ? error.code : "refused";
  const message = isRefused(error) ? error.message : String(error);
  return { error: { code: isRefused(error) ? code : "unexpected", message } };
}

function isRefused(error: unknown): error is Error {
  return [
    BackupRefused,
    ConfigRefused,
    DatabaseRefused,
    DirectoryRefused,
    ListenRefused,
    SealingRefused,
    TlsRefused,
  ].some((refused) => error instanceof refused);
}

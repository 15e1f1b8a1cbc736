/**
 * The subcommands `backup`, `restore` and `verify` of the program. What they did is one line on the
 * standard output, or one JSON object with `--json`; questions go to the standard error, and with `--json`
 * a failure is the last line there, one JSON object.
 */
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { askTwice, ask, readAll } from "./ask-secret.ts";
import {
  BackupRefused,
  createLeftovers,
  makeBackup,
  parseKeyFile,
  restoreBackup,
  verifyBackup,
} from "./backup/index.ts";
import type { BackupSecret, Leftovers, Manifest } from "./backup/index.ts";
import { ConfigRefused, loadConfig } from "./config/index.ts";
import type { Config } from "./config/index.ts";
import { migrations } from "./migrations.ts";
import { createNodeEnv } from "./platform/index.ts";
import { version } from "./version.ts";

export const backupCommands = ["backup", "restore", "verify"] as const;
export type BackupCommand = (typeof backupCommands)[number];

const usages = {
  backup: "backup <file or folder>  make a sealed copy of a server, which may be running",
  restore: "restore <file>           put one back into an empty data directory",
  verify: "verify <file>            open one and check everything in it",
} as const;

const help = `
  --config <file>     configuration (default: ./treehouse.toml if there is one)
  --data <path>       data directory (storage.directory, default ./data)
  --key-file <file>   64 hexadecimal digits, made with: openssl rand -hex 32
  --passphrase-stdin  read the passphrase from the standard input
  --temp <folder>     where unsealed copies lie meanwhile
  --dry-run           restore: check everything, write nothing
  --json              one JSON object as result

Without a key file the passphrase is TREEHOUSE_BACKUP_PASSPHRASE, or it is asked for.
docs/operating/backup.md says what a backup holds and what a restore does.
`;

const passphraseVariable = "TREEHOUSE_BACKUP_PASSPHRASE";

export async function runBackupCommand(
  command: BackupCommand,
  args: readonly string[],
): Promise<void> {
  const { flags, path } = parse(command, args);
  if (flags.help === true || path === undefined) {
    const text = `Usage: npm start -- ${usages[command]}\n${help}`;
    if (flags.help !== true) throw new ConfigRefused(`${command} needs a path.\n\n${text}`);
    process.stdout.write(text);
    return;
  }
  const leftovers = createLeftovers();
  clearOnSignals(leftovers);
  const env = createNodeEnv({ log: { level: "silent" } });
  const secret = await secretFor(command, flags);
  const common = { secret, migrations, leftovers, temporary: flags.temp };
  if (command === "verify") {
    tell(flags, { path, manifest: await verifyBackup({ ...common, path }) }, "checked");
    return;
  }
  const config = configOf(flags);
  const { domain } = config.server;
  const { directory } = config.storage;
  if (command === "backup") {
    const made = await makeBackup({
      ...common,
      env,
      directory,
      sealingKeys: config.sealing.key_file,
      domain,
      to: path,
      software: version,
    });
    tell(flags, made, "made and checked");
    return;
  }
  const dryRun = flags["dry-run"] === true;
  const manifest = await restoreBackup({ ...common, path, directory, domain, dryRun });
  const done = dryRun ? "could be restored" : `restored into ${resolve(directory)}`;
  tell(flags, { path, manifest, dryRun }, done);
  if (dryRun || flags.json === true) return;
  process.stderr.write(
    "Start the server: it tells its clients and the other servers that it was set back.\n",
  );
}

type Flags = ReturnType<typeof parse>["flags"];

function parse(command: BackupCommand, args: readonly string[]) {
  try {
    const { values: flags, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        config: { type: "string" },
        data: { type: "string" },
        "key-file": { type: "string" },
        "passphrase-stdin": { type: "boolean" },
        temp: { type: "string" },
        "dry-run": { type: "boolean" },
        json: { type: "boolean" },
        help: { type: "boolean" },
      },
    });
    const [path, ...others] = positionals;
    if (others.length > 0) throw new TypeError(`${command} takes one path.`);
    if (flags["dry-run"] === true && command !== "restore") {
      throw new TypeError(`--dry-run belongs to restore.`);
    }
    return { flags, path };
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new ConfigRefused(`${error.message}\n${help}`, { cause: error });
  }
}

function configOf(flags: Flags): Config {
  return loadConfig({
    ...(flags.config === undefined ? {} : { file: flags.config }),
    variables: process.env,
    overrides: flags.data === undefined ? {} : { storage: { directory: flags.data } },
  });
}

/** Never from an argument: those are seen by every process of the machine. */
async function secretFor(command: BackupCommand, flags: Flags): Promise<BackupSecret> {
  const file = flags["key-file"];
  if (file !== undefined) return parseKeyFile(readKeyFile(file));
  return { kind: "passphrase", passphrase: await passphraseFor(command, flags) };
}

async function passphraseFor(command: BackupCommand, flags: Flags): Promise<string> {
  if (flags["passphrase-stdin"] === true) return (await readAll()).replace(/\r?\n$/, "");
  const given = process.env[passphraseVariable];
  if (given !== undefined && given !== "") return given;
  if (!process.stdin.isTTY) {
    throw new BackupRefused(
      `There is no terminal to ask for the passphrase. Set ${passphraseVariable}, or use ` +
        "--key-file or --passphrase-stdin.",
    );
  }
  return command === "backup" ? askTwice("Passphrase: ") : ask("Passphrase: ");
}

function readKeyFile(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    throw new BackupRefused(`The key file ${path} cannot be read.`, { code: "notFound", cause });
  }
}

function tell(
  flags: Flags,
  result: {
    readonly path: string;
    readonly manifest: Manifest;
    readonly bytes?: number;
    readonly dryRun?: boolean;
  },
  what: string,
): void {
  if (flags.json === true) {
    process.stdout.write(`${JSON.stringify(result)}\n`);
    return;
  }
  const { path, manifest, bytes } = result;
  const size = bytes === undefined ? "" : `, ${Math.ceil(bytes / 1024 / 1024)} MiB`;
  const made = new Date(manifest.createdAt).toISOString();
  process.stdout.write(`${path}: ${manifest.domain} as of ${made}${size}, ${what}\n`);
}

/** Unsealed copies go with the process, however it is ended. */
function clearOnSignals(leftovers: Leftovers): void {
  for (const [signal, code] of [
    ["SIGINT", 130],
    ["SIGTERM", 143],
    ["SIGHUP", 129],
  ] as const) {
    process.once(signal, () => {
      leftovers.clear();
      process.exit(code);
    });
  }
}

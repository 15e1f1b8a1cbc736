import { createHash, type Hash } from "node:crypto";
import { mkdir, open, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

import type { Client } from "@treehouse/client-sdk";
import type { Command } from "commander";

import { CliFailure, EXIT } from "../failure.ts";
import type { Cli } from "./cli.ts";
import { contextOf, withBriefClient, withCaughtUpClient } from "./cli.ts";
import { readChangedPassword, readPassword } from "./password.ts";
import { askCode, readRecoveryKey } from "./secrets.ts";

type PasswordOptions = {
  readonly code?: string;
  readonly newPasswordStdin?: boolean;
  readonly recoveryKey?: boolean;
};

/** `treehouse account passwd` and `export`. */
export function addAccountData(cli: Cli, noun: Command): void {
  noun
    .command("passwd")
    .description("change the password; the old one is asked, or in TREEHOUSE_PASSWORD")
    .option("--new-password-stdin", "read the new password from the standard input")
    .option("--recovery-key", "by the recovery key, in the place of a forgotten password")
    .option("--code <code>", "of the authenticator app, or a recovery code, where one is needed")
    .action(async (options: PasswordOptions) => {
      await contextOf(cli);
      const recoveryKey =
        options.recoveryKey === true ? await readRecoveryKey(cli.terminal, false) : undefined;
      const oldPassword =
        recoveryKey === undefined ? await readPassword(cli.terminal, false) : undefined;
      const fromStdin = options.newPasswordStdin === true;
      const newPassword = await readChangedPassword(cli.terminal, fromStdin);
      const secondFactor = options.code ?? askCode(cli.terminal);
      const change = { newPassword, ...(secondFactor && { secondFactor }) };
      await withBriefClient(cli, async (client) => {
        if (recoveryKey !== undefined) {
          await client.recovery.resetPassword({ recoveryKey, ...change });
        }
        if (oldPassword !== undefined) {
          await client.account.changePassword({ oldPassword, ...change });
        }
        cli.output().result(client.me, "The password is changed. Your keys are sealed under it.");
      });
    });
  noun
    .command("export")
    .description("write everything of your own into a directory, as JSON lines")
    .argument("<directory>", "a new or an empty one")
    .action(async (directory: string) => {
      await makeEmpty(directory);
      await withCaughtUpClient(cli, async (client) => {
        const files = await writeLines(client, directory);
        const manifest = {
          format: "treehouse-export",
          version: 1,
          exportedAt: Date.now(),
          address: client.me.address,
          files,
        };
        const text = `${JSON.stringify(manifest, undefined, 2)}\n`;
        await writeFile(join(directory, "manifest.json"), text, { mode: 0o600, flag: "wx" });
        const lines = files.map(({ name, lines: count }) => `${name}: ${count}`);
        cli.output().result({ directory, ...manifest }, lines);
      });
    });
}

type WrittenFile = { readonly name: string; readonly lines: number; readonly sha256: string };

/** Whoever finds a file in the way is asked, instead of having it overwritten. */
async function makeEmpty(directory: string): Promise<void> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  if ((await readdir(directory)).length === 0) return;
  throw new CliFailure(EXIT.usage, "notEmpty", `there are files in ${directory}`, {
    help: "Name a directory that is new or empty.",
  });
}

const names = [
  "account",
  "sessions",
  "settings",
  "profile",
  "contacts",
  "identities",
  "stickers",
  "files",
  "conversations",
  "messages",
] as const;

async function writeLines(client: Client, directory: string): Promise<readonly WrittenFile[]> {
  const states = new Map<string, { lines: number; readonly hash: Hash }>();
  const handles = new Map<string, Awaited<ReturnType<typeof open>>>();
  try {
    for (const name of names) {
      handles.set(name, await open(join(directory, `${name}.jsonl`), "wx", 0o600));
      states.set(name, { lines: 0, hash: createHash("sha256") });
    }
    for await (const { file, value } of client.account.export()) {
      const [handle, state] = [handles.get(file), states.get(file)];
      if (handle === undefined || state === undefined) throw new Error(`no file for ${file}`);
      const line = `${JSON.stringify(value)}\n`;
      await handle.appendFile(line);
      state.lines += 1;
      state.hash.update(line);
    }
  } finally {
    for (const handle of handles.values()) await handle.close();
  }
  return [...states].map(([name, { lines, hash }]) => ({
    name: `${name}.jsonl`,
    lines,
    sha256: hash.digest("hex"),
  }));
}

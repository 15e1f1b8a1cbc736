import type { Client } from "@treehouse/client-sdk";
import type { Command } from "commander";

import type { Cli } from "./cli.ts";
import { contextOf, withBriefClient } from "./cli.ts";
import { comingHint, enterRooms } from "./enter-rooms.ts";
import { inFreshContext } from "./fresh-context.ts";
import { readPassword } from "./password.ts";
import { askCode, readRecoveryKey } from "./secrets.ts";

/** `treehouse client recovery`: the key that opens everything when the password is forgotten. */
export function addRecoveryCommands(cli: Cli, client: Command): void {
  const noun = client.command("recovery").description("the recovery key of this account");
  addCreate(cli, noun);
  noun
    .command("check")
    .description("see whether a recovery key opens the account's keys; changes nothing")
    .option("--key-stdin", "read the recovery key from the standard input")
    .action(async ({ keyStdin }: { keyStdin?: boolean }) => {
      await contextOf(cli);
      const recoveryKey = await readRecoveryKey(cli.terminal, keyStdin === true);
      await withBriefClient(cli, async (opened) => {
        await opened.recovery.check(recoveryKey);
        cli.output().result({ works: true }, "The recovery key is right, and opens your keys.");
      });
    });
  noun
    .command("status")
    .description("whether there is a recovery key, and whether the server still has its copy")
    .action(async () => {
      await withBriefClient(cli, (opened) => showStatus(cli, opened));
    });
  addRestore(cli, noun);
}

type CreateOptions = {
  readonly code?: string;
  readonly oldKey?: boolean;
  readonly passwordStdin?: boolean;
};

function addCreate(cli: Cli, noun: Command): void {
  noun
    .command("create")
    .description("make a recovery key, print it this once, and end the one before it")
    .option("--old-key", "by the recovery key before, in the place of the password")
    .option("--password-stdin", "read the password from the standard input")
    .option("--code <code>", "of the authenticator app, where one is needed")
    .action(async ({ code, oldKey, passwordStdin }: CreateOptions) => {
      await contextOf(cli);
      const proof =
        oldKey === true
          ? { recoveryKey: await readRecoveryKey(cli.terminal, false) }
          : { password: await readPassword(cli.terminal, passwordStdin === true) };
      const secondFactor = code ?? askCode(cli.terminal);
      await withBriefClient(
        cli,
        async (opened) => {
          const recoveryKey = await opened.recovery.create(proof);
          cli.output().result({ recoveryKey }, recoveryKey);
          cli
            .output()
            .hint(
              "Write it down and keep it where you keep what matters: it is not shown again, and " +
                "whoever has it can become you. Then: treehouse client recovery check",
            );
        },
        secondFactor === undefined ? {} : { secondFactor },
      );
    });
}

const states = {
  inStep: "The server has its copy of your keys.",
  unknown:
    "It was made by another client, of which this one has not heard yet; if you did not, change the " +
    "password and make a new one.",
  lost: "The server no longer has the copy that your clients made: make a new recovery key.",
};

async function showStatus(cli: Cli, client: Client): Promise<void> {
  const status = await client.recovery.status();
  const { createdAt, exists, state } = status;
  const value = { exists, createdAt: createdAt ?? null, state };
  const made = createdAt === undefined ? "" : new Date(createdAt).toISOString().slice(0, 10);
  const none = "There is no recovery key.";
  const text = exists ? `There is a recovery key, of ${made}. ${states[state]}` : none;
  cli.output().result(value, exists || state === "inStep" ? text : `${none} ${states.lost}`);
  if (!exists) cli.output().hint(recoveryWarning);
}

/** For whoever has none: said before it is too late. */
export const recoveryWarning =
  "Without a recovery key a forgotten password costs you the account's keys. " +
  "Make one: treehouse client recovery create";

type RestoreOptions = {
  readonly code?: string;
  readonly keyStdin?: boolean;
  readonly server?: string;
  readonly store?: string;
};

function addRestore(cli: Cli, noun: Command): void {
  noun
    .command("restore")
    .description("make a further client in an empty store, with the recovery key alone")
    .argument("[address]", "makes the context too, if there is none")
    .option("--server <url>", "the homeserver's address (or TREEHOUSE_SERVER)")
    .option("--store <file>", "the store's file")
    .option("--key-stdin", "read the recovery key from the standard input")
    .option("--code <code>", "of the authenticator app, where one is needed")
    .action((address: string | undefined, options: RestoreOptions) =>
      inFreshContext(cli, address, options, () => restore(cli, options)),
    );
}

async function restore(cli: Cli, options: RestoreOptions): Promise<void> {
  const { name } = await contextOf(cli);
  const recoveryKey = await readRecoveryKey(cli.terminal, options.keyStdin === true);
  const secondFactor = options.code ?? askCode(cli.terminal);
  await withBriefClient(
    cli,
    async (client) => {
      const coming = await enterRooms(client);
      const { me } = client;
      cli.output().result(me, `Restored ${me.address} on this machine.`);
      cli.output().hint(comingHint(coming));
      cli
        .output()
        .hint(
          "Forgotten the password? Set a new one: " +
            `treehouse --context ${name} account passwd --recovery-key`,
        );
    },
    { recoveryKey, login: true, ...(secondFactor && { secondFactor }) },
  );
}

import type { Command } from "commander";

import { oneLine } from "../output.ts";
import { CliFailure } from "../failure.ts";
import { failureOf } from "../failure-of.ts";
import { askCode, readRecoveryKey } from "./secrets.ts";
import type { Cli } from "./cli.ts";
import { withBriefClient } from "./cli.ts";
import { readPassword } from "./password.ts";
import { addApprovalCommands } from "./add-client.ts";
import { addRecoveryCommands } from "./recovery.ts";

/** `treehouse client`: the devices of this account. */
export function addClientCommands(cli: Cli): void {
  const noun = cli.program.command("client").description("the clients (devices) of this account");
  addApprovalCommands(cli, noun);
  addRecoveryCommands(cli, noun);
  noun
    .command("ls")
    .description("list the account's clients, as its signed list names them")
    .action(() =>
      withBriefClient(cli, async (client) => {
        const rows = await client.clients.list();
        const dayOf = (time: number) => new Date(time).toISOString().slice(0, 10);
        cli
          .output()
          .list("clients", rows, (row) =>
            [
              row.current ? "*" : " ",
              row.client,
              ...(row.name === undefined ? [] : [`"${oneLine(row.name)}",`]),
              `added ${dayOf(row.addedAt)}, until ${dayOf(row.expiresAt)}`,
            ].join(" "),
          );
      }),
    );
  noun
    .command("rename")
    .description("call a client by a name that only you see; without a name it is taken back")
    .argument("<client>", "its id, or a unique beginning of the last part")
    .argument("[name]")
    .action((reference: string, name: string | undefined) =>
      withBriefClient(cli, async (client) => {
        const renamed = await client.clients.rename(reference, name);
        const called = name === undefined ? "has no name of yours any more" : `is "${name}" to you`;
        cli.output().result({ name: null, ...renamed }, `${renamed.client} ${called}.`);
      }),
    );
  addRevoke(cli, noun);
}

type ProofOptions = {
  readonly code?: string;
  readonly passwordStdin?: boolean;
  readonly recoveryKey?: boolean;
};

function addRevoke(cli: Cli, noun: Command): void {
  noun
    .command("revoke")
    .description("shut out a lost or former client, at once and for good")
    .argument("<client>", "its id, or a unique beginning of the last part")
    .option("--code <code>", "of the authenticator app, or a recovery code, where one is needed")
    .option("--password-stdin", "read the password from the standard input")
    .option("--recovery-key", "by the recovery key, in the place of the password")
    .action(async (reference: string, { code, passwordStdin, recoveryKey }: ProofOptions) => {
      const secret =
        recoveryKey === true
          ? { recoveryKey: await readRecoveryKey(cli.terminal, false) }
          : { password: await readPassword(cli.terminal, passwordStdin === true) };
      const secondFactor = code ?? askCode(cli.terminal);
      const proof = { ...secret, ...(secondFactor && { secondFactor }) };
      await withBriefClient(cli, async (client) => {
        const revoked = await client.clients.revoke(reference, proof).catch((error: unknown) => {
          const refused = failureOf(error);
          if (refused.code !== "notAllowed") throw error;
          throw new CliFailure(refused.exit, refused.code, refused.message, {
            help: "Do it on another client of yours. `treehouse account logout` ends this one's session.",
          });
        });
        const text = `Revoked ${revoked.client}. Nothing reaches it any more.`;
        cli.output().result(revoked, text);
        cli.output().hint("If others may know the password: treehouse account passwd");
      });
    });
}

import type { Cli } from "./cli.ts";
import { withBriefClient } from "./cli.ts";

/** `treehouse client`: the devices of this account. */
export function addClientCommands(cli: Cli): void {
  const noun = cli.program.command("client").description("the clients (devices) of this account");
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
              `added ${dayOf(row.addedAt)}, until ${dayOf(row.expiresAt)}`,
            ].join(" "),
          );
      }),
    );
}

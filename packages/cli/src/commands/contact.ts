import type { Cli } from "./cli.ts";
import { withBriefClient } from "./cli.ts";

/** `treehouse contact find`: looks a user up by full address and checks the signed client list. */
export function addContactCommands(cli: Cli): void {
  cli.program
    .command("contact")
    .description("other users")
    .command("find")
    .description("look a user up by full address")
    .argument("<address>")
    .action(async (address: string) => {
      await withBriefClient(cli, async (client) => {
        const found = await client.contacts.find(address);
        const text = `${found.address}\nidentity key: ${found.identityKey}\nclients: ${found.clients.length}`;
        cli.output().result(found, text);
      });
    });
}

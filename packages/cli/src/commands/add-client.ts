import { hostname } from "node:os";

import type { Command } from "commander";

import { CliFailure, EXIT } from "../failure.ts";
import { oneLine } from "../output.ts";
import type { Cli } from "./cli.ts";
import { contextOf, withBriefClient } from "./cli.ts";
import { comingHint, enterRooms } from "./enter-rooms.ts";
import { inFreshContext } from "./fresh-context.ts";

type AddOptions = { readonly qr?: boolean; readonly server?: string; readonly store?: string };

/** `treehouse client add` on the new machine, and `treehouse client approve` on another one. */
export function addApprovalCommands(cli: Cli, noun: Command): void {
  noun
    .command("add")
    .description("make a further client in an empty store, with the approval of another one")
    .argument("<address>", "the account's; makes the context too, if there is none")
    .option("--code", "show a code to be typed there (this is the default)")
    .option("--qr", "show a QR code to be read there")
    .option("--server <url>", "the homeserver's address (or TREEHOUSE_SERVER)")
    .option("--store <file>", "the store's file")
    .action((address: string, options: AddOptions) =>
      inFreshContext(cli, address, options, () => add(cli, options)),
    );
  noun
    .command("approve")
    .description("let in a new client of this account that shows a code")
    .argument("[code]", "what it shows, or the text of its QR code; asked for if not given")
    .option("--yes", "let it in without asking once more")
    .action(async (code: string | undefined, { yes }: { yes?: boolean }) => {
      await contextOf(cli);
      if (yes !== true && !cli.terminal.stdinIsTerminal) {
        const message = "there is nobody to ask whether the new client may come in";
        const help = "Give --yes if you know what shows the code.";
        throw new CliFailure(EXIT.usage, "notConfirmed", message, { help });
      }
      const typed = code ?? (await cli.terminal.askSecret("Code: "));
      await approve(cli, typed, yes === true);
    });
}

async function add(cli: Cli, options: AddOptions): Promise<void> {
  const kind = options.qr === true ? "qr" : "code";
  const drawn = kind === "qr" ? await qrDrawer(cli) : () => "";
  const show = ({ expiresAt, text }: { readonly text: string; readonly expiresAt: number }) => {
    const until = new Date(expiresAt).toTimeString().slice(0, 5);
    // Never held back: without it the command is of no use.
    cli.terminal.err(
      `${drawn(text)}${text}\n` +
        `Until ${until}, on a client that you have: treehouse client approve ${text}\n`,
    );
  };
  await withBriefClient(
    cli,
    async (client) => {
      const coming = await enterRooms(client);
      const { me } = client;
      cli.output().result(me, `This machine is a client of ${me.address}.`);
      cli.output().hint(comingHint(coming));
    },
    {
      login: true,
      clientName: `Treehouse CLI on ${hostname()}`.slice(0, 64),
      approval: { kind, show },
    },
  );
}

/** For a camera, where there is a screen. */
async function qrDrawer({ terminal }: Cli): Promise<(text: string) => string> {
  if (!terminal.stdoutIsTerminal) return () => "";
  const { renderUnicodeCompact } = await import("uqr");
  return (text) => `${renderUnicodeCompact(text)}\n`;
}

async function approve(cli: Cli, code: string, yes: boolean): Promise<void> {
  await withBriefClient(cli, async (client) => {
    const request = await client.clients.review(code);
    const { clientName } = request;
    const named =
      clientName === "" ? "without a name" : `that calls itself "${oneLine(clientName)}"`;
    cli.output().note(`A new client ${named} wants to be one of ${client.me.address}.`);
    if (!yes && !(await isAgreed(cli))) {
      await client.clients.decline(request);
      throw new CliFailure(EXIT.usage, "declined", "the new client was not let in", {
        help: "If it is not yours, somebody was about to read everything that you will write.",
      });
    }
    await client.clients.approve(request);
    const text = `Let in ${request.client}. It comes into your conversations by itself.`;
    cli.output().result(request, text);
  });
}

async function isAgreed({ terminal }: Cli): Promise<boolean> {
  terminal.err("It will read everything from now on, and write in your name. Let it in? [y/N] ");
  for await (const line of terminal.lines()) return /^y(es)?$/i.test(line.trim());
  return false;
}

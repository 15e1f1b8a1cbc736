import type { Client, Conversation } from "@treehouse/client-sdk";

import { CliFailure, EXIT } from "../failure.ts";
import { oneLine, type Output } from "../output.ts";
import type { Cli } from "./cli.ts";
import { bodyText, fileLine } from "./file-text.ts";
import { removeMembers } from "./remove-members.ts";
import { onEnd, watchConnection, withClient } from "./cli.ts";

/**
 * `treehouse chat`: one process that shows what others write and sends the lines it reads, until
 * the input ends. Lines that begin with / are commands. Without a terminal both directions are
 * JSON lines out and plain lines in, so that any program can hold a conversation.
 */
export function addChatCommand(cli: Cli): void {
  cli.program
    .command("chat")
    .description("talk: lines read are sent, messages of others are shown (/help for commands)")
    .argument("<conversation>", "id, unique beginning of the id, or name")
    .option("--stay", "go on showing messages after the input has ended")
    .action(async (reference: string, options: { stay?: boolean }) => {
      await withClient(cli, async (client) => {
        if (!(await ready(cli, client))) return;
        const conversation = await client.conversations.get(reference);
        await talk(cli, client, conversation, options.stay === true);
      });
    });
}

async function talk(
  cli: Cli,
  client: Client,
  conversation: Conversation,
  stay: boolean,
): Promise<void> {
  const output = cli.output();
  const done = new AbortController();
  const stop = () => done.abort();
  if (cli.stopped.aborted) return;
  cli.stopped.addEventListener("abort", stop);
  let over: unknown;
  onEnd(client, (failure) => {
    over = failure;
    stop();
  });
  const { name, members } = await conversation.info();
  const who = members.map(({ address }) => address).join(", ");
  output.hint(
    `${name === "" ? "Direct" : oneLine(name)}: ${who}. Lines you type are sent; /help, /quit.`,
  );
  announce(client, conversation, output);
  output.item({ event: "ready", id: conversation.id, name }, "");
  const showing = show(cli, client, conversation, done.signal);
  // It may fail while lines are read; it is awaited behind them.
  showing.catch(() => undefined);
  const pending = new Set<Promise<void>>();
  for await (const line of readLines(cli, done.signal)) {
    if (line === "/quit") break;
    const place = { client, conversation, earlier: Promise.all(pending) };
    const work = obey(place, line, output).catch(async (error: unknown) => {
      const { failureOf } = await import("../failure-of.ts");
      const { code, message, exit } = failureOf(error);
      if (exit === EXIT.bug) {
        over = error;
        stop();
      }
      // What a closed client was asked for is stored, and goes on with the next one.
      if (exit === EXIT.bug || code === "closed") return;
      output.item({ event: "failed", line, code, message }, `! ${message} (${code})`);
    });
    pending.add(work);
    void work.finally(() => pending.delete(work));
  }
  await Promise.race([Promise.all(pending), aborted(done.signal)]);
  if (!stay) done.abort();
  await showing;
  if (over !== undefined) throw over;
}

/** Whether everything is there that the server had; `false` if the command was stopped. */
async function ready(cli: Cli, client: Client): Promise<boolean> {
  using watch = watchConnection(client);
  const settled = client.caughtUp().then(() => true);
  return Promise.race([settled, watch.lost, aborted(cli.stopped).then(() => false)]);
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

/** Lines until the input ends or the program is interrupted. */
async function* readLines(cli: Cli, signal: AbortSignal): AsyncGenerator<string> {
  const lines = cli.terminal.lines()[Symbol.asyncIterator]();
  const interrupted = aborted(signal);
  for (;;) {
    const next = await Promise.race([lines.next(), interrupted]);
    if (typeof next !== "object" || next.done === true) return;
    if (next.value.trim() !== "") yield next.value;
  }
}

type Place = {
  readonly client: Client;
  readonly conversation: Conversation;
  /** Settled when the lines before this one are done with. */
  readonly earlier: Promise<unknown>;
};

async function obey(
  { client, conversation, earlier }: Place,
  line: string,
  output: Output,
): Promise<void> {
  if (!line.startsWith("/")) {
    const { id, position, acceptedAt } = await conversation.send(line);
    output.item({ event: "sent", id, position, acceptedAt, text: line }, "");
    return;
  }
  const [verb = "", ...rest] = line.slice(1).split(/\s+/);
  switch (verb) {
    case "add":
    case "remove":
      // Who is in shows once those lines are done that may have added somebody.
      if (verb === "remove") await earlier;
      if (verb === "add") await conversation.add(rest);
      else await removeMembers(client, conversation, rest);
      output.item({ event: verb, addresses: rest }, `* ${verb}: ${rest.join(" ")}`);
      return;
    case "leave":
      await conversation.leave();
      output.item({ event: "left" }, "* left");
      return;
    case "info": {
      const info = await conversation.info();
      const who = info.members
        .map(({ address, role }) => `${address} (${oneLine(role)})`)
        .join(", ");
      output.item({ event: "info", ...info }, `* epoch ${info.epoch}: ${who}`);
      return;
    }
    case "help":
      output.note("/add <address…>  /remove <address…>  /info  /leave  /quit");
      return;
    default:
      throw new CliFailure(EXIT.usage, "unknownCommand", `there is no command /${verb}; try /help`);
  }
}

async function show(
  cli: Cli,
  client: Client,
  conversation: Conversation,
  signal: AbortSignal,
): Promise<void> {
  const output = cli.output();
  for await (const message of client.messages({ signal, conversations: [conversation.id] })) {
    const { position, acceptedAt, id, senderAddress, type, text } = message;
    const files = message.files.map(fileLine);
    const said = { type, text, files };
    const value = { event: "message", id, position, acceptedAt, sender: senderAddress, ...said };
    output.item(value, `${senderAddress}: ${bodyText(said)}`);
    await cli.terminal.written();
  }
}

function announce(client: Client, conversation: Conversation, output: Output): void {
  const here = ({ room }: { readonly room: string | undefined }) => room === conversation.id;
  let offline = false;
  client.on("state", ({ state }) => {
    const text = new Map([
      ["offline", offline ? "" : "* the connection is lost; lines are kept until it is back"],
      ["live", offline ? "* connected again" : ""],
    ]);
    if (state === "offline" || state === "live") offline = state === "offline";
    output.item({ event: "state", state }, text.get(state) ?? "");
  });
  client.on("fault", (fault) => {
    if (!here(fault)) return;
    const { position, code, text } = fault;
    output.item({ event: "fault", position, code, text }, `! ${oneLine(text)}`);
  });
  client.on("clientsChanged", ({ version, added, removed }) => {
    const text = describe(added, removed).replace("*", "! the clients of your account:");
    output.item({ event: "clients", version, added, removed }, text);
  });
  client.on("joined", (value) => {
    if (here(value)) output.item({ event: "joined" }, "* you are in the conversation");
  });
  client.on("removed", (value) => {
    if (here(value)) output.item({ event: "removed" }, "* you were removed from the conversation");
  });
  client.on("deleted", (value) => {
    if (!here(value)) return;
    output.item(
      { event: "deleted", by: value.address },
      `* ${value.address} has deleted it for all`,
    );
  });
  client.on("about", (value) => {
    if (!here(value)) return;
    const { address, changed } = value;
    const fields = Object.entries(changed).map(
      ([field, now]) => `${field}: ${oneLine(String(now))}`,
    );
    output.item({ event: "about", by: address, changed }, `* ${address} ${fields.join(", ")}`);
  });
  client.on("membership", (change) => {
    if (!here(change)) return;
    const { epoch, by, added, removed } = change;
    output.item({ event: "membership", epoch, by, added, removed }, describe(added, removed));
  });
}

function describe(added: readonly string[], removed: readonly string[]): string {
  const parts = [...added.map((user) => `+${user}`), ...removed.map((user) => `-${user}`)];
  return parts.length === 0 ? "" : `* ${parts.join(" ")}`;
}

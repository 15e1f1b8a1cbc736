import type { Client, NodeOptions } from "@treehouse/client-sdk";
import { Refusal } from "@treehouse/protocol";
import type { Command } from "commander";

import type { Context } from "../contexts.ts";
import { CliFailure, EXIT, type ExitCode } from "../failure.ts";
import { failureOf, wrongServerHelp } from "../failure-of.ts";
import type { Output } from "../output.ts";
import type { Terminal } from "../terminal.ts";

/** What a command gets. */
export type Cli = {
  readonly terminal: Terminal;
  readonly program: Command;
  /** Aborted by an interrupt and by `--timeout`, with the failure to report as its reason. */
  readonly stopped: AbortSignal;
  output(): Output;
  /** Sets the exit code of a command that did its work but has something to say by it. */
  exitWith(code: ExitCode): void;
};

/** The context that this call uses. */
export async function contextOf(
  cli: Cli,
): Promise<{ readonly name: string; readonly context: Context }> {
  const { context } = cli.program.opts<{ context?: string }>();
  const { contextInForce } = await import("../contexts.ts");
  return contextInForce(cli.terminal, context);
}

/**
 * Opens the context's client, hands it on, and closes it in any case. The SDK is loaded here and
 * not before, because it takes longer than all the rest.
 */
export async function withClient<T>(
  cli: Cli,
  use: (client: Client) => Promise<T>,
  options: Partial<NodeOptions> = {},
): Promise<T> {
  const { context } = await contextOf(cli);
  const password = cli.terminal.env["TREEHOUSE_PASSWORD"];
  const { Client } = await import("@treehouse/client-sdk");
  await using client = await Client.open({
    account: context.account,
    store: context.store,
    clientName: "Treehouse CLI",
    ...(context.server === undefined ? {} : { server: context.server }),
    ...(password === undefined || password === "" ? {} : { password }),
    ...options,
  });
  tellOfKeys(cli, client);
  return await use(client);
}

/** What nobody may miss, whatever the command is: somebody else may have the keys, or is about to. */
function tellOfKeys(cli: Cli, client: Client): void {
  client.on("fault", ({ code, text }) => {
    if (code === "storeRestored" || code === "copyRefused") cli.output().note(`! ${text}`);
  });
  client.on("identityAlarm", ({ kind, text }) => {
    if (kind === "accountReset") cli.output().note(`! ${text}`);
  });
  client.on("resetWaiting", ({ until }) => {
    const when = new Date(until).toISOString();
    const how = "stop it with `treehouse account reset --cancel`";
    cli.output().note(`! somebody resets this account by e-mail; until ${when} you can ${how}`);
  });
}

/** For commands that ask and go: an interrupt or `--timeout` ends the waiting. */
export function withBriefClient<T>(
  cli: Cli,
  use: (client: Client) => Promise<T>,
  options: Partial<NodeOptions> = {},
): Promise<T> {
  return withClient(cli, (client) => orStopped(cli, use(client)), options);
}

/**
 * The same, once the store holds everything that the server had. A server that is away is a
 * failure when it was never reached, and soon after when it goes in between.
 */
export function withCaughtUpClient<T>(
  cli: Cli,
  use: (client: Client) => Promise<T>,
  options: Partial<NodeOptions> = {},
): Promise<T> {
  const work = async (client: Client) => {
    using watch = watchConnection(client);
    await Promise.race([client.caughtUp(), watch.lost]);
    return Promise.race([use(client), watch.lost]);
  };
  return withBriefClient(cli, work, options);
}

/** Hears of what ends a client for good: its session, or another copy of its store. Answers how to stop. */
export function onEnd(client: Client, end: (failure: CliFailure) => void): () => void {
  const off = [
    client.on("loginRequired", ({ reason, otherServer }) => {
      end(otherServer === undefined ? loginRequired(reason) : wrongServer(reason, otherServer));
    }),
    client.on("fault", ({ code, text }) => {
      if (code === "storeCopied") end(failureOf(new Refusal(code, text)));
    }),
  ];
  return () => {
    for (const stop of off) stop();
  };
}

const awayMs = 20_000;

/** `lost` rejects when the session is over, or nothing can be expected of the server. */
export function watchConnection(client: Client): Disposable & { readonly lost: Promise<never> } {
  const { promise: lost, reject } = Promise.withResolvers<never>();
  lost.catch(() => undefined);
  let wasLive = false;
  let giveUp: ReturnType<typeof setTimeout> | undefined;
  const lookCloser = async () => {
    const checks = await client.diagnose();
    const server = checks.find(({ name }) => name === "server");
    if (server?.result !== "failed") return;
    reject(new CliFailure(EXIT.server, "network", server.text, { help: server.fix }));
  };
  const off = [
    onEnd(client, reject),
    client.on("state", ({ state }) => {
      if (state === "live") {
        wasLive = true;
        clearTimeout(giveUp);
        giveUp = undefined;
      }
      if (state !== "offline") return;
      if (!wasLive) void lookCloser().catch(reject);
      giveUp ??= setTimeout(() => reject(away()), awayMs);
    }),
  ];
  return {
    lost,
    [Symbol.dispose]() {
      clearTimeout(giveUp);
      for (const stop of off) stop();
    },
  };
}

function wrongServer(reason: string, domain: string): CliFailure {
  const more = { help: wrongServerHelp, data: { domain } };
  return new CliFailure(EXIT.usage, "wrongServer", reason, more);
}

function loginRequired(reason: string): CliFailure {
  return new CliFailure(EXIT.login, "loginRequired", `the session has ended: ${reason}`, {
    help: "Log in again with `treehouse account login`.",
  });
}

function away(): CliFailure {
  const message = `the server has been away for ${awayMs / 1000} s`;
  const help = "What was asked for is stored; it goes on with the next command that connects.";
  return new CliFailure(EXIT.server, "network", message, { help });
}

/** The work, or the failure that an interrupt or `--timeout` is. */
function orStopped<T>(cli: Cli, work: Promise<T>): Promise<T> {
  const { stopped } = cli;
  return new Promise<T>((resolve, reject) => {
    const stop = () => reject(stopped.reason);
    if (stopped.aborted) stop();
    stopped.addEventListener("abort", stop, { once: true });
    work.then(resolve, reject).finally(() => stopped.removeEventListener("abort", stop));
  });
}

import { spawn } from "node:child_process";

import type { Message } from "@treehouse/client-sdk";

import { CliFailure, EXIT } from "../failure.ts";
import type { Cli } from "./cli.ts";

/**
 * Divides a command into words at blanks; quotes keep blanks in a word, and a backslash the character
 * behind it. Nothing else means anything: no shell reads it.
 */
export function commandWords(command: string): readonly string[] {
  const words: string[] = [];
  let word: string | undefined;
  let quote = "";
  for (let at = 0; at < command.length; at += 1) {
    const character = command.charAt(at);
    if (character === "\\" && quote !== "'") {
      at += 1;
      word = (word ?? "") + command.charAt(at);
    } else if (quote !== "") {
      if (character === quote) quote = "";
      else word = (word ?? "") + character;
    } else if (character === "'" || character === '"') {
      quote = character;
      word ??= "";
    } else if (/\s/u.test(character)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else {
      word = (word ?? "") + character;
    }
  }
  if (quote !== "") {
    throw new CliFailure(EXIT.usage, "malformed", `a quote in --exec is not closed: ${command}`);
  }
  if (word !== undefined) words.push(word);
  if (words.length > 0) return words;
  throw new CliFailure(EXIT.usage, "malformed", "--exec takes a command");
}

/**
 * Runs a program for a message: the message as JSON on its standard input and its fields in the
 * environment. Of what somebody wrote nothing becomes a part of the command; `{}` is the message's id.
 * What the program prints goes where this one prints. Rejects when it does not end with 0.
 */
export async function runFor(
  cli: Pick<Cli, "terminal" | "stopped">,
  words: readonly string[],
  { message, json }: { readonly message: Message; readonly json: string },
): Promise<void> {
  const command = words.map((word) => word.replaceAll("{}", message.id));
  const env = { ...withoutSecrets(cli.terminal.env), ...fieldsOf(message) };
  const [program = ""] = command;
  let how: string;
  try {
    how = await endOf(cli, command, { env, input: `${json}\n` });
  } catch (error) {
    throw failed(message, `${program} cannot be run: ${String(error)}`);
  }
  if (how !== "0") throw failed(message, `${program} ended with ${how}`);
}

/** Its exit code, or the signal that ended it. Rejects when the system does not start it. */
async function endOf(
  { terminal, stopped }: Pick<Cli, "terminal" | "stopped">,
  [program = "", ...args]: readonly string[],
  given: { readonly env: Record<string, string | undefined>; readonly input: string },
): Promise<string> {
  const child = spawn(program, args, {
    env: given.env,
    stdio: ["pipe", "pipe", "pipe"],
    shell: false,
  });
  const end = () => child.kill();
  stopped.addEventListener("abort", end, { once: true });
  child.stdout.setEncoding("utf8").on("data", (text: string) => terminal.out(text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => terminal.err(text));
  // A program need not read what it is given.
  child.stdin.on("error", () => undefined);
  child.stdin.end(given.input);
  try {
    return await new Promise<string>((resolve, reject) => {
      child.once("error", reject);
      child.once("close", (code, signal) => resolve(signal ?? String(code ?? "")));
    });
  } finally {
    stopped.removeEventListener("abort", end);
  }
}

function failed({ id }: Message, text: string): CliFailure {
  return new CliFailure(EXIT.partly, "execFailed", `${text}, for the message ${id}`, {
    help: "The message counts as not seen: the same command goes on with it.",
    data: { id },
  });
}

function fieldsOf(message: Message): Record<string, string> {
  const fields = {
    ID: message.id,
    CONVERSATION: message.conversation,
    POSITION: String(message.position),
    ACCEPTED_AT: String(message.acceptedAt),
    SENDER: message.senderAddress,
    TYPE: message.type,
    TEXT: message.text,
    IN_REPLY_TO: message.inReplyTo ?? "",
    TOPIC: message.topic ?? "",
  };
  const cut: string[] = [];
  const entries = Object.entries(fields).map(([name, value]) => {
    // The environment ends a value at the first NUL.
    const whole = value.replaceAll("\0", "\ufffd");
    const held = beginningOf(whole);
    if (held !== whole) cut.push(name);
    return [`TREEHOUSE_MESSAGE_${name}`, held] as const;
  });
  return { ...Object.fromEntries(entries), TREEHOUSE_MESSAGE_CUT: cut.join(" ") };
}

/**
 * Octets of a variable. Linux takes 128 KiB of one and Windows 32,767 units; beyond that no program
 * is started, and whoever wrote the message could stop everything behind it (T-41).
 */
const variableBytesMax = 32_000;

/** As much of a text as a variable holds, in whole characters. */
function beginningOf(text: string): string {
  const { read } = new TextEncoder().encodeInto(text, new Uint8Array(variableBytesMax));
  return text.slice(0, read);
}

function withoutSecrets(env: Cli["terminal"]["env"]): Record<string, string | undefined> {
  const secret = /^TREEHOUSE_.*(?:PASSWORD|KEY|TOKEN)/;
  return Object.fromEntries(Object.entries(env).filter(([name]) => !secret.test(name)));
}

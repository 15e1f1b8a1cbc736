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
  { terminal, stopped }: Pick<Cli, "terminal" | "stopped">,
  words: readonly string[],
  { message, json }: { readonly message: Message; readonly json: string },
): Promise<void> {
  const [program = "", ...args] = words.map((word) => word.replaceAll("{}", message.id));
  const env = { ...withoutSecrets(terminal.env), ...fieldsOf(message) };
  const child = spawn(program, args, { env, stdio: ["pipe", "pipe", "pipe"], shell: false });
  const end = () => child.kill();
  stopped.addEventListener("abort", end, { once: true });
  child.stdout.setEncoding("utf8").on("data", (text: string) => terminal.out(text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => terminal.err(text));
  // A program need not read what it is given.
  child.stdin.on("error", () => undefined);
  child.stdin.end(`${json}\n`);
  try {
    const how = await new Promise<string>((resolve, reject) => {
      child.once("error", reject);
      child.once("close", (code, signal) => resolve(signal ?? String(code ?? "")));
    });
    if (how !== "0") throw failed(message, `${program} ended with ${how}`);
  } catch (error) {
    if (error instanceof CliFailure) throw error;
    throw failed(message, `${program} cannot be run: ${String(error)}`);
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
  // The environment ends a value at the first NUL.
  const entries = Object.entries(fields).map(
    ([name, value]) => [`TREEHOUSE_MESSAGE_${name}`, value.replaceAll("\0", "\ufffd")] as const,
  );
  return Object.fromEntries(entries);
}

function withoutSecrets(env: Cli["terminal"]["env"]): Record<string, string | undefined> {
  const secret = /^TREEHOUSE_.*(?:PASSWORD|KEY|TOKEN)/;
  return Object.fromEntries(Object.entries(env).filter(([name]) => !secret.test(name)));
}

import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";

import { z } from "zod";

import { CliFailure, EXIT } from "./failure.ts";
import type { Terminal } from "./terminal.ts";

const contextSchema = z.strictObject({
  account: z.string(),
  server: z.string().optional(),
  store: z.string(),
});

const fileSchema = z.strictObject({
  version: z.literal(1),
  current: z.string().optional(),
  contexts: z.record(z.string(), contextSchema),
});

/** Where one account of the user lives: its address, its server and its store. */
export type Context = z.infer<typeof contextSchema>;
export type Contexts = z.infer<typeof fileSchema>;

/** The folder of contexts and stores: `TREEHOUSE_HOME`, or `~/.config/treehouse`. */
export function homeOf(terminal: Terminal): string {
  const { TREEHOUSE_HOME: own, XDG_CONFIG_HOME: xdg } = terminal.env;
  if (own !== undefined && own !== "") return own;
  return join(xdg !== undefined && xdg !== "" ? xdg : join(homedir(), ".config"), "treehouse");
}

const fileOf = (terminal: Terminal) => join(homeOf(terminal), "contexts.json");

export async function readContexts(terminal: Terminal): Promise<Contexts> {
  const path = fileOf(terminal);
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") {
      return { version: 1, contexts: {} };
    }
    throw new CliFailure(EXIT.usage, "contextsUnreadable", `${path} cannot be read`);
  }
  try {
    return fileSchema.parse(JSON.parse(text));
  } catch {
    throw new CliFailure(EXIT.usage, "contextsInvalid", `${path} is not a file of contexts`, {
      help: "Move it away and make the contexts anew with `treehouse init`.",
    });
  }
}

/** Replaces the file as a whole, readable by its owner alone. */
export async function writeContexts(terminal: Terminal, contexts: Contexts): Promise<void> {
  await mkdir(homeOf(terminal), { recursive: true, mode: 0o700 });
  const path = fileOf(terminal);
  await writeFile(`${path}.new`, `${JSON.stringify(contexts, null, 2)}\n`, { mode: 0o600 });
  await rename(`${path}.new`, path);
}

/** The context in force: `--context`, `TREEHOUSE_CONTEXT`, or the current one. */
export async function contextInForce(
  terminal: Terminal,
  asked: string | undefined,
): Promise<{ readonly name: string; readonly context: Context }> {
  const contexts = await readContexts(terminal);
  const name = asked ?? terminal.env["TREEHOUSE_CONTEXT"] ?? contexts.current;
  if (name === undefined) {
    throw new CliFailure(EXIT.usage, "noContext", "no context is chosen", {
      help: "Make one with `treehouse init <address>`.",
    });
  }
  const context = contexts.contexts[name];
  if (context === undefined) {
    throw new CliFailure(EXIT.notFound, "unknownContext", `there is no context "${name}"`, {
      help: "`treehouse context ls` lists those there are.",
    });
  }
  return { name, context };
}

/** Makes the context, or answers the one of that name if it is for the same account. */
export async function ensureContext(
  terminal: Terminal,
  wanted: {
    readonly name: string;
    readonly account: string;
    readonly server: string | undefined;
    readonly store: string | undefined;
  },
): Promise<Context> {
  const contexts = await readContexts(terminal);
  const known = contexts.contexts[wanted.name];
  if (known !== undefined && known.account !== wanted.account) {
    throw new CliFailure(
      EXIT.usage,
      "contextTaken",
      `the context "${wanted.name}" is for ${known.account}`,
      { help: "Choose another name with --context." },
    );
  }
  const server = wanted.server ?? known?.server;
  const context: Context = {
    account: wanted.account,
    ...(server === undefined ? {} : { server }),
    store: wanted.store ?? known?.store ?? join(homeOf(terminal), `${wanted.name}.sqlite`),
  };
  await writeContexts(terminal, {
    ...contexts,
    current: contexts.current ?? wanted.name,
    contexts: { ...contexts.contexts, [wanted.name]: context },
  });
  return context;
}

import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, join, resolve } from "node:path";

import { z } from "zod";

import { CliFailure, EXIT } from "./failure.ts";
import { checkStorePlace } from "./store-place.ts";
import { reasonOf } from "./system-failure.ts";
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
    throw new CliFailure(EXIT.usage, "contextsUnreadable", `${path} cannot be read`, {
      help: "Look at its permissions, or set TREEHOUSE_HOME to another folder.",
    });
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
  const path = fileOf(terminal);
  const fresh = `${path}.${process.pid}.new`;
  try {
    await mkdir(homeOf(terminal), { recursive: true, mode: 0o700 });
    await writeFile(fresh, `${JSON.stringify(contexts, null, 2)}\n`, { mode: 0o600 });
    await rename(fresh, path);
  } catch (cause) {
    throw new CliFailure(
      EXIT.usage,
      "contextsUnwritable",
      `the contexts cannot be kept in ${homeOf(terminal)}: ${reasonOf(cause)}`,
      { help: "Look at the folder's permissions, or set TREEHOUSE_HOME to another folder." },
    );
  }
}

/**
 * The context in force: `--context`, `TREEHOUSE_CONTEXT`, or the current one; by its name or a
 * unique beginning of it.
 */
export async function contextInForce(
  terminal: Terminal,
  asked: string | undefined,
): Promise<{ readonly name: string; readonly context: Context }> {
  const contexts = await readContexts(terminal);
  const fromEnv = terminal.env["TREEHOUSE_CONTEXT"];
  const wanted = asked ?? (fromEnv === "" ? undefined : fromEnv) ?? contexts.current;
  if (wanted === undefined) {
    throw new CliFailure(EXIT.usage, "noContext", "no context is chosen", {
      help: "Make one with `treehouse init <address>`.",
    });
  }
  const entries = Object.entries(contexts.contexts);
  const exact = entries.filter(([name]) => name === wanted);
  const found = exact.length > 0 ? exact : entries.filter(([name]) => name.startsWith(wanted));
  const [only, another] = found;
  if (only === undefined || another !== undefined) {
    const many = only === undefined ? "no" : "more than one";
    throw new CliFailure(EXIT.notFound, "unknownContext", `there is ${many} context "${wanted}"`, {
      help: "`treehouse context ls` lists those there are.",
    });
  }
  const [name, context] = only;
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
): Promise<{ readonly context: Context; readonly made: boolean; readonly current: boolean }> {
  const contexts = await readContexts(terminal);
  const known = contexts.contexts[wanted.name];
  if (known !== undefined && known.account !== wanted.account) {
    const message = `the context "${wanted.name}" is for ${known.account}`;
    const help = "Choose another name with --context.";
    throw new CliFailure(EXIT.usage, "contextTaken", message, { help });
  }
  const fromEnv = terminal.env["TREEHOUSE_SERVER"];
  const server = wanted.server ?? known?.server ?? (fromEnv === "" ? undefined : fromEnv);
  if (server !== undefined && !/^https?:\/\/[^/]/.test(server)) {
    throw new CliFailure(EXIT.usage, "serverInvalid", `"${server}" is no address of a server`, {
      help: "It looks like http://127.0.0.1:4280 or https://example.org.",
    });
  }
  const context: Context = {
    account: wanted.account,
    ...(server === undefined ? {} : { server }),
    store: storeOf(wanted.store) ?? known?.store ?? join(homeOf(terminal), `${wanted.name}.sqlite`),
  };
  // That of the contexts is looked at when they are written.
  if (dirname(context.store) !== resolve(homeOf(terminal))) await checkStorePlace(context.store);
  const current = contexts.current ?? wanted.name;
  const all = { ...contexts.contexts, [wanted.name]: context };
  await writeContexts(terminal, { ...contexts, current, contexts: all });
  return { context, made: known === undefined, current: current === wanted.name };
}

/** Commands are run in many folders, so that a path is kept whole. */
function storeOf(path: string | undefined): string | undefined {
  return path === undefined ? undefined : resolve(path);
}

/** Takes a context out of the file; its store stays. */
export async function forgetContext(terminal: Terminal, name: string): Promise<void> {
  const { contexts, current, ...rest } = await readContexts(terminal);
  const left = Object.fromEntries(Object.entries(contexts).filter(([key]) => key !== name));
  const next = current === name ? Object.keys(left).toSorted()[0] : current;
  const chosen = next === undefined ? {} : { current: next };
  await writeContexts(terminal, { ...rest, ...chosen, contexts: left });
}

import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, expect, test } from "vitest";

import { contextInForce, ensureContext, forgetContext, homeOf, readContexts } from "./contexts.ts";
import type { Terminal } from "./terminal.ts";

const root = mkdtempSync(join(tmpdir(), "treehouse-contexts-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

function terminalWith(env: Readonly<Record<string, string>>): Terminal {
  return {
    env,
    stdoutIsTerminal: false,
    stdinIsTerminal: false,
    out: () => undefined,
    written: () => Promise.resolve(),
    outputLost: new AbortController().signal,
    err: () => undefined,
    readAll: () => Promise.resolve(""),
    async *lines() {},
    askSecret: () => Promise.resolve(""),
    interrupted: new AbortController().signal,
  };
}

const wanted = (name: string) => ({
  name,
  account: `${name}@localhost`,
  server: undefined,
  store: undefined,
});

test("the folder is TREEHOUSE_HOME, else one in XDG_CONFIG_HOME, else in ~/.config", () => {
  expect(homeOf(terminalWith({ TREEHOUSE_HOME: "/a", XDG_CONFIG_HOME: "/b" }))).toBe("/a");
  expect(homeOf(terminalWith({ XDG_CONFIG_HOME: "/b" }))).toBe("/b/treehouse");
  expect(homeOf(terminalWith({}))).toMatch(/\/\.config\/treehouse$/);
});

test("the first context is the current one and stays so; forgetting it passes on", async () => {
  const terminal = terminalWith({ TREEHOUSE_HOME: join(root, "first") });
  expect(await ensureContext(terminal, wanted("alice"))).toMatchObject({ current: true });
  expect(await ensureContext(terminal, wanted("bob"))).toMatchObject({ current: false });
  expect((await contextInForce(terminal, undefined)).name).toBe("alice");
  expect(statSync(join(root, "first")).mode & 0o777).toBe(0o700);
  await forgetContext(terminal, "alice");
  expect(await readContexts(terminal)).toMatchObject({ current: "bob" });
  await forgetContext(terminal, "bob");
  expect(await readContexts(terminal)).toEqual({ version: 1, contexts: {} });
});

test("a context is chosen by argument, then by environment, by any unique beginning", async () => {
  const env = { TREEHOUSE_HOME: join(root, "chosen"), TREEHOUSE_CONTEXT: "bob" };
  const terminal = terminalWith(env);
  for (const name of ["alice", "alina", "al", "bob"]) await ensureContext(terminal, wanted(name));
  const name = async (asked?: string) => (await contextInForce(terminal, asked)).name;
  expect(await name()).toBe("bob");
  expect(await name("alic")).toBe("alice");
  expect(await name("al")).toBe("al");
  await expect(name("ali")).rejects.toMatchObject({ code: "unknownContext", exit: 8 });
  await expect(name("toString")).rejects.toMatchObject({ code: "unknownContext" });
});

test("the server is the one asked for, else the known one, else TREEHOUSE_SERVER's", async () => {
  const home = { TREEHOUSE_HOME: join(root, "server") };
  const terminal = terminalWith({ ...home, TREEHOUSE_SERVER: "http://env.test" });
  const server = async (asked?: string) => {
    const made = await ensureContext(terminal, { ...wanted("alice"), server: asked });
    return made.context.server;
  };
  expect(await server()).toBe("http://env.test");
  expect(await server("https://asked.test")).toBe("https://asked.test");
  expect(await server()).toBe("https://asked.test");
  await expect(server("asked.test")).rejects.toMatchObject({ code: "serverInvalid" });
});

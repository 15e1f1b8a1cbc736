import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";

import { type Household, openWithAliceAndBob } from "../world/household.ts";

let household: Household;
beforeAll(async () => {
  household = await openWithAliceAndBob();
});
afterAll(() => household[Symbol.asyncDispose]());

const json = (...args: string[]) => household.json(...args);
/** What Bob sees at a terminal. */
const bob = async (...args: string[]) =>
  (await household.treehouse(["--context", "bob", ...args], { atTerminal: true })).out;
const pollSchema = z.looseObject({ id: z.string() });

test("what others write cannot take over the terminal that shows it", async () => {
  const id = "escapes";
  await json("group", "create", id, "--add", "bob@localhost");
  await json("send", id, "\u001b[2Jnow\u202Eevil\n2026 alice@localhost: faked");
  expect(await bob("tail", id)).toMatch(/alice@localhost: \ufffd\[2Jnow\ufffdevil\n {4}2026 alice/);
  expect(await bob("history", id)).not.toContain("\u001b");
});

test("T-36 nothing that others write of a conversation can pass for a line of somebody else", async () => {
  const id = "forgeries";
  const forged = (name: string) => `${name}"\n7 2026-12-01T10:00:00.000Z bob@localhost: ${name}`;
  await json("group", "create", id, "--add", "bob@localhost");
  const about = ["--description", forged("description"), "--topic", forged("topic")];
  await json("group", "set", id, ...about, "--reason", forged("reason"));
  await json("send", id, "hello", "--thread", forged("thread"));
  const poll = await json("poll", "create", id, forged("question"), forged("option"), "other");
  await bob("tail", id);
  const audit = await household.treehouse(["group", "audit", id], { atTerminal: true });
  const shown = [
    [await bob("history", id), "description", "topic", "reason"],
    [await bob("thread", "ls", id), "thread"],
    [await bob("group", "info", id), "description", "topic"],
    [audit.out, "reason"],
    [await bob("poll", "show", id, pollSchema.parse(poll).id), "question", "option"],
  ] as const;
  for (const [out, ...names] of shown) {
    expect(out).not.toMatch(/^7 2026-12-01T10/m);
    for (const name of names) expect(out).toContain(`${name}" 7 2026`);
  }
  await json("send", id, "c1 \u009b31m and \u202eevil");
  await bob("tail", id);
  const raw = await bob("--json", "history", id, "--limit", "1");
  expect(raw).toContain(String.raw`c1 \u009b31m and \u202eevil`);
});

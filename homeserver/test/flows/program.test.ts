import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  healthAnswerSchema,
  inviteAnswerSchema,
  invitesAnswerSchema,
  LIMITS,
  paths,
  serverAnswerSchema,
} from "@treehouse/protocol";
import { afterEach, beforeEach, expect, test } from "vitest";
import { ask } from "../people/ask.ts";
import { createPerson } from "../people/person.ts";
import { register } from "../people/sign-in.ts";
import { startProgram } from "../program/start.ts";
import type { Program } from "../program/start.ts";

let directory = "";
const running: Program[] = [];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "treehouse-program-"));
});
afterEach(async () => {
  for (const program of running.splice(0)) {
    program.signal("SIGKILL");
    await program.ended;
  }
  rmSync(directory, { recursive: true });
});

async function start(args: readonly string[] = [], variables: Record<string, string> = {}) {
  const program = await startProgram(["--data", join(directory, "data"), ...args], {
    TREEHOUSE__SERVER__DOMAIN: "example.org",
    ...variables,
  });
  running.push(program);
  return program;
}

async function serving(args: readonly string[] = [], variables: Record<string, string> = {}) {
  const program = await start(args, variables);
  if (program.url === undefined) throw new Error(program.stderr());
  return { program, url: program.url };
}

const inviteOf = (program: Program) => /^admin invite: (\S+)$/m.exec(program.stdout())?.[1];

test("it says where it serves, answers, stops on SIGTERM, and its data stay with their domain", async () => {
  const { program, url } = await serving();
  expect(program.stdout()).toMatch(/^admin invite: \S+\nhttp:\/\/127\.0\.0\.1:\d+\n$/);
  expect(healthAnswerSchema.parse((await ask(url, paths.health())).json).status).toBe("ok");
  const facts = serverAnswerSchema.parse((await ask(url, paths.server())).json);
  expect(facts).toMatchObject({ domain: "example.org", registration: "invite", limits: LIMITS });
  expect(facts.serverKeys).toHaveLength(1);
  program.signal("SIGTERM");
  expect(await program.ended).toBe(0);
  await expect(ask(url, paths.health())).rejects.toThrow("fetch failed");
  const other = await start([], { TREEHOUSE__SERVER__DOMAIN: "example.net" });
  expect(await other.ended).toBe(1);
  expect(other.stderr()).toContain("belongs to the domain example.org, not to example.net");
});

test("a port that is taken, and a directory in use, end it with advice; Ctrl-C twice is once", async () => {
  const { program, url } = await serving();
  const taken = await startProgram(
    ["--data", join(directory, "other"), "--port", new URL(url).port],
    { TREEHOUSE__LOG__LEVEL: "silent" },
  );
  expect(await taken.ended).toBe(1);
  expect(taken.stderr()).toBe(
    `Another program listens on 127.0.0.1:${new URL(url).port}. ` +
      "Stop it, or choose another port (server.port).\n",
  );
  // A folder that was made then would belong to a domain for ever.
  expect(existsSync(join(directory, "other"))).toBe(false);
  const locked = await start();
  expect(await locked.ended).toBe(1);
  expect(locked.stderr()).toContain("Another process uses the database");
  program.signal("SIGINT");
  program.signal("SIGINT");
  expect(await program.ended).toBe(0);
});

test("a configuration that is wrong ends it with the key and what was expected", async () => {
  const file = join(directory, "t.toml");
  writeFileSync(file, '[server]\nprot = 1\n[log]\nlevel = "loud"\n');
  const program = await start(["--config", file]);
  expect(await program.ended).toBe(1);
  expect(program.stderr()).toBe(
    "server.prot is not known. Did you mean port?\n" +
      'log.level: expected "debug", "info", "warn", "error" or "silent", got "loud".\n',
  );
  for (const [args, told] of [
    [["--port", "abc"], 'server.port: expected a whole number from 0 to 65535, got "abc".\n'],
    [["--config", directory], `${directory} cannot be read: illegal operation on a directory.\n`],
  ] as const) {
    const refused = await start(args);
    expect([await refused.ended, refused.stderr()]).toEqual([1, told]);
  }
  const flag = await start(["--prot", "1"]);
  expect(await flag.ended).toBe(1);
  expect(flag.stderr()).toContain("Usage:");
});

test("killed while it writes, it starts again with everything it had acknowledged", async () => {
  let { program, url } = await serving();
  const alice = createPerson("alice");
  const invite = inviteOf(program);
  const { session } = await register(url, alice, { password: "correct horse", invite });
  const acknowledged: string[] = [];
  for (let kill = 0; kill < 3; kill += 1) {
    const before = acknowledged.length;
    const askers = Array.from({ length: 4 }, async () => {
      for (;;) {
        const question = { token: session.token, json: { uses: 1 } };
        const answer = await ask(url, paths.invites(), question).catch(() => undefined);
        if (answer === undefined) return;
        acknowledged.push(inviteAnswerSchema.parse(answer.json).id);
        if (acknowledged.length >= before + 20) program.signal("SIGKILL");
      }
    });
    await Promise.all(askers);
    expect(await program.ended).toBe("SIGKILL");
    expect(acknowledged.length).toBeGreaterThanOrEqual(before + 20);
    ({ program, url } = await serving());
    // There is an administrator now, so that nobody is invited to become one.
    expect(inviteOf(program)).toBeUndefined();
    const listed = await ask(url, paths.invites(), { token: session.token });
    const ids = invitesAnswerSchema.parse(listed.json).invites.map(({ id }) => id);
    expect(acknowledged.filter((id) => !ids.includes(id))).toEqual([]);
  }
});

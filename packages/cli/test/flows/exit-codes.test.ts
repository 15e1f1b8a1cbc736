import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";

import { type Household, openWithAliceAndBob } from "../world/household.ts";
import { type Hands, runWith } from "../world/terminal.ts";

let household: Household;
beforeAll(async () => {
  household = await openWithAliceAndBob();
});
afterAll(() => household[Symbol.asyncDispose]());

/** Runs it with --json: the failure is one object on the standard error, and no data comes. */
async function failure(args: readonly string[], hands: Hands = {}) {
  const { exit, out, err } = await household.treehouse([...args, "--json"], hands);
  expect(out).toBe("");
  const told: { error: { code: string; message: string; help?: string }; exit: number } =
    JSON.parse(err);
  expect(told.exit).toBe(exit);
  expect(told.error.message).not.toBe("");
  return [exit, told.error.code];
}

const nowhere = { TREEHOUSE_SERVER: "http://127.0.0.1:1" };

test.for<readonly [string, readonly string[], readonly [number, string]]>([
  ["an unknown command", ["bogus"], [1, "usage"]],
  ["a missing argument", ["group", "create"], [1, "usage"]],
  ["a noun without a verb", ["group"], [1, "usage"]],
  ["a time that is no number", ["context", "ls", "--timeout", "soon"], [1, "usage"]],
  ["a malformed address", ["init", "alice"], [1, "malformed"]],
  ["a server without a scheme", ["init", "x@localhost", "--server", "here"], [1, "serverInvalid"]],
  [
    "a context of another account",
    ["--context", "bob", "init", "x@localhost"],
    [1, "contextTaken"],
  ],
  ["an unknown field", ["account", "whoami", "--fields", "adress"], [1, "unknownField"]],
  ["a limit that is no number", ["history", "Tea", "--limit", "-1"], [1, "badNumber"]],
  ["a tail limit of nothing", ["tail", "--limit", "0"], [1, "badNumber"]],
  ["no uses", ["admin", "invite", "create", "--uses", "0"], [1, "badNumber"]],
  ["octets that are nothing", ["debug", "decode", "zz"], [1, "malformed"]],
  ["an unknown struct", ["debug", "decode", "00", "--as", "nothing"], [1, "unknownKind"]],
  ["a second account in one store", ["account", "register"], [1, "conflict"]],
  ["an unknown context", ["account", "whoami", "--context", "nobody"], [8, "unknownContext"]],
  ["an unknown user", ["contact", "find", "nobody@localhost"], [8, "unknownUser"]],
  ["an unknown conversation", ["send", "nowhere", "hello"], [8, "unknownRoom"]],
  ["an unknown invite", ["admin", "invite", "revoke", "nothing"], [8, "unknownInvite"]],
  ["a missing file", ["debug", "decode", "@/nonexistent"], [8, "fileUnreadable"]],
])("%s is refused in words, with its exit code", async ([, args, expected]) => {
  expect(await failure(args)).toEqual(expected);
});

test("a used or wrong invite ends with 1, and its context is not kept", async () => {
  const { out } = await household.treehouse(["admin", "invite", "create"]);
  const register = (name: string) => [
    "--context",
    name,
    "account",
    "register",
    `${name}@localhost`,
  ];
  const hands = { input: `${out.trim()}\n` };
  const first = await household.treehouse([...register("dora"), "--invite-stdin"], hands);
  expect(first.exit).toBe(0);
  expect(await failure([...register("erik"), "--invite-stdin"], hands)).toEqual([
    1,
    "inviteInvalid",
  ]);
  const env = { TREEHOUSE_INVITE: out.trim() };
  expect(await failure(register("erik"), { env })).toEqual([1, "inviteInvalid"]);
  expect(await household.json("context", "ls")).not.toMatchObject({
    contexts: expect.arrayContaining([expect.objectContaining({ name: "erik" })]),
  });
});

test("a password that is wrong ends with 4; too short or mistyped, with 1", async () => {
  const wrong = { env: { TREEHOUSE_PASSWORD: "not the right one" } };
  expect(await failure(["account", "login"], wrong)).toEqual([4, "loginFailed"]);
  const fromStdin = ["account", "login", "--password-stdin"];
  expect(await failure(fromStdin, { input: "wrong as well\n" })).toEqual([4, "loginFailed"]);
  const register = ["--context", "fred", "account", "register", "fred@localhost"];
  const noPassword = { TREEHOUSE_PASSWORD: "" };
  const short = { env: noPassword, secrets: ["short"] };
  expect(await failure(register, short)).toEqual([1, "passwordTooShort"]);
  const differ = { env: noPassword, secrets: ["a long password", "a lang password"] };
  expect(await failure(register, differ)).toEqual([1, "passwordsDiffer"]);
  const twice = [...register, "--invite-stdin", "--password-stdin"];
  expect(await failure(twice)).toEqual([1, "stdinTwice"]);
});

test("a command without a session ends with 4 until one logs in", async () => {
  const env = { TREEHOUSE_PASSWORD: "" };
  await household.json("--context", "bob", "account", "logout");
  const send = ["--context", "bob", "group", "create", "x"];
  expect(await failure(send, { env })).toEqual([4, "passwordRequired"]);
  await household.json("--context", "bob", "account", "login");
  await household.json("--context", "bob", "group", "create", "x");
});

test("an empty store ends with 4", async () => {
  await household.json("--context", "gina", "init", "gina@localhost");
  expect(await failure(["--context", "gina", "tail"])).toEqual([4, "noClientInStore"]);
});

test("a server that cannot be reached ends with 3, and doctor with 11", async () => {
  const home = join(household.home, "nowhere");
  const env = { ...nowhere, TREEHOUSE_HOME: home };
  const register = ["account", "register", "hans@localhost", "--invite", "x"];
  expect(await failure(register, { env })).toEqual([3, "network"]);
  // The outcome was open, so that the context stays and the same may be tried again.
  expect(await failure(["context", "show", "--context", "x"], { env })).toEqual([
    8,
    "unknownContext",
  ]);
  const show = await runWith(["context", "show", "--json"], { env });
  expect(JSON.parse(show.out)).toMatchObject({ name: "hans" });

  const moved = readFileSync(join(household.home, "contexts.json"), "utf8");
  const away = join(household.home, "away");
  mkdirSync(away);
  const text = moved.replaceAll(household.url, nowhere.TREEHOUSE_SERVER);
  writeFileSync(join(away, "contexts.json"), text);
  const there = { env: { TREEHOUSE_HOME: away } };
  expect(await failure(["group", "create", "x"], there)).toEqual([3, "network"]);
  expect(await failure(["contact", "find", "bob@localhost"], there)).toEqual([3, "network"]);
  const doctor = await household.treehouse(["doctor", "--json"], there);
  expect(doctor.exit).toBe(11);
  const failed = { name: "server", result: "failed" };
  expect(JSON.parse(doctor.out)).toMatchObject({
    checks: expect.arrayContaining([expect.objectContaining(failed)]),
  });
  const offline = await household.treehouse(["group", "ls", "--json"], there);
  expect(offline.exit).toBe(0);
});

test("doctor looks at all there is, and warns without a recovery key", async () => {
  const { exit, out } = await household.treehouse(["doctor", "--json"]);
  const names = ["server", "session", "key packages", "backlog"];
  const checks = names.map((name) => ({ name, result: "ok", text: expect.any(String), fix: "" }));
  const fix = expect.stringContaining("client recovery create");
  const recovery = { name: "recovery", result: "warning", text: expect.any(String), fix };
  const rooms = { name: "conversations", result: "ok", text: expect.any(String), fix: "" };
  expect([exit, JSON.parse(out)]).toEqual([10, { checks: [...checks, recovery, rooms] }]);
});

test("doctor ends with 10 when something needs attention", async () => {
  await household.json("--context", "bob", "account", "whoami");
  const { out } = await household.treehouse(["admin", "invite", "create"]);
  const dora = ["--context", "ines", "account", "register", "ines@localhost"];
  await household.json(...dora, "--invite", out.trim());
  // Every conversation that adds her takes a KeyPackage, while she is away.
  const names = Array.from({ length: 48 }, (_, index) => `room ${index}`);
  const find = ["group", "create", "--add", "ines@localhost", "--"];
  for (const name of names) {
    const ran = await household.treehouse([...find, name]);
    if (ran.exit !== 0) break;
  }
  const doctor = await household.treehouse(["--context", "ines", "doctor", "--json"]);
  expect(JSON.parse(doctor.out)).toMatchObject({
    checks: expect.arrayContaining([
      expect.objectContaining({ name: "key packages", result: "warning" }),
    ]),
  });
  expect(doctor.exit).toBe(10);
});

test("without a context a command ends with 1 and says how to make one", async () => {
  const env = { TREEHOUSE_HOME: join(household.home, "empty") };
  const ran = await household.treehouse(["tail"], { env });
  expect(ran.exit).toBe(1);
  expect(ran.err).toContain("treehouse init");
});

test("what the operating system refuses is told in words, and is no bug", async () => {
  const file = join(household.home, "contexts.json");
  const home = join(household.home, "blocked");
  mkdirSync(join(home, `contexts.json.${process.pid}.new`), { recursive: true });
  const blocked = { env: { TREEHOUSE_HOME: home } };
  expect(await failure(["init", "x@localhost"], blocked)).toEqual([1, "contextsUnwritable"]);
  for (const store of ["/dev/null/y.sqlite", household.home, join(file, "a/b.sqlite")]) {
    const init = ["--context", "y", "init", "y@localhost", "--store", store];
    expect(await failure(init)).toEqual([1, "storeUnwritable"]);
  }
  const { out } = await household.treehouse(["context", "ls", "--jsonl", "--fields", "name"]);
  expect(out).not.toContain('"y"');
  const path = join(household.home, "note.txt");
  writeFileSync(path, "note");
  const put = await household.json("file", "put", path);
  const { id } = z.object({ id: z.string() }).parse(put);
  const get = await household.treehouse(["file", "get", id, "--out", "/nope/x"]);
  expect(get.exit).toBe(1);
  expect(get.err).toMatch(
    /^treehouse: cannot open \/nope\/x.*: no such file or directory \(ioFailed\)/,
  );
});

test("a store whose key file is missing is told so, and gets no other key", async () => {
  const key = join(household.home, "bob.sqlite.key");
  const kept = readFileSync(key);
  rmSync(key);
  expect(await failure(["--context", "bob", "group", "ls"])).toEqual([1, "storeKeyMissing"]);
  expect(existsSync(key)).toBe(false);
  writeFileSync(key, kept);
  await household.json("--context", "bob", "group", "ls");
});

test("damaged files of the user end with 1 and name the file", async () => {
  const home = join(household.home, "damaged");
  mkdirSync(home);
  const file = join(home, "contexts.json");
  writeFileSync(file, "{bad");
  const env = { TREEHOUSE_HOME: home };
  expect(await failure(["context", "ls"], { env })).toEqual([1, "contextsInvalid"]);
  const ran = await household.treehouse(["context", "ls"], { env });
  expect(ran.err).toContain(file);

  const key = join(household.home, "bob.sqlite.key");
  const kept = readFileSync(key);
  writeFileSync(key, Buffer.alloc(32, 7));
  expect(await failure(["--context", "bob", "group", "ls"])).toEqual([1, "storeKeyWrong"]);
  writeFileSync(key, kept);
  await household.json("--context", "bob", "group", "ls");
});

test("a store that another process has open ends with 1; an interrupt ends tail with 130", async () => {
  const stop = new AbortController();
  await household.json("group", "create", "Both", "--add", "bob@localhost");
  await household.json("send", "Both", "one");
  const { promise: shown, resolve } = Promise.withResolvers<void>();
  const hands = { interrupted: stop.signal, heard: () => resolve() };
  const tail = household.treehouse(["--context", "bob", "tail", "--follow"], hands);
  await shown;
  expect(await failure(["--context", "bob", "group", "ls"])).toEqual([1, "storeInUse"]);
  stop.abort();
  expect(await tail).toMatchObject({ exit: 130 });
});

test("--timeout ends what does not end by itself with 124", async () => {
  const tail = ["--context", "bob", "tail", "Both", "--limit", "1", "--timeout", "0.5"];
  expect(await failure(tail)).toEqual([124, "timeout"]);
});

test("help and version go to the standard output and end with 0", async () => {
  const help = await household.treehouse(["--help"]);
  expect(help).toMatchObject({ exit: 0, err: "" });
  expect(help.out).toContain("Usage: treehouse");
  const version = await household.treehouse(["--version"]);
  expect(version).toMatchObject({ exit: 0, err: "" });
  expect(version.out).toMatch(/^\d+\.\d+\.\d+\n$/);
});

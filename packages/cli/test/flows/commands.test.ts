import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { Secret, TOTP } from "otpauth";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";

import { type Household, openWithAliceAndBob } from "../world/household.ts";

let household: Household;
beforeAll(async () => {
  household = await openWithAliceAndBob();
});
afterAll(() => household[Symbol.asyncDispose]());

const json = (...args: string[]) => household.json(...args);
const bob = (...args: string[]) => household.json("--context", "bob", ...args);

test("init and context add make the same context, and the file is its owner's alone", async () => {
  const shape = { account: "carol@localhost", server: household.url, store: expect.any(String) };
  expect(await json("--context", "c1", "init", "carol@localhost")).toEqual({
    name: "c1",
    ...shape,
  });
  expect(await json("--context", "c2", "context", "add", "carol@localhost")).toEqual({
    name: "c2",
    ...shape,
  });
  expect(statSync(join(household.home, "contexts.json")).mode & 0o777).toBe(0o600);
  expect(await json("context", "rm", "c1", "--dry-run", "--store")).toEqual({
    name: "c1",
    deleted: ["", "-wal", "-shm", ".key", ".parts"].map((end) =>
      join(household.home, `c1.sqlite${end}`),
    ),
    dryRun: true,
  });
  expect(await json("context", "show", "--context", "c1")).toMatchObject({ name: "c1" });
  for (const name of ["c1", "c2"]) {
    expect(await json("context", "rm", name)).toEqual({ name, deleted: [], dryRun: false });
  }
});

test("context lists by name, shows, and switches by a unique beginning of a name", async () => {
  const row = { account: expect.any(String), server: household.url, store: expect.any(String) };
  const rows = [
    { name: "alice", current: true, ...row },
    { name: "bob", current: false, ...row },
  ];
  expect(await json("context", "ls")).toEqual({ contexts: rows });
  expect(await json("context", "use", "bo")).toEqual({ name: "bob" });
  expect(await json("context", "show")).toEqual({ name: "bob", ...row });
  expect(await json("context", "use", "alice")).toEqual({ name: "alice" });
});

test("whoami, logout and login name account, user and client", async () => {
  const me = {
    address: "bob@localhost",
    user: "mimi://localhost/u/bob",
    client: expect.stringMatching(/^mimi:\/\/localhost\/d\/bob\/[a-z2-7]{26}$/),
  };
  const place = { context: "bob", server: household.url, store: expect.any(String) };
  expect(await bob("account", "whoami")).toEqual({ ...me, ...place, recoveryKey: false });
  expect(await bob("account", "logout")).toEqual(me);
  expect(await bob("account", "login")).toEqual(me);
});

test("R-026 sessions are listed and ended, one or all others", async () => {
  const own = {
    id: expect.any(String),
    client: expect.any(String),
    clientName: "Treehouse CLI",
    createdAt: expect.any(Number),
    usedAt: expect.any(Number),
    expiresAt: expect.any(Number),
    current: true,
  };
  expect(await bob("account", "login")).toBeDefined();
  const [first, second] = [own, { ...own, current: false }];
  const listed = await bob("account", "sessions", "ls");
  expect(listed).toMatchObject({ sessions: [first, second] });
  expect(await bob("account", "sessions", "revoke", "--others")).toEqual({
    ended: expect.any(Number),
  });
  const left = sessionsSchema.parse(await bob("account", "sessions", "ls"));
  expect(left.sessions).toEqual([own]);
  const id = left.sessions[0]?.id ?? "";
  expect(await bob("account", "sessions", "revoke", id)).toEqual({ ended: 1, id });
  const out = await household.treehouse(["--context", "bob", "account", "sessions", "ls"]);
  expect(out).toMatchObject({ exit: 4, err: expect.stringContaining("account login") });
  const neither = await household.treehouse(["--context", "bob", "account", "sessions", "revoke"]);
  expect(neither).toMatchObject({ exit: 1, err: expect.stringContaining("sessions ls") });
  expect(await bob("account", "login")).toBeDefined();
});

const sessionsSchema = z.object({ sessions: z.array(z.looseObject({ id: z.string() })) });
const appSchema = z.strictObject({ secret: z.string(), uri: z.string() });
const codesSchema = z.strictObject({ recoveryCodes: z.array(z.string()) });

test("R-024 the second factor is turned on, asked for at a login, and turned off", async () => {
  const app = appSchema.parse(await bob("account", "factor", "enable"));
  expect(app).toEqual({
    secret: expect.any(String),
    uri: expect.stringContaining("otpauth://totp/"),
  });
  const totp = new TOTP({ secret: Secret.fromBase32(app.secret) });
  const confirmed = await bob("account", "factor", "confirm", totp.generate());
  const { recoveryCodes } = codesSchema.parse(confirmed);
  const [one = "", two = "", three = ""] = recoveryCodes;
  expect(recoveryCodes).toHaveLength(10);
  expect(await bob("account", "factor", "show")).toEqual({
    totp: true,
    external: false,
    passkeys: [],
    recoveryCodes: 10,
    available: true,
  });
  const login = ["--context", "bob", "account", "login"];
  const refused = await household.treehouse(login);
  expect(refused).toMatchObject({
    exit: 4,
    err: expect.stringContaining("Repeat it with --code <code>"),
  });
  expect(await household.treehouse([...login, "--code", "000000"])).toMatchObject({
    exit: 4,
    err: expect.stringContaining("4 tries are left"),
  });
  expect(await household.treehouse([...login, "--code", one])).toMatchObject({ exit: 0 });
  const hands = { atTerminal: true, secrets: ["123456", two] };
  expect(await household.treehouse(login, hands)).toMatchObject({ exit: 0 });
  const renewed = await bob("account", "factor", "codes", "--code", three);
  const [fresh = ""] = codesSchema.parse(renewed).recoveryCodes;
  expect(await bob("account", "factor", "disable", "--code", fresh)).toEqual({ totp: false });
  expect(await household.treehouse(login)).toMatchObject({ exit: 0 });
});

test("R-022 without mail the address commands say so", async () => {
  const none = { address: null, pending: null, available: false };
  expect(await bob("account", "email", "show")).toEqual(none);
  const set = ["--context", "bob", "account", "email", "set"];
  const refused = await household.treehouse([...set, "b@b.example"]);
  expect(refused).toMatchObject({ exit: 1, err: expect.stringContaining("mail.smtp_url") });
  const confirm = ["--context", "bob", "account", "email", "confirm", "12345678"];
  expect(await household.treehouse(confirm)).toMatchObject({ exit: 4 });
  expect(await bob("account", "email", "rm")).toEqual({ address: null });
});

const info = {
  id: expect.stringMatching(/^mimi:\/\/localhost\/r\/[a-z2-7]{26}$/),
  name: "Tea",
  template: "group",
  status: "joined",
  epoch: expect.any(Number),
  position: expect.any(Number),
  epochAuthenticator: expect.any(String),
};
const alone = { address: "alice@localhost", role: "owner" };
const both = [alone, { address: "bob@localhost", role: "member" }];

test("a conversation is made, written to, read once, kept, and left", async () => {
  const created = await json("group", "create", "Tea", "--add", "bob@localhost");
  expect(created).toMatchObject({ ...info, members: both });
  expect(await json("group", "ls")).toMatchObject({ conversations: [{ ...info, members: both }] });
  expect(await json("group", "info", "Tea")).toMatchObject({ ...info, members: both });

  const sent = {
    id: expect.stringMatching(/^[0-9a-f]{64}$/),
    conversation: info.id,
    position: expect.any(Number),
    acceptedAt: expect.any(Number),
  };
  expect(await json("send", "Tea", "hello")).toEqual(sent);
  expect(await json("s", "Tea", "it is\nready")).toEqual(sent);
  const message = {
    conversation: info.id,
    position: expect.any(Number),
    acceptedAt: expect.any(Number),
    id: sent.id,
    sender: "alice@localhost",
    senderClient: expect.any(String),
    type: "text",
    inReplyTo: null,
    format: "plain",
    topic: null,
    mentions: [],
    mentionsEveryone: false,
    forwarded: null,
    expiresAt: null,
    files: [],
    sticker: null,
    customEmoji: [],
  };
  const tail = await household.treehouse(["--context", "bob", "tail"]);
  const lines = tail.out.trimEnd().split("\n");
  expect(lines.map((line): unknown => JSON.parse(line))).toEqual([
    { ...message, text: "hello" },
    { ...message, text: "it is\nready" },
  ]);
  expect(await household.treehouse(["--context", "bob", "t"])).toMatchObject({ exit: 0, out: "" });
  expect(await bob("history", "Tea", "--limit", "1")).toMatchObject({
    items: [{ kind: "message", senderAddress: "alice@localhost", text: "it is\nready" }],
  });

  expect(await json("group", "remove", "Tea", "bob@localhost")).toMatchObject({ members: [alone] });
  for (const [who, exit, told] of [
    ["bob@localhost", 8, "bob@localhost; nobody was removed (notMember)"],
    ["alice@localhost", 1, "treehouse group leave"],
  ] as const) {
    const ran = await household.treehouse(["group", "remove", "Tea", who]);
    expect(ran).toMatchObject({ exit, out: "", err: expect.stringContaining(told) });
  }
  expect(await json("group", "add", "Tea", "bob@localhost")).toMatchObject({ members: both });
  expect(await bob("group", "info", "Tea")).toMatchObject({ status: "joined", members: both });
  expect(await bob("group", "leave", "Tea")).toEqual({ id: info.id });
});

test("an address as destination is the direct conversation, the same each time", async () => {
  const first = await json("send", "bob@localhost", "psst");
  const second = await json("send", "bob@localhost", "still there?");
  const place = { conversation: expect.stringContaining("mimi://localhost/r/") };
  expect([first, second]).toMatchObject([place, place]);
  const { out } = await household.treehouse(["group", "ls", "--jsonl", "--fields", "id,template"]);
  const rows = out.trimEnd().split("\n");
  expect(rows.filter((line) => line.includes('"direct"'))).toHaveLength(1);
});

test("send reads lines, goes on after one that is refused, and ends with 9", async () => {
  await json("group", "create", "Lines");
  const input = `one\n${"x".repeat(70_000)}\nthree\n`;
  const ran = await household.treehouse(["send", "Lines", "--lines", "--json"], { input });
  const rows: unknown[] = ran.out
    .trimEnd()
    .split("\n")
    .map((line): unknown => JSON.parse(line));
  expect(rows).toMatchObject([{ id: expect.any(String) }, { line: 2 }, { id: expect.any(String) }]);
  expect(ran.exit).toBe(9);
});

test("chat sends what it reads, answers its commands, and tells of all as JSON lines", async () => {
  await json("group", "create", "Talk");
  const input =
    "hello\n/info\n/help\n/unknown\n/add bob@localhost\n/remove bob@localhost\n/leave\n";
  const ran = await household.treehouse(["chat", "Talk"], { input });
  expect(ran.exit).toBe(0);
  const events = ran.out
    .trimEnd()
    .split("\n")
    .map((line): unknown => JSON.parse(line));
  expect(events).toContainEqual(expect.objectContaining({ event: "sent", text: "hello" }));
  expect(events).toContainEqual(expect.objectContaining({ event: "info", name: "Talk" }));
  expect(events).toContainEqual(
    expect.objectContaining({ event: "failed", code: "unknownCommand", line: "/unknown" }),
  );
  expect(ran.err).toContain("/add <address…>");
});

test("invites are made, listed and revoked by administrators only", async () => {
  const made = { id: expect.any(String), token: expect.any(String), usesLeft: 2 };
  const invite = await json("admin", "invite", "create", "--uses", "2", "--days", "1");
  expect(invite).toMatchObject({ ...made, expiresAt: expect.any(Number) });
  const { out } = await household.treehouse(["admin", "invite", "ls", "--jsonl"]);
  const first: unknown = JSON.parse(out.split("\n")[0] ?? "");
  expect(first).toMatchObject({ id: made.id, usesLeft: expect.any(Number) });
  const id = await household.treehouse(["admin", "invite", "create"]);
  expect(id.out.trim()).not.toBe("");
  const asBob = await household.treehouse(["--context", "bob", "admin", "invite", "create"]);
  expect(asBob.exit).toBe(1);
  expect(asBob.err).toContain("notAllowed");
  const listed = await household.treehouse(["admin", "invite", "ls", "--fields", "id", "--jsonl"]);
  const one = /"id":"([^"]+)"/.exec(listed.out)?.[1] ?? "";
  // One id in 4,096 begins with two dashes.
  expect(await json("admin", "invite", "revoke", "--", one)).toEqual({ id: one });
});

test("debug decode shows a struct given as hex, as base64url, on stdin, or in a file", async () => {
  const hex = "505152535455565758595a5b5c5d5e5f0000";
  const decoded = { kind: "batch", octets: 18, value: { items: [], heads: [] } };
  expect(await json("debug", "decode", hex, "--as", "batch")).toMatchObject(decoded);
  const base64 = Buffer.from(hex, "hex").toString("base64url");
  expect(await json("debug", "decode", base64, "--as", "batch")).toMatchObject(decoded);
  const file = join(household.home, "batch.bin");
  writeFileSync(file, Buffer.from(hex, "hex"));
  expect(await json("debug", "decode", `@${file}`, "--as", "batch")).toMatchObject(decoded);
  const ran = await household.treehouse(["debug", "decode", "--as", "batch", "--json"], {
    input: `${hex}\n`,
  });
  expect(JSON.parse(ran.out)).toMatchObject(decoded);
});

test("hints and remarks go to the standard error, and not beside JSON or with --quiet", async () => {
  const hint = "Next: treehouse send";
  const plain = await household.treehouse(["group", "create", "Hints"]);
  expect(plain.err).toContain(hint);
  expect(plain.out).not.toContain(hint);
  for (const option of ["--quiet", "--json"]) {
    const ran = await household.treehouse(["group", "create", "Hints", option]);
    expect([option, ran.err]).toEqual([option, ""]);
    expect(ran.out).not.toBe("");
  }
});

test("the password is nowhere in the folder of contexts", () => {
  const text = readFileSync(join(household.home, "contexts.json"), "utf8");
  expect(text).toContain("alice@localhost");
  expect(text).not.toContain(household.env["TREEHOUSE_PASSWORD"]);
});

const clientSchema = z.object({ client: z.string() });
const clientsSchema = z.object({ clients: z.array(z.looseObject({ client: z.string() })) });

test("a login in an empty store makes a further client, and client ls shows both", async () => {
  const begun = await household.treehouse(["--context", "tablet", "init", "alice@localhost"]);
  expect(begun.err).toContain("treehouse --context tablet account login");
  const added = clientSchema.parse(await json("--context", "tablet", "account", "login"));
  const { clients } = clientsSchema.parse(await json("client", "ls"));
  expect(clients).toHaveLength(2);
  expect(clients).toContainEqual(expect.objectContaining({ ...added, current: false }));
});

test("a client has a name that its user's clients know alone", async () => {
  const { clients } = clientsSchema.parse(await json("client", "ls"));
  const other = clients.find(({ current }) => current === false)?.client ?? "";
  const named = { client: other, name: "Tablet in the kitchen" };
  expect(await json("client", "rename", other, named.name)).toMatchObject(named);
  const shown = await json("--context", "tablet", "client", "ls");
  expect(shown).toMatchObject({
    clients: expect.arrayContaining([expect.objectContaining(named)]),
  });
  expect(await json("client", "rename", other)).toMatchObject({ client: other, name: null });
});

test("R-028 a revoked client is told to log in, and client ls shows it no more", async () => {
  const { clients } = clientsSchema.parse(await json("client", "ls"));
  const other = clients.find(({ current }) => current === false)?.client ?? "";
  const own = clients.find(({ current }) => current === true)?.client ?? "";
  const self = await household.treehouse(["client", "revoke", own, "--json"]);
  expect(JSON.parse(self.err)).toMatchObject({ error: { code: "notAllowed" } });
  const id = other.slice(other.lastIndexOf("/") + 1, -10);
  expect(await json("client", "revoke", id)).toMatchObject({ client: other, current: false });
  expect(await json("client", "ls")).toMatchObject({ clients: [{ client: own }] });
  const lost = await household.treehouse(["--context", "tablet", "client", "ls", "--json"]);
  expect(JSON.parse(lost.err)).toMatchObject({ error: { code: "sessionEnded" } });
  const again = await household.treehouse(["--context", "tablet", "account", "login", "--json"]);
  expect(JSON.parse(again.err)).toMatchObject({ error: { code: "unknownClient" } });
});

import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { afterAll, beforeAll, expect, test } from "vitest";

import { type Household, openWithAliceAndBob, password } from "../world/household.ts";

let household: Household;
beforeAll(async () => {
  household = await openWithAliceAndBob();
});
afterAll(() => household[Symbol.asyncDispose]());

const json = (...args: string[]) => household.json(...args);
const bob = (...args: string[]) => household.json("--context", "bob", ...args);

const toBob = { user: "mimi://localhost/u/bob", address: "bob@localhost" };
const toAlice = { user: "mimi://localhost/u/alice", address: "alice@localhost" };

test("contact find answers the identity key and the clients", async () => {
  expect(await json("contact", "find", "bob@localhost")).toMatchObject({
    address: "bob@localhost",
    identityKey: expect.any(String),
    clients: [expect.anything()],
  });
});

test("R-042 contacts are asked, listed, accepted, declined and taken back", async () => {
  expect(await json("contact", "ls")).toEqual({ contacts: [] });
  const requested = { ...toBob, state: "requested", mayAdd: false, mayBeAdded: true };
  expect(await json("contact", "request", "bob@localhost", "--note", "it is me")).toEqual(
    requested,
  );
  expect(await json("contact", "ls")).toEqual({ contacts: [requested] });
  const incoming = { ...toAlice, state: "incoming", note: "it is me", mayAdd: true };
  expect(await bob("contact", "ls")).toEqual({ contacts: [{ ...incoming, mayBeAdded: false }] });
  const text = await household.treehouse(["--context", "bob", "contact", "ls"]);
  expect(text).toMatchObject({ exit: 0, out: 'alice@localhost  incoming  "it is me"\n' });
  expect(text.err).toContain("contact accept alice@localhost");

  expect(await bob("contact", "decline", "alice@localhost")).toMatchObject({ state: "none" });
  await json("contact", "request", "bob@localhost");
  const mutual = { ...toAlice, state: "mutual", mayAdd: true, mayBeAdded: true };
  expect(await bob("contact", "accept", "alice@localhost")).toEqual(mutual);
  expect(await json("contact", "remove", "bob@localhost")).toMatchObject({ state: "none" });
  const left = { ...toAlice, state: "granted", mayAdd: false, mayBeAdded: true };
  expect(await bob("contact", "ls")).toEqual({ contacts: [left] });
  expect(await bob("contact", "remove", "alice@localhost")).toMatchObject({ state: "none" });
});

test("FED-961 leave is asked and given for one conversation", async () => {
  const made = await json("group", "create", "Tea");
  const { id } = JSON.parse(JSON.stringify(made));
  const about = { rooms: [id] };
  expect(await json("contact", "request", "bob@localhost", "--for", "Tea")).toMatchObject(about);
  expect(await bob("contact", "accept", "alice@localhost", "--for", id)).toMatchObject({
    mayBeAdded: true,
  });
  const missing = await household.treehouse(["contact", "request", "x@localhost", "--for", "none"]);
  expect(missing.exit).toBe(8);
});

test("X-05 safety numbers of contacts and conversations are shown, compared and marked", async () => {
  const shown = JSON.parse(JSON.stringify(await json("contact", "verify", "bob@localhost")));
  const theirs = JSON.parse(JSON.stringify(await bob("contact", "verify", "alice@localhost")));
  expect(shown.digits).toBe(theirs.digits);
  expect(shown.digits).toMatch(/^(?:\d{5} ){11}\d{5}$/);
  const spoken = await household.treehouse(["contact", "verify", "bob@localhost"]);
  expect(spoken.out).toContain("not compared yet");
  expect(spoken.out.replaceAll("\n", " ")).toContain(shown.digits);

  const failing = async (scanned: string) => {
    const args = ["contact", "verify", "bob@localhost", "--scanned", scanned, "--json"];
    const { exit, err } = await household.treehouse(args);
    return { exit, code: JSON.parse(err).error.code };
  };
  const swapped = shown.digits.replace(/^./, (digit: string) => (digit === "1" ? "2" : "1"));
  expect(await failing(swapped)).toEqual({ exit: 6, code: "mismatch" });
  expect(await failing("hello")).toEqual({ exit: 1, code: "malformed" });
  const matching = ["contact", "verify", "bob@localhost", "--scanned", theirs.payload];
  expect(await json(...matching)).toEqual({ name: "bob@localhost", result: "match" });
  expect(await json("contact", "keys")).toMatchObject({
    identities: [{ address: "bob@localhost", changed: false, verifiedAt: expect.any(Number) }],
  });
  expect(await bob("contact", "verify", "alice@localhost", "--mark")).toMatchObject({
    verifiedAt: expect.any(Number),
  });

  expect(await json("contact", "trust", "bob@localhost")).toMatchObject({
    address: "bob@localhost",
    identityKey: shown.identityKey,
  });
  await json("group", "create", "Numbers", "--add", "bob@localhost");
  const ours = JSON.parse(JSON.stringify(await json("group", "verify", "Numbers")));
  expect(await bob("group", "verify", "Numbers", "--scanned", ours.payload)).toMatchObject({
    result: "match",
  });
  expect(await failing(ours.payload)).toEqual({ exit: 1, code: "unrelated" });
});

test("R-032 R-035 a profile is set, shown to whom it is for, and refused with its bounds", async () => {
  const picture = join(household.home, "me.png");
  writeFileSync(picture, Buffer.from("89504e470d0a1a0a", "hex"));
  const set = ["account", "profile", "set"];
  const phone = ["--detail", "phone=+00 1", "--audience", "phone=rooms", "status=nobody"];
  const all = await json(...set, "--name", "Al", "--status", "busy", "--avatar", picture, ...phone);
  expect(all).toMatchObject({
    displayName: "Al",
    status: "busy",
    avatar: { mediaType: "image/png" },
    details: [{ kind: "phone", value: "+00 1" }],
    audiences: { displayName: "rooms", status: "nobody", "details.phone": "rooms" },
  });
  expect((await household.treehouse(["account", "profile", "show"])).out).toContain(
    "status: busy  (nobody)",
  );
  expect(await json(...set, "--status", "")).not.toHaveProperty("status");
  expect(await json("contact", "show", "bob@localhost")).toMatchObject({ profile: null });
  const wrong = async (...args: string[]) =>
    JSON.parse((await household.treehouse([...set, ...args, "--json"])).err).error;
  expect(await wrong()).toMatchObject({ code: "nothingChosen" });
  expect(await wrong("--detail", "phone")).toMatchObject({ code: "malformed" });
  expect(await wrong("--avatar", join(household.home, "none.png"))).toMatchObject({
    code: "fileUnreadable",
  });
  expect(await wrong("--name", "x".repeat(65))).toMatchObject({
    code: "malformed",
    message: expect.stringContaining("at most 64"),
  });
});

test("R-036 who may find, ask and add is chosen, and anything else is refused", async () => {
  const all = { findable: "everybody", requests: "everybody", adding: "ownServer" };
  expect(await json("account", "privacy", "show")).toEqual(all);
  const set = ["account", "privacy", "set"];
  expect(await json(...set, "--requests", "nobody", "--findable", "known")).toEqual({
    ...all,
    findable: "known",
    requests: "nobody",
  });
  expect(await json(...set, "--requests", "everybody", "--findable", "everybody")).toEqual(all);
  const wrong = async (...args: string[]) =>
    JSON.parse((await household.treehouse([...set, ...args, "--json"])).err).error.code;
  expect(await wrong()).toBe("nothingChosen");
  expect(await wrong("--adding", "everybody")).toBe("malformed");
});

test("R-037 settings, labels, names and what was read are chosen for all clients", async () => {
  const initial = {
    autoDownloadBytes: 0,
    blockOnKeyChange: true,
    deliveryReceipts: false,
    readReceipts: true,
    presence: "contacts",
    typing: true,
  };
  expect(await json("account", "settings")).toEqual(initial);
  expect(await json("account", "set", "blockOnKeyChange", "off")).toEqual({
    ...initial,
    blockOnKeyChange: false,
  });
  const wrong = async (...args: string[]) =>
    JSON.parse((await household.treehouse(["account", "set", ...args, "--json"])).err).error.code;
  expect(await wrong("colour", "on")).toBe("unknownSetting");
  expect(await wrong("blockOnKeyChange", "perhaps")).toBe("malformed");
  expect(await wrong("presence", "on")).toBe("malformed");
  expect(await wrong("autoDownloadBytes", "much")).toBe("badNumber");
  expect(await json("account", "set", "blockOnKeyChange", "on")).toMatchObject({
    blockOnKeyChange: true,
  });
  await json("contact", "label", "bob@localhost", "Bobby");
  const keys = await household.treehouse(["contact", "keys"]);
  expect(keys.out).toContain("bob@localhost (Bobby)");
  expect(await json("contact", "label", "bob@localhost")).toMatchObject({ label: null });
  await json("group", "create", "Long name");
  expect(await json("group", "label", "Long name", "Short")).toMatchObject({ ownName: "Short" });
  const read = await json("group", "read", "Long name");
  expect(read).toMatchObject({ readPosition: expect.any(Number) });
});

test("R-172 an account is exported as JSON lines beside a manifest that fits them", async () => {
  await json("group", "create", "To be exported");
  await json("send", "To be exported", "the exported text");
  const directory = join(household.home, "export");
  const manifest = JSON.parse(JSON.stringify(await json("account", "export", directory)));
  expect(manifest).toMatchObject({ format: "treehouse-export", version: 1 });
  const names: string[] = manifest.files.map(({ name }: { name: string }) => name);
  expect(new Set(readdirSync(directory))).toEqual(new Set([...names, "manifest.json"]));
  for (const { name, lines, sha256 } of manifest.files) {
    const text = readFileSync(join(directory, name));
    expect(createHash("sha256").update(text).digest("hex")).toBe(sha256);
    expect(text.toString().split("\n").length - 1).toBe(lines);
  }
  const said = readFileSync(join(directory, "messages.jsonl"), "utf8").trim().split("\n");
  expect(said.map((line) => JSON.parse(line).text)).toContain("the exported text");
  const again = await household.treehouse(["account", "export", directory, "--json"]);
  expect(JSON.parse(again.err)).toMatchObject({ error: { code: "notEmpty" }, exit: 1 });
});

test("R-022 the password is changed, and the old one is worth nothing then", async () => {
  const change = (input: string) =>
    household.treehouse(["account", "passwd", "--new-password-stdin", "--json"], { input });
  expect(JSON.parse((await change("short\n")).err).error.code).toBe("passwordTooShort");
  expect((await change("another horse battery\n")).exit).toBe(0);
  const old = await household.treehouse(["account", "login", "--json"]);
  expect(JSON.parse(old.err)).toMatchObject({ error: { code: "loginFailed" }, exit: 4 });
  const env = { TREEHOUSE_PASSWORD: "another horse battery" };
  expect((await household.treehouse(["account", "login"], { env })).exit).toBe(0);
  const typed = { env: { TREEHOUSE_PASSWORD: "" }, secrets: ["another horse battery"] };
  const differing = { ...typed, secrets: [...typed.secrets, "first choice", "second choice"] };
  const differs = await household.treehouse(["account", "passwd", "--json"], differing);
  expect(JSON.parse(differs.err).error.code).toBe("passwordsDiffer");
  const secrets = [...typed.secrets, password, password];
  expect((await household.treehouse(["account", "passwd"], { ...typed, secrets })).exit).toBe(0);
  expect((await household.treehouse(["account", "login"])).exit).toBe(0);
});

test("R-043 blocking and unblocking are told to nobody", async () => {
  const before = await json("contact", "ls");
  expect(await bob("contact", "block", "alice@localhost")).toMatchObject({ state: "blocked" });
  expect(await json("contact", "ls")).toEqual(before);
  const adding = await household.treehouse(["group", "create", "No", "--add", "bob@localhost"]);
  expect(adding).toMatchObject({ exit: 1, err: expect.stringContaining("(noConsent)") });
  expect(adding.err).not.toMatch(/block/i);
  const request = ["--context", "bob", "contact", "request", "alice@localhost", "--json"];
  const refused = await household.treehouse(request);
  expect(JSON.parse(refused.err)).toMatchObject({ error: { code: "notAllowed" }, exit: 1 });
  expect(await bob("contact", "unblock", "alice@localhost")).not.toMatchObject({
    state: "blocked",
  });
});

test.for<readonly [string, readonly string[], readonly [number, string]]>([
  ["oneself", ["request", "alice@localhost"], [1, "notAllowed"]],
  ["a user that there is not", ["request", "nobody@localhost"], [8, "unknownUser"]],
  ["no address", ["block", "bob"], [1, "malformed"]],
  ["nothing to accept", ["accept", "nobody@localhost"], [8, "notFound"]],
  [
    "too long a note",
    ["request", "bob@localhost", "--note", "x".repeat(257)],
    [1, "limitExceeded"],
  ],
  [
    "another server, of which there is none",
    ["find", "bob@elsewhere.test"],
    [3, "peerUnreachable"],
  ],
])("%s is refused in words, with its exit code", async ([, args, [exit, code]]) => {
  const ran = await household.treehouse(["contact", ...args, "--json"]);
  expect(JSON.parse(ran.err)).toMatchObject({ error: { code }, exit });
});

test("R-029 an account is deleted by its address and password, with its context and store", async () => {
  const { out } = await household.treehouse(["admin", "invite", "create"]);
  const dora = ["--context", "dora"];
  await json(...dora, "account", "register", "dora@localhost", "--invite", out.trim());
  const refused = async (args: readonly string[], input = "") => {
    const ran = await household.treehouse([...dora, "account", "delete", ...args, "--json"], {
      input,
    });
    return JSON.parse(ran.err).error.code;
  };
  expect(await refused(["bob@localhost"])).toBe("accountMismatch");
  expect(await refused(["dora@localhost", "--password-stdin"], "wrong\n")).toBe("loginFailed");
  const store = join(household.home, "dora.sqlite");
  expect(existsSync(store)).toBe(true);
  expect(await json(...dora, "account", "delete", "dora@localhost")).toMatchObject({
    address: "dora@localhost",
    deleted: ["", "-wal", "-shm", ".key", ".parts"].map((end) => `${store}${end}`),
  });
  expect(existsSync(store)).toBe(false);
  const gone = await household.treehouse([...dora, "account", "whoami"]);
  expect(gone.exit).toBe(8);
  const found = await household.treehouse(["contact", "find", "dora@localhost"]);
  expect(found.exit).toBe(8);
});

test("R-038 R-039 R-040 R-050 who is there and who writes is chosen, watched and listed", async () => {
  await json("contact", "request", "bob@localhost");
  await bob("contact", "accept", "alice@localhost");
  await json("send", "bob@localhost", "hello");
  await bob("tail");
  const chosen = { state: "dnd", activity: "in a meeting", until: null };
  const seen: string[] = [];
  const enough = new AbortController();
  const watching = household.treehouse(["--context", "bob", "presence", "watch", "--jsonl"], {
    interrupted: enough.signal,
    heard: (text) => void seen.push(text),
  });
  while (seen.length === 0) {
    expect(await json("presence", "set", "dnd", "--activity", "in a meeting")).toEqual(chosen);
  }
  const told = { event: "presence", address: "alice@localhost", ...chosen };
  expect(JSON.parse(seen[0] ?? "")).toEqual(told);
  // Whoever comes asks, and is answered by who is there.
  const asked = await household.treehouse(["presence", "watch", "--limit", "1", "--jsonl"]);
  expect(JSON.parse(asked.out)).toMatchObject({ address: "bob@localhost", state: "online" });
  enough.abort();
  await watching;

  const heard: string[] = [];
  const interrupt = new AbortController();
  const tailing = household.treehouse(
    ["--context", "bob", "tail", "--follow", "--presence", "--jsonl"],
    {
      interrupted: interrupt.signal,
      heard: (text) => {
        if (text.includes('"typing"')) heard.push(text);
      },
    },
  );
  const listed = await household.treehouse(["presence", "ls", "--wait", "1", "--jsonl"]);
  expect(listed.exit).toBe(0);
  while (heard.length === 0) {
    expect(await json("typing", "bob@localhost")).toMatchObject({ told: true });
  }
  interrupt.abort();
  expect((await tailing).out).toContain('"event":"typing"');
  expect(await json("account", "set", "typing", "off")).toMatchObject({ typing: false });
  expect(await json("typing", "bob@localhost")).toMatchObject({ told: false });

  const wrong = await household.treehouse(["presence", "set", "away", "--json"]);
  expect(JSON.parse(wrong.err).error).toMatchObject({ code: "malformed" });
  const minutes = await json("presence", "set", "online", "--activity", "tea", "--for", "5");
  expect(JSON.parse(JSON.stringify(minutes)).until).toBeGreaterThan(Date.now());
  expect(await json("presence", "set", "invisible")).toMatchObject({ state: "invisible" });
});

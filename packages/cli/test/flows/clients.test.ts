import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";

import { type Household, openHousehold } from "../world/household.ts";

let household: Household;

beforeAll(async () => {
  household = await openHousehold();
  await household.json("account", "register", "alice@localhost", "--invite", household.invite);
});

afterAll(() => household[Symbol.asyncDispose]());

const keySchema = z.object({ recoveryKey: z.string() });

test("R-027 a recovery key is made, checked, and gives the account back on another machine", async () => {
  const { json, treehouse } = household;
  const warned = await treehouse(["account", "whoami"]);
  expect(warned.err).toContain("treehouse client recovery create");
  expect(await json("client", "recovery", "status")).toMatchObject({ exists: false });

  const made = await treehouse(["client", "recovery", "create"]);
  expect(made).toMatchObject({ exit: 0, err: expect.stringContaining("not shown again") });
  const first = made.out.trim();
  const by = (key: string) => ({ env: { TREEHOUSE_RECOVERY_KEY: key } });
  const renewed = await treehouse(
    ["client", "recovery", "create", "--old-key", "--json"],
    by(first),
  );
  const { recoveryKey } = keySchema.parse(JSON.parse(renewed.out));
  expect((await treehouse(["account", "whoami"])).err).toBe("");
  expect(await json("client", "recovery", "status")).toMatchObject({
    exists: true,
    state: "inStep",
  });

  const check = ["client", "recovery", "check"];
  expect(await treehouse(check, by(recoveryKey))).toMatchObject({ exit: 0 });
  const stdin = { input: `${recoveryKey.toLowerCase()}\n` };
  expect(await treehouse([...check, "--key-stdin"], stdin)).toMatchObject({ exit: 0 });
  const replaced = { exit: 4, err: expect.stringContaining("later one has replaced it") };
  expect(await treehouse(check, by(first))).toMatchObject(replaced);
  const slip = `${recoveryKey.startsWith("A") ? "B" : "A"}${recoveryKey.slice(1)}`;
  const mistyped = { exit: 1, err: expect.stringContaining("a character is mistyped") };
  expect(await treehouse(check, by(slip))).toMatchObject(mistyped);

  const restore = ["--context", "new", "client", "recovery", "restore", "alice@localhost"];
  const restored = await treehouse(restore, by(recoveryKey));
  expect(restored).toMatchObject({ exit: 0, out: "Restored alice@localhost on this machine.\n" });
  expect(restored.err).toContain("treehouse --context new account passwd --recovery-key");
  const passwd = ["--context", "new", "account", "passwd", "--recovery-key"];
  const hands = { ...by(recoveryKey), input: "a password that is new\n" };
  const set = await treehouse([...passwd, "--new-password-stdin"], hands);
  expect(set).toMatchObject({ exit: 0 });
  const env = { TREEHOUSE_PASSWORD: "a password that is new" };
  expect(await treehouse(["account", "login"])).toMatchObject({ exit: 4 });
  expect(await treehouse(["account", "login"], { env })).toMatchObject({ exit: 0 });
});

/** `client add` on another machine, and what it shows. */
async function adding(context: string, ...options: readonly string[]) {
  const { promise: shown, resolve, reject } = Promise.withResolvers<string>();
  const args = ["--context", context, "client", "add", "alice@localhost", ...options];
  const ended = household.treehouse(args, {
    told: (text) => {
      const [, code] = /client approve (\S+)/.exec(text) ?? [];
      if (code !== undefined) resolve(code);
    },
  });
  ended.then(({ err }) => reject(new Error(err)), reject);
  return { ended, code: await shown };
}

test("R-027 a new machine shows a code, and an old one lets it in when it is told to", async () => {
  const { json, treehouse } = household;
  const env = { TREEHOUSE_PASSWORD: "" };
  await json("group", "create", "Tea");
  const first = await adding("tablet");
  expect(first.code).toMatch(/^\w{4}-\w{3}-\w{3}$/);
  const unasked = await treehouse(["client", "approve", first.code], { env });
  expect(unasked).toMatchObject({ exit: 1, err: expect.stringContaining("--yes") });
  const approved = await treehouse(["client", "approve", first.code, "--yes"], { env });
  expect(approved).toMatchObject({ exit: 0, out: expect.stringContaining("Let in mimi://") });
  expect(approved.err).toContain('calls itself "Treehouse CLI on');
  expect(await first.ended).toMatchObject({
    exit: 0,
    out: "This machine is a client of alice@localhost.\n",
  });
  // Once it is a client it is in the conversations, too: the next command finds them.
  expect(await json("--context", "tablet", "group", "ls")).toMatchObject({
    conversations: [{ name: "Tea", status: "joined" }],
  });

  const second = await adding("phone", "--qr");
  expect(second.code).toMatch(/^treehouse-approve:1:localhost:\w{4}:[\w-]{43}$/);
  const hands = { env, atTerminal: true, secrets: [second.code], input: "no\n" };
  const declined = await treehouse(["client", "approve"], hands);
  expect(declined).toMatchObject({ exit: 1, err: expect.stringContaining("was not let in") });
  expect(await second.ended).toMatchObject({ exit: 4, err: expect.stringContaining("declined") });
  // What came to nothing leaves no context behind.
  expect(await treehouse(["--context", "phone", "account", "whoami"])).toMatchObject({ exit: 8 });
  const third = await adding("phone", "--code");
  const agreed = { ...hands, secrets: [third.code], input: "y\n" };
  expect(await treehouse(["client", "approve"], agreed)).toMatchObject({ exit: 0 });
  expect(await third.ended).toMatchObject({ exit: 0 });
});

/** `treehouse account reset`, with a real server and a real mailbox. */
import { afterAll, beforeAll, expect, test } from "vitest";

import {
  codeIn,
  type Mailbox,
  openMailbox,
  tokenIn,
} from "../../../../homeserver/test/people/mailbox.ts";
import { type Household, openHousehold } from "../world/household.ts";

const email = "alice@mail.example";
let mailbox: Mailbox;
let household: Household;

beforeAll(async () => {
  mailbox = await openMailbox();
  household = await openHousehold({ smtpUrl: mailbox.url });
  await household.json("account", "register", "alice@localhost", "--invite", household.invite);
});

afterAll(async () => {
  await household[Symbol.asyncDispose]();
  await mailbox[Symbol.asyncDispose]();
});

const json = (...args: string[]) => household.json(...args);
const reset = (context: string, ...args: string[]) =>
  household.treehouse(["--context", context, "account", "reset", ...args]);

async function mailed(): Promise<string> {
  const before = mailbox.mails.length;
  expect(await json("account", "reset", "--email", email)).toEqual({
    account: "alice@localhost",
    email,
  });
  for (let index = before; ; index += 1) {
    const found = tokenIn(await mailbox.arrival(index));
    if (found !== "none") return found;
  }
}

test("R-025 an account comes back by e-mail, after its client had the time to stop it", async () => {
  await json("account", "email", "set", email);
  await json("account", "email", "confirm", codeIn(mailbox.mails[0]));
  expect(await json("--context", "again", "init", "alice@localhost")).toMatchObject({
    name: "again",
  });
  expect(await reset("alice")).toMatchObject({ exit: 1, err: expect.stringContaining("--email") });
  const waits = await reset("again", "--token", await mailed());
  expect(waits).toMatchObject({ exit: 5, err: expect.stringContaining("time to stop") });
  expect(await json("account", "reset", "--status")).toEqual({ waitsUntil: expect.any(Number) });
  expect(await json("account", "reset", "--cancel")).toEqual({ waitsUntil: null });
  expect(await json("account", "reset", "--status")).toEqual({ waitsUntil: null });
  await json("account", "logout");
  const token = await mailed();
  const wrong = await reset("again", "--token", `${token.slice(1)}A`);
  expect(wrong).toMatchObject({ exit: 4, err: expect.stringContaining("reset --email") });
  const fresh = { env: { TREEHOUSE_PASSWORD: "another horse and battery" }, input: token };
  const back = ["--context", "again", "account", "reset", "--token-stdin", "--json"];
  expect(await household.treehouse(back, fresh)).toMatchObject({ exit: 0 });
  expect(await json("--context", "again", "account", "whoami")).toMatchObject({
    address: "alice@localhost",
  });
  // The former client is nobody's any more.
  expect(await household.treehouse(["account", "login"])).toMatchObject({ exit: 4 });
  const former = await household.treehouse(["account", "login"], fresh);
  expect(former.exit).not.toBe(0);
});

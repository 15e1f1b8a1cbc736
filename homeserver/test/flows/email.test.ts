/** An account's e-mail address, with a real SMTP server on loopback. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { emailAnswerSchema, paths } from "@treehouse/protocol";
import { expect, test } from "vitest";
import { FACTOR_LIMITS } from "../../src/factors/limits.ts";
import { ask, askProved } from "../people/ask.ts";
import type { Answer } from "../people/ask.ts";
import { codeIn, openMailbox } from "../people/mailbox.ts";
import { createPerson } from "../people/person.ts";
import { openSmallServer } from "../people/small-server.ts";
import type { SmallServer } from "../people/small-server.ts";

/** Somebody with a session, who can change the account's address. */
async function person(server: SmallServer, name: string) {
  const who = createPerson(name);
  const { token } = (await server.authentication.enrol(who)).session;
  const act = (path: string, json?: unknown, method: "POST" | "DELETE" = "POST") =>
    askProved(who, server.url, path, { method, token, ...(json ? { json } : {}) });
  return {
    token,
    set: (address: string) => act(paths.email(), { address }),
    confirm: (code: string) => act(paths.emailConfirm(), { code }),
    remove: () => act(paths.email(), undefined, "DELETE"),
    info: async (at = server) =>
      emailAnswerSchema.parse((await ask(at.url, paths.email(), { token })).json),
  };
}

const codeOf = ({ refusal, status }: Answer) => refusal?.code ?? status;
const wrong = (code: string) => (code.startsWith("1") ? `2${code.slice(1)}` : `1${code.slice(1)}`);

test("R-022 an address is the account's once the mailed code was shown, and its former one is told", async () => {
  await using mailbox = await openMailbox();
  await using server = await openSmallServer({ smtpUrl: mailbox.url });
  const alice = await person(server, "alice");
  expect(codeOf(await alice.set("alice@mail.example"))).toBe(204);
  const [mail] = mailbox.mails;
  expect(mail).toMatchObject({ to: "alice@mail.example", from: "chat@example.org" });
  expect(await alice.info()).toEqual({ pending: "alice@mail.example", available: true });
  expect(codeOf(await alice.confirm(wrong(codeIn(mail))))).toBe("factorInvalid");
  expect(codeOf(await alice.confirm(codeIn(mail)))).toBe(204);
  expect(await alice.info()).toEqual({ address: "alice@mail.example", available: true });
  expect(codeOf(await alice.confirm(codeIn(mail)))).toBe("factorInvalid");

  await alice.set("new@mail.example");
  expect((await alice.info()).address).toBe("alice@mail.example");
  await alice.confirm(codeIn(mailbox.mails[1]));
  expect((await alice.info()).address).toBe("new@mail.example");
  expect(mailbox.mails[2]).toMatchObject({ to: "alice@mail.example" });
  expect(mailbox.mails[2]?.content).not.toContain("new@mail.example");
  expect(codeOf(await alice.remove())).toBe(204);
  expect(await alice.info()).toEqual({ available: true });
});

test("R-022 a code ends with its time, with five wrong ones, and with the next code", async () => {
  await using mailbox = await openMailbox();
  await using server = await openSmallServer({ smtpUrl: mailbox.url });
  const alice = await person(server, "alice");
  await alice.set("a@mail.example");
  server.advance(FACTOR_LIMITS.emailCodeMs);
  expect(codeOf(await alice.confirm(codeIn(mailbox.mails[0])))).toBe("factorInvalid");
  await alice.set("b@mail.example");
  const code = codeIn(mailbox.mails[1]);
  for (let count = 0; count < FACTOR_LIMITS.triesMax; count += 1) await alice.confirm(wrong(code));
  expect(codeOf(await alice.confirm(code))).toBe("factorInvalid");
  await alice.set("c@mail.example");
  expect(codeOf(await alice.confirm(code))).toBe("factorInvalid");
  await alice.set("d@mail.example");
  const limited = await alice.set("e@mail.example");
  expect([codeOf(limited), limited.refusal?.data.limitName]).toEqual([
    "rateLimited",
    "emailPerUser",
  ]);
  expect(mailbox.mails).toHaveLength(4);
});

test("R-022 whose an address is nobody learns, and no mailbox is flooded", async () => {
  await using mailbox = await openMailbox();
  await using server = await openSmallServer({ smtpUrl: mailbox.url });
  const people = await Promise.all(
    ["alice", "bob", "carol", "dave"].map((name) => person(server, name)),
  );
  const answers: Answer[] = [];
  for (const [index, each] of people.entries()) {
    answers.push(await each.set("Shared@mail.example"));
    if (index === 0) await each.confirm(codeIn(mailbox.mails[0]));
  }
  expect(answers.map(codeOf)).toEqual([204, 204, 204, "rateLimited"]);
  expect(answers[3]?.refusal?.data.limitName).toBe("emailPerMailbox");
  expect(mailbox.mails).toHaveLength(3);
  const eve = await person(server, "eve");
  for (const address of ["x", "a@b.example\r\nBcc: c@d.example", "a@b.example,c@d.example"]) {
    expect(codeOf(await eve.set(address))).toBe("malformed");
  }
});

test("R-022 a copy of the database has neither address nor code, and a new key seals them anew", async () => {
  await using mailbox = await openMailbox();
  const server = await openSmallServer({ smtpUrl: mailbox.url });
  const alice = await person(server, "alice");
  await alice.set("canary-address@mail.example");
  await alice.confirm(codeIn(mailbox.mails[0]));
  await alice.set("canary-pending@mail.example");
  const content = () =>
    Buffer.concat(
      ["treehouse.sqlite", "treehouse.sqlite-wal"].map((name) =>
        readFileSync(join(server.folder, name)),
      ),
    );
  expect(content().includes("factors_emails")).toBe(true);
  for (const text of ["canary", codeIn(mailbox.mails[1])])
    expect(content().includes(text)).toBe(false);
  expect(server.logLines.join("").includes("canary")).toBe(false);
  const path = `${server.folder}.keys`;
  const fresh = `${"cd".repeat(32)}\n`;
  writeFileSync(path, fresh + readFileSync(path, "utf8"));
  const turned = await server.restart();
  writeFileSync(path, fresh);
  await using again = await turned.restart();
  expect(await alice.info(again)).toMatchObject({
    address: "canary-address@mail.example",
    pending: "canary-pending@mail.example",
  });
});

test("a mail that is not taken is told, and without a mail server nothing is promised", async () => {
  await using mailbox = await openMailbox();
  await using server = await openSmallServer({ smtpUrl: mailbox.url });
  const alice = await person(server, "alice");
  mailbox.refuse();
  const refused = await alice.set("alice@mail.example");
  expect([codeOf(refused), refused.headers.get("retry-after")]).toEqual(["unavailable", "60"]);
  await using without = await openSmallServer();
  const bob = await person(without, "bob");
  expect(codeOf(await bob.set("bob@mail.example"))).toBe("unsupported");
  expect(await bob.info()).toEqual({ available: false });
});

/** A forgotten password: the account comes back by e-mail, without its keys. */
import {
  ACCOUNT_EVENTS,
  accountDataListSchema,
  contactResetSchema,
  emailAnswerSchema,
  entriesPageCodec,
  fromBase64Url,
  inboxEntryCodec,
  nameOf,
  paths,
  registrationFinishAnswerSchema,
  resetAnswerSchema,
  signedClientListCodec,
  toBase64Url,
  totpStartAnswerSchema,
  userUri,
  type UserUri,
  utf8Decode,
} from "@treehouse/protocol";
import { Secret, TOTP } from "otpauth";
import { expect, test } from "vitest";
import { RESET_LIMITS } from "../../src/authentication/reset/index.ts";
import { type Answer, ask, askProved } from "../people/ask.ts";
import { enrol, type Holder } from "../people/holder.ts";
import { codeIn, type Mailbox, openMailbox, tokenIn } from "../people/mailbox.ts";
import { createPerson, type Person } from "../people/person.ts";
import { beginReset, tryReset } from "../people/reset.ts";
import { register, tryLogin } from "../people/sign-in.ts";
import { openSmallServer, type SmallServer } from "../people/small-server.ts";
import { act, openTwoServers, stateOf } from "../people/two-servers.ts";

const [password, fresh] = ["correct horse battery staple", "another horse and battery"];
const address = "alice@mail.example";
const codeOf = ({ refusal, status }: Answer) => refusal?.code ?? status;

/** How long is to be waited; the server's clock goes on while the test runs. */
const hoursOf = ({ refusal }: Answer) => Math.ceil((refusal?.data.retryAfterMs ?? 0) / 3_600_000);

/** Alice, who has a password and a confirmed address; `forgets` ends her session. */
async function withAddress(server: SmallServer, mailbox: Mailbox, name = "alice") {
  const alice = createPerson(name, { domain: server.domain });
  const { session } = await register(server.url, alice, { password });
  const { token } = session;
  const proved = (path: string, json?: unknown, method: "POST" | "DELETE" = "POST") =>
    askProved(alice, server.url, path, { method, token, ...(json ? { json } : {}) });
  await proved(paths.email(), { address });
  const { length } = mailbox.mails;
  await proved(paths.emailConfirm(), { code: codeIn(mailbox.mails[length - 1]) });
  return {
    alice,
    token,
    proved,
    whose: { ...alice, password, proofDomain: server.domain },
    forgets: () => ask(server.url, paths.session(), { method: "DELETE", token }),
    /** The token of a mail that is asked for now. */
    mailed: async () => {
      const before = mailbox.mails.length;
      const json = { user: alice.user, address };
      expect(codeOf(await ask(server.url, paths.resetRequest(), { json }))).toBe(204);
      // What was mailed before it may come in between.
      for (let index = before; ; index += 1) {
        const found = tokenIn(await mailbox.arrival(index));
        if (found !== "none") return found;
      }
    },
    next: (given = {}) => createPerson(name, { domain: server.domain, ...given }),
  };
}

async function world() {
  const mailbox = await openMailbox();
  const server = await openSmallServer({ registration: "open", smtpUrl: mailbox.url });
  const parts = await withAddress(server, mailbox);
  const reset = (person: Person, token: string, code?: string) =>
    tryReset(server.url, person, { password: fresh, token, ...(code ? { code } : {}) });
  return {
    ...parts,
    mailbox,
    server,
    reset,
    [Symbol.asyncDispose]: async () => {
      await server[Symbol.asyncDispose]();
      await mailbox[Symbol.asyncDispose]();
    },
  };
}

test("R-025 T-37 a reset gives the account back, and nothing that former keys certified or sealed", async () => {
  await using parts = await world();
  const { alice, forgets, mailbox, mailed, next, reset, server, token, whose } = parts;
  const record = paths.accountDataRecord(toBase64Url(new Uint8Array(32)));
  const sealed = toBase64Url(new Uint8Array(100));
  await ask(server.url, record, { method: "PUT", token, json: { expectedVersion: 0, sealed } });
  await forgets();
  const person = next();
  const answer = await reset(person, await mailed());
  const finished = registrationFinishAnswerSchema.parse(answer.json);
  expect([answer.status, finished.client]).toEqual([201, person.client]);

  expect(codeOf(await tryLogin(server.url, whose))).toBe("loginFailed");
  const again = { ...person, password: fresh };
  expect(codeOf(await tryLogin(server.url, again))).toBe(200);
  expect(codeOf(await tryLogin(server.url, { ...alice, password: fresh }))).toBe("unknownClient");
  const own = { token: finished.session.token };
  const data = await ask(server.url, paths.accountData(), own);
  expect(accountDataListSchema.parse(data.json).records).toEqual([]);
  const email = await ask(server.url, paths.email(), own);
  expect(emailAnswerSchema.parse(email.json)).toMatchObject({ address });
  await server.database.read(async (tx) => {
    const { authentication } = server;
    const list = signedClientListCodec.decode(fromBase64Url(finished.clientList));
    expect(list.certificate.identityKey).toEqual(person.identityKeys.publicKey);
    expect(await authentication.clientKey(tx, alice.client)).toBeUndefined();
    expect(await authentication.clientList(tx, alice.user)).toEqual(
      fromBase64Url(finished.clientList),
    );
  });
  expect((await mailbox.arrival(2)).content).toContain("was reset");
});

test("R-025 a token holds once, for 15 minutes, and the newest alone; a copy of the database has none", async () => {
  await using parts = await world();
  const { forgets, mailed, next, reset, server } = parts;
  await forgets();
  const [first, second] = [await mailed(), await mailed()];
  expect(codeOf(await reset(next(), first))).toBe("resetInvalid");
  for (const guess of ["", "x", `${second}x`, second.slice(1), "A".repeat(43)]) {
    const code = codeOf(await reset(next(), guess));
    expect({ guess, code }).toEqual({ guess, code: guess === "" ? "malformed" : "resetInvalid" });
  }
  const stored = await server.database.read(async (tx) =>
    JSON.stringify(
      server.database
        .sql(tx)
        .$client.prepare("SELECT name, hex(token_hash) FROM authentication_resets ORDER BY 1")
        .all(),
    ),
  );
  expect(stored).toContain("alice");
  expect(stored.toLowerCase()).not.toContain(Buffer.from(second).toString("hex"));
  expect(stored.toLowerCase()).not.toContain(Buffer.from(second, "base64url").toString("hex"));
  const halves = await beginReset(server.url, next(), { password: fresh, token: second });
  const [won, lost] = await Promise.all([
    ask(server.url, paths.resetFinish(), { json: halves.finish }),
    reset(next(), second),
  ]);
  expect(new Set([won, lost].map(codeOf))).toEqual(new Set([201, "resetInvalid"]));
  expect(codeOf(await reset(next(), second))).toBe("resetInvalid");
  server.advance(RESET_LIMITS.activeMs);
  const late = await mailed();
  server.advance(RESET_LIMITS.tokenMs);
  expect(codeOf(await reset(next(), late))).toBe("resetInvalid");
  await server.runJobs();
  expect(
    await server.database.read(async (tx) =>
      server.database
        .sql(tx)
        .$client.prepare("SELECT count(*) FROM authentication_resets")
        .pluck()
        .get(),
    ),
  ).toBe(0);
});

test("R-025 while a client is in use, a reset waits, and any client can stop it", async () => {
  await using parts = await world();
  const { mailbox, mailed, next, proved, reset, server, token, whose } = parts;
  const status = async () =>
    resetAnswerSchema.parse((await ask(server.url, paths.reset(), { token })).json);
  expect(await status()).toEqual({});
  const waits = await reset(next(), await mailed());
  expect([codeOf(waits), hoursOf(waits)]).toEqual(["resetWaiting", 24]);
  expect(await status()).toEqual({ waitsUntil: expect.any(Number) });
  expect((await mailbox.arrival(2)).content).toContain("waits to be reset");
  // A session's token alone stops nothing.
  expect(codeOf(await ask(server.url, paths.reset(), { method: "DELETE", token }))).toBe(
    "proofRequired",
  );
  expect(codeOf(await proved(paths.reset(), undefined, "DELETE"))).toBe(204);
  expect((await mailbox.arrival(3)).content).toContain("was stopped");
  expect(await status()).toEqual({});
  server.advance(RESET_LIMITS.delayMs);
  const after = await reset(next(), await mailed());
  expect(codeOf(after)).toBe("resetWaiting");
  server.advance(RESET_LIMITS.delayMs / 2);
  expect(hoursOf(await reset(next(), await mailed()))).toBe(12);
  server.advance(RESET_LIMITS.delayMs / 2);
  const person = next({ now: server.now() });
  expect(codeOf(await reset(person, await mailed()))).toBe(201);
  expect(codeOf(await ask(server.url, paths.session(), { token }))).toBe("sessionEnded");
  expect(codeOf(await tryLogin(server.url, whose))).toBe("loginFailed");
});

test("R-025 T-09 the former keys, or a client of theirs, do not come back as the new ones", async () => {
  await using parts = await world();
  const { alice, forgets, mailed, next, reset, server } = parts;
  await forgets();
  const token = await mailed();
  expect(codeOf(await reset(alice, token))).toBe("identityInvalid");
  expect(codeOf(await reset(next({ client: alice.client }), token))).toBe("identityInvalid");
  expect(codeOf(await reset(next({ clientKeys: alice.clientKeys }), token))).toBe(
    "identityInvalid",
  );
  const mallory = createPerson("mallory", { domain: server.domain });
  expect(codeOf(await reset(mallory, token))).toBe("identityInvalid");
  expect(codeOf(await reset(next(), token))).toBe(201);
});

test("R-025 R-024 a mailbox does not stand for the second factor", async () => {
  await using parts = await world();
  const { forgets, mailed, next, proved, reset, server } = parts;
  const { secret } = totpStartAnswerSchema.parse((await proved(paths.totp())).json);
  const app = new TOTP({ secret: Secret.fromBase32(secret) });
  const code = () => app.generate({ timestamp: server.now() });
  await proved(paths.totpConfirm(), { code: code() });
  server.advance(60_000);
  await forgets();
  const token = await mailed();
  expect(codeOf(await reset(next(), token))).toBe("factorRequired");
  expect(codeOf(await reset(next(), token, "000000"))).toBe("factorInvalid");
  expect(codeOf(await reset(next(), token, code()))).toBe(201);
});

test("R-025 known and unknown accounts and addresses are answered alike, and nobody is flooded", async () => {
  await using parts = await world();
  const { alice, mailbox, server } = parts;
  const unknown = userUri(server.domain, "nobody");
  const seen: unknown[] = [];
  for (const json of [
    { user: alice.user, address },
    { user: unknown, address },
    { user: alice.user, address: "other@mail.example" },
  ]) {
    server.advance(3_600_000);
    const answer = await ask(server.url, paths.resetRequest(), { json });
    const names = [...answer.headers.keys()].toSorted();
    seen.push({ status: answer.status, names, length: answer.bytes.length });
  }
  expect(seen).toEqual([seen[0], seen[0], seen[0]]);
  await mailbox.arrival(1);
  expect(mailbox.mails.map(({ to }) => to)).toEqual([address, address]);
  server.advance(3_600_000);
  const ask4 = async (user: string) => {
    const answers = [];
    for (let count = 0; count < 4; count += 1) {
      answers.push(await ask(server.url, paths.resetRequest(), { json: { user, address } }));
    }
    return answers.map((answer) => [codeOf(answer), answer.headers.get("retry-after")]);
  };
  const known = await ask4(alice.user);
  server.advance(3_600_000);
  expect(await ask4(unknown)).toEqual(known);
  expect(known.at(-1)).toEqual(["rateLimited", "1200"]);
  await using without = await openSmallServer();
  const json = { user: unknown, address };
  expect(codeOf(await ask(without.url, paths.resetRequest(), { json }))).toBe("unsupported");
});

test("R-025 FED-971 everybody who has to do with the user is told once, here and elsewhere", async () => {
  await using mailbox = await openMailbox();
  const companions: UserUri[] = [];
  await using both = await openTwoServers({
    registration: "open",
    smtpUrl: mailbox.url,
    rooms: (domain) => ({
      deleteUser: async () => [],
      companionsOf: async (_tx, user) =>
        domain === "b.example" || nameOf(user) === "alice" ? companions : [],
      shares: async () => false,
      revokeClient: async () => [],
    }),
  });
  const { a, b } = both;
  const { alice, forgets, mailed, next } = await withAddress(a, mailbox);
  const [carol, dave, eve] = [
    await enrol(a, "carol"),
    await enrol(a, "dave"),
    await enrol(a, "eve"),
  ];
  const [bob, frank] = [await enrol(b, "bob"), await enrol(b, "frank")];
  await act(a, carol, "request", alice.user);
  await act(b, bob, "request", alice.user);
  await act(a, eve, "block", alice.user);
  // Dave and Frank are nobody's contacts, and share a room with Alice; so does Carol.
  companions.push(carol.user, dave.user, frank.user, bob.user);
  await both.deliver();
  await forgets();
  const person = next();
  const token = await mailed();
  expect(codeOf(await tryReset(a.url, person, { password: fresh, token }))).toBe(201);
  expect(both.line.map(({ to, item }) => `${to} ${item.kind}`)).toEqual(["b.example userReset"]);
  await both.deliver();
  for (const [server, who, told] of [
    [a, carol, 1],
    [a, dave, 1],
    [a, eve, 0],
    [b, bob, 1],
    [b, frank, 1],
  ] as const) {
    const notices = await noticesOf(server, who);
    const identityKey = toBase64Url(person.identityKeys.publicKey);
    const notice = { user: alice.user, identityKey };
    expect({ who: who.name, notices }).toEqual({
      who: who.name,
      notices: told === 1 ? [notice] : [],
    });
  }
  expect(await stateOf(a, carol, alice.user)).toBe("requested");
  const hear = (server: SmallServer, peer: typeof a.domain) =>
    server.database.transaction((tx) =>
      server.authentication.userReset(tx, peer, {
        user: alice.user,
        resetAt: 1,
        identityKey: new Uint8Array(32),
      }),
    );
  expect(await hear(a, a.domain)).toEqual({ rejected: "notAllowed" });
  expect(await hear(a, b.domain)).toEqual({ rejected: "notAllowed" });
});

/** What is said of resets in somebody's inbox. */
async function noticesOf(server: SmallServer, who: Holder): Promise<readonly unknown[]> {
  const path = paths.entries(who.client, { after: 0, limit: 256 });
  const { bytes } = await ask(server.url, path, { token: who.token });
  const entries = entriesPageCodec
    .decode(bytes)
    .entries.map((entry) => inboxEntryCodec.decode(entry));
  return entries.flatMap((entry) => {
    if (entry.kind !== "accountEvent" || entry.event.name !== ACCOUNT_EVENTS.contactReset)
      return [];
    return [contactResetSchema.parse(JSON.parse(utf8Decode(entry.event.data)))];
  });
}

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import {
  fromBase64Url,
  LIMITS,
  loginStartAnswerSchema,
  mintClientUri,
  parseDomain,
  paths,
  RATE_LIMITS,
  signedClientListCodec,
  toBase64Url,
  userAnswerSchema,
  userUri,
} from "@treehouse/protocol";
import fc from "fast-check";
import { expect, test } from "vitest";
import { LOGIN_TRIES } from "../../src/authentication/login/index.ts";
import { ask, askProved } from "../people/ask.ts";
import { createPerson, type Person, testCrypto } from "../people/person.ts";
import { beginLogin, login, type Login, register, tryLogin } from "../people/sign-in.ts";
import { openSmallServer } from "../people/small-server.ts";

const password = "correct horse battery staple";

test("R-020 whoever is wrong about the password or the key gets no session", async () => {
  await using server = await openSmallServer({ registration: "open" });
  const [alice, bob] = [createPerson("alice"), createPerson("bob")];
  await register(server.url, alice, { password });
  await register(server.url, bob, { password: "another password" });
  const right: Login = { ...alice, password };
  const wrong: readonly (readonly [string, Partial<Login>, string])[] = [
    ["a wrong password", { password: "wrong" }, "loginFailed"],
    ["another client's key", { clientKeys: bob.clientKeys }, "loginFailed"],
    ["another user's client", { client: bob.client }, "unknownClient"],
    ["a client that is not listed", { client: mintOf(alice) }, "unknownClient"],
    ["another client in the second half", { finishClient: bob.client }, "loginFailed"],
    [
      "a user of another server",
      { user: userUri(parseDomain("example.net"), "alice") },
      "loginFailed",
    ],
  ];
  for (const [what, change, code] of wrong) {
    const answer = await tryLogin(server.url, { ...right, ...change });
    expect([what, answer.refusal?.code]).toEqual([what, code]);
    server.advance(LOGIN_TRIES.waitMostMs);
  }
  await login(server.url, right);
});

test("T-12 FED-309 a login proof is good for this server, this login and this client, once", async () => {
  await using server = await openSmallServer({ registration: "open" });
  const alice = createPerson("alice");
  await register(server.url, alice, { password });
  const right: Login = { ...alice, password };
  const relayed: readonly (readonly [string, Partial<Login>])[] = [
    ["made for another server", { proofDomain: "example.net" }],
    ["made for another login", { proofLoginId: toBase64Url(new Uint8Array(16)) }],
    ["made for another client", { proofClient: mintOf(alice) }],
  ];
  for (const [what, change] of relayed) {
    const answer = await tryLogin(server.url, { ...right, ...change });
    expect([what, answer.refusal?.code]).toEqual([what, "loginFailed"]);
  }

  const { finish } = await beginLogin(server.url, right);
  expect((await ask(server.url, paths.loginFinish(), { json: finish })).status).toBe(200);
  const replayed = await ask(server.url, paths.loginFinish(), { json: finish });
  expect(replayed.refusal?.code).toBe("loginFailed");

  const other = await beginLogin(server.url, right);
  const mixed = { ...finish, loginId: other.finish["loginId"] };
  const answer = await ask(server.url, paths.loginFinish(), { json: mixed });
  expect(answer.refusal?.code).toBe("loginFailed");
});

test("a failed or expired login cannot be taken up again", async () => {
  await using server = await openSmallServer({ registration: "open" });
  const alice = createPerson("alice");
  await register(server.url, alice, { password });
  const { finish } = await beginLogin(server.url, { ...alice, password });
  const spoiled = { ...finish, proof: toBase64Url(new Uint8Array(64)) };
  for (const json of [spoiled, finish]) {
    const answer = await ask(server.url, paths.loginFinish(), { json });
    expect(answer.refusal?.code).toBe("loginFailed");
  }
  const late = await beginLogin(server.url, { ...alice, password });
  server.advance(LIMITS.loginLifetimeMs);
  const answer = await ask(server.url, paths.loginFinish(), { json: late.finish });
  expect(answer.refusal?.code).toBe("loginFailed");
});

test("R-022 nobody learns by logging in who exists: the answers have one shape", async () => {
  await using server = await openSmallServer({ registration: "open" });
  const alice = createPerson("alice");
  const bot = createPerson("bot");
  await register(server.url, alice, { password });
  await server.authentication.enrol(bot);
  const shapes: unknown[] = [];
  for (const person of [alice, bot, createPerson("nobody")]) {
    const whose: Login = { ...person, password: "wrong" };
    const { started, finish } = await beginLogin(server.url, whose);
    const { loginId, loginResponse } = loginStartAnswerSchema.parse(started.json);
    const finished = await ask(server.url, paths.loginFinish(), { json: finish });
    shapes.push({
      started: [started.status, headersOf(started.headers), loginId.length, loginResponse.length],
      finished: [finished.status, headersOf(finished.headers), finished.json],
    });
  }
  expect(shapes[1]).toEqual(shapes[0]);
  expect(shapes[2]).toEqual(shapes[0]);
});

test("R-022 the password is in no file and no log line, where the user's name is found", async () => {
  await using server = await openSmallServer({ registration: "open" });
  const canary = "canary-7f3a9c-password";
  const alice = createPerson("alice-control-name");
  await register(server.url, alice, { password: canary });
  const { token } = (await login(server.url, { ...alice, password: canary })).session;
  const logins = process.env["TREEHOUSE_SCALE"] === "full" ? 1_000 : 20;
  for (let count = 0; count < logins; count += 1) {
    server.advance(60_000);
    await login(server.url, { ...alice, password: canary });
    await tryLogin(server.url, { ...alice, password: `${canary}-wrong` });
  }
  const restarted = await server.restart();
  const files = readdirSync(restarted.folder).map((name) =>
    readFileSync(join(restarted.folder, name)),
  );
  const everything = Buffer.concat([...files, Buffer.from(restarted.logLines.join("\n"))]);
  expect(everything.includes("alice-control-name")).toBe(true);
  for (const secret of [canary, Buffer.from(canary).toString("base64url"), token]) {
    expect(everything.includes(secret)).toBe(false);
  }
  await restarted[Symbol.asyncDispose]();
});

test("accounts, sessions and the server's own keys outlive a restart", async () => {
  await using first = await openSmallServer({ registration: "open" });
  const alice = createPerson("alice");
  const { session } = await register(first.url, alice, { password });
  const keys = first.authentication.serverKeys();
  const second = await first.restart();
  expect(second.authentication.serverKeys()).toEqual(keys);
  expect((await ask(second.url, paths.session(), { token: session.token })).status).toBe(200);
  await login(second.url, { ...alice, password });
  await second[Symbol.asyncDispose]();
});

test("logins are limited by user and by network address", async () => {
  await using server = await openSmallServer();
  const limited = async (names: readonly string[]): Promise<number> => {
    for (const [count, name] of names.entries()) {
      const { started } = await beginLogin(server.url, { ...createPerson(name), password });
      if (started.refusal?.code === "rateLimited") return count;
    }
    return names.length;
  };
  const { loginPerAddress } = RATE_LIMITS;
  expect(await limited(Array<string>(LOGIN_TRIES.freeMax + 5).fill("alice"))).toBe(
    LOGIN_TRIES.freeMax,
  );
  expect(await limited(["bob"])).toBe(1);
  const others = Array.from({ length: loginPerAddress.count }, (_, index) => `user-${index}`);
  expect(await limited(others)).toBeLessThan(loginPerAddress.count);
});

test("R-026 a session that was ended is refused at once; the others of the user go on", async () => {
  await using server = await openSmallServer({ registration: "open" });
  const alice = createPerson("alice");
  const { session: first } = await register(server.url, alice, { password });
  const { session: second } = await login(server.url, { ...alice, password });
  const { session: third } = await login(server.url, { ...alice, password });
  const bob = createPerson("bob");
  const bobs = await server.authentication.enrol(bob);

  const list = await ask(server.url, paths.sessions(), { token: second.token });
  const sessions = listOf(list.json);
  expect(sessions.length).toBe(3);
  expect(sessions.filter(({ current }) => current).length).toBe(1);

  const end = await ask(server.url, paths.session(), { method: "DELETE", token: first.token });
  expect(end.status).toBe(204);
  const after = await ask(server.url, paths.session(), { token: first.token });
  expect([after.status, after.refusal?.code]).toEqual([401, "sessionEnded"]);

  const current = sessions.find((each) => each.current)?.id ?? "";
  const left = listOf((await ask(server.url, paths.sessions(), { token: second.token })).json);
  const other = left.find(({ id }) => id !== current)?.id ?? "";
  const remove = (whose: Person, token: string, id: string) =>
    askProved(whose, server.url, paths.sessionOf(id), { method: "DELETE", token });
  expect((await remove(bob, bobs.session.token, other)).refusal?.code).toBe("notFound");
  expect((await remove(alice, second.token, other)).status).toBe(204);
  expect((await ask(server.url, paths.session(), { token: third.token })).status).toBe(401);
  expect((await ask(server.url, paths.session(), { token: second.token })).status).toBe(200);
});

test("a session that idles for too long is over", async () => {
  await using server = await openSmallServer();
  const { session } = await server.authentication.enrol(createPerson("alice"));
  server.advance(LIMITS.sessionIdleMs - 60_000);
  const used = await ask(server.url, paths.session(), { token: session.token });
  expect(used.status).toBe(200);
  server.advance(LIMITS.sessionIdleMs - 60_000);
  expect((await ask(server.url, paths.session(), { token: session.token })).status).toBe(200);
  server.advance(LIMITS.sessionIdleMs + 60_000);
  const stale = await ask(server.url, paths.session(), { token: session.token });
  expect(stale.refusal?.code).toBe("sessionEnded");

  const sessions = () =>
    server.database.read((tx) =>
      server.database
        .sql(tx)
        .$client.prepare("SELECT count(*) FROM authentication_sessions")
        .pluck()
        .get(),
    );
  expect(await sessions()).toBe(1);
  await server.runJobs();
  expect(await sessions()).toBe(0);
});

test("R-030 a user is found by the full address and by nothing less", async () => {
  await using server = await openSmallServer();
  const alice = createPerson("alice");
  const enrolled = await server.authentication.enrol(alice);
  const { token } = (await server.authentication.enrol(createPerson("bob"))).session;
  const found = await ask(server.url, paths.user("alice@example.org"), { token });
  const { user, clientList, countersigners } = userAnswerSchema.parse(found.json);
  expect(user).toBe(alice.user);
  const keys = server.authentication.serverKeys();
  expect(countersigners.map(({ kid }) => kid)).toEqual(keys.map(({ kid }) => kid));
  expect(fromBase64Url(clientList)).toEqual(enrolled.clientList);
  const { list } = signedClientListCodec.decode(fromBase64Url(clientList));
  expect(list.clients.map(({ client }) => client)).toEqual([alice.client]);

  const codes = async (address: string): Promise<string | undefined> =>
    (await ask(server.url, paths.user(address), { token })).refusal?.code;
  for (const address of ["alic@example.org", "lice@example.org"]) {
    expect(await codes(address)).toBe("unknownUser");
  }
  // This server has no peers whom it could ask.
  expect(await codes("alice@example.net")).toBe("peerUnreachable");
  for (const address of ["alice", "alice@", "@example.org", "alice@example.org@x", "%"]) {
    expect(["malformed", "nameInvalid"]).toContain(await codes(address));
  }
  const anonymous = await ask(server.url, paths.user("alice@example.org"));
  expect(anonymous.status).toBe(401);
});

test("R-030 guessing addresses is throttled", async () => {
  await using server = await openSmallServer();
  const { token } = (await server.authentication.enrol(createPerson("alice"))).session;
  const { count } = RATE_LIMITS.lookupPerSession;
  const codes: (string | undefined)[] = [];
  const guess = async (index: number): Promise<void> => {
    const guessed = paths.user(`guess-${index}@example.org`);
    const { refusal } = await ask(server.url, guessed, { token });
    codes.push(refusal?.code);
  };
  while (codes.length < count + 100) {
    await Promise.all(Array.from({ length: 50 }, (_, index) => guess(codes.length + index)));
  }
  expect(codes.filter((code) => code === "unknownUser").length).toBeLessThan(codes.length);
  expect(codes).toContain("rateLimited");
  expect(new Set(codes)).toEqual(new Set(["unknownUser", "rateLimited"]));
  // Oneself is no guess: a client that connects again is not held up.
  const own = await ask(server.url, paths.user("alice@example.org"), { token });
  expect(own.refusal).toBeUndefined();
});

test("no body and no token makes a login or session endpoint answer anything but a problem", async () => {
  await using server = await openSmallServer({ registration: "open" });
  const alice = createPerson("alice");
  await register(server.url, alice, { password });
  const octets = fc.uint8Array({ maxLength: 350 });
  const part = fc.oneof(
    octets.map((bytes) => Buffer.from(bytes).toString("base64url")),
    fc.string({ maxLength: 60 }),
    fc.jsonValue(),
  );
  const field = fc.constantFrom("loginId", "finishLoginRequest", "client", "proof");
  await fc.assert(
    fc.asyncProperty(field, part, async (name, value) => {
      server.advance(LOGIN_TRIES.waitMostMs);
      const { finish } = await beginLogin(server.url, { ...alice, password });
      const json = { ...finish, [name]: value };
      const answer = await ask(server.url, paths.loginFinish(), { json });
      expect(answer.refusal?.code).toMatch(/^(?:malformed|loginFailed)$/);
    }),
    { numRuns: 40 },
  );
  await fc.assert(
    fc.asyncProperty(octets, async (bytes) => {
      server.advance(LOGIN_TRIES.waitMostMs);
      const raw = { mediaType: "application/json", body: new Uint8Array(bytes) };
      for (const path of [paths.loginStart(), paths.loginFinish()]) {
        expect((await ask(server.url, path, { raw })).refusal?.code).toBe("malformed");
      }
      const startLoginRequest = Buffer.from(bytes).toString("base64url");
      const json = { user: alice.user, client: alice.client, startLoginRequest };
      const started = await ask(server.url, paths.loginStart(), { json });
      expect(started.refusal?.code).toBe("malformed");
    }),
    { numRuns: 30 },
  );
  const token = fc.string({
    unit: fc.constantFrom("A", "z", "0", "-", "_", ".", "~", "+", "/", "="),
    minLength: 1,
    maxLength: 50,
  });
  await fc.assert(
    fc.asyncProperty(token, async (text) => {
      const answer = await ask(server.url, paths.session(), { token: text });
      expect([answer.status, answer.refusal !== undefined]).toEqual([401, true]);
    }),
    { numRuns: 40 },
  );
});

function mintOf(person: Person) {
  return mintClientUri(person.user, (length) => testCrypto.random(length));
}

/** Names only, and values that do not differ from request to request. */
function headersOf(headers: Headers): readonly string[] {
  return [
    ...headers.keys(),
    headers.get("content-type") ?? "",
    headers.get("content-length") ?? "",
  ];
}

function listOf(json: unknown): readonly { readonly id: string; readonly current: boolean }[] {
  if (typeof json !== "object" || json === null || !("sessions" in json)) return [];
  const { sessions } = json;
  if (!Array.isArray(sessions)) return [];
  return sessions.map((each: { id: string; current: boolean }) => each);
}

/** The second factor of logins: an authenticator app, and recovery codes in its stead. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { client as opaqueClient } from "@serenity-kit/opaque";
import {
  credentialStartAnswerSchema,
  loginFinishAnswerSchema,
  paths,
  recoveryCodesAnswerSchema,
  totpStartAnswerSchema,
} from "@treehouse/protocol";
import { Secret, TOTP } from "otpauth";
import { expect, test } from "vitest";
import { FACTOR_LIMITS } from "../../src/factors/limits.ts";
import { ask, askProved } from "../people/ask.ts";
import type { Answer } from "../people/ask.ts";
import { beginDeletion } from "../people/deletion.ts";
import { createPerson } from "../people/person.ts";
import { keyStretching, provePassword, register, tryLogin } from "../people/sign-in.ts";
import { openSmallServer } from "../people/small-server.ts";
import type { SmallServer } from "../people/small-server.ts";

const password = "correct horse battery staple";
const stepMs = 30_000;

/** Alice, whose logins take a code, and who has the app. */
async function world() {
  const server = await openSmallServer({ registration: "open" });
  const alice = createPerson("alice");
  const { session } = await register(server.url, alice, { password });
  const whose = { ...alice, password };
  const act = (path: string, json?: unknown, method: "POST" | "DELETE" = "POST") =>
    askProved(alice, server.url, path, { method, token: session.token, ...(json ? { json } : {}) });
  const started = totpStartAnswerSchema.parse((await act(paths.totp())).json);
  const codeAt = (now: number) =>
    new TOTP({ secret: Secret.fromBase32(started.secret) }).generate({ timestamp: now });
  const code = () => codeAt(server.now());
  const confirm = (typed: string) => act(paths.totpConfirm(), { code: typed });
  const enter = async (typed: string, at: SmallServer = server): Promise<Answer> => {
    const login = await tryLogin(at.url, whose);
    if (login.refusal?.code !== "factorRequired") return login;
    const { challenge } = login.refusal.data;
    const json = { challenge, client: alice.client, code: typed };
    return ask(at.url, paths.loginFactor(), { json });
  };
  /** To a step that no code was taken in yet. */
  const wait = () => server.advance(2 * stepMs);
  return { server, alice, whose, session, started, act, code, codeAt, confirm, enter, wait };
}

async function worldWithFactor() {
  const parts = await world();
  const confirmed = await parts.confirm(parts.code());
  const { recoveryCodes } = recoveryCodesAnswerSchema.parse(confirmed.json);
  parts.wait();
  return { ...parts, recoveryCodes };
}

/** What proves the password for a change of it. */
async function startChange(server: SmallServer, token: string): Promise<object> {
  const { clientLoginState, startLoginRequest } = opaqueClient.startLogin({ password });
  const { registrationRequest } = opaqueClient.startRegistration({ password });
  const json = { startLoginRequest, registrationRequest };
  const started = await ask(server.url, paths.credentialStart(), { token, json });
  const { changeId, loginResponse } = credentialStartAnswerSchema.parse(started.json);
  const login = { clientLoginState, loginResponse, password, keyStretching };
  return { changeId, finishLoginRequest: opaqueClient.finishLogin(login)?.finishLoginRequest };
}

const wrong = (right: string) => String((Number(right) + 1) % 1_000_000).padStart(6, "0");
const codeOf = ({ refusal, status }: Answer) => refusal?.code ?? status;

test("R-024 logins ask for nothing before the app has shown that it can answer", async () => {
  const { server, whose, code, confirm, wait, act, started } = await world();
  await using _ = server;
  expect((await tryLogin(server.url, whose)).status).toBe(200);
  expect(codeOf(await confirm(wrong(code())))).toBe("factorInvalid");
  expect((await tryLogin(server.url, whose)).status).toBe(200);
  const { recoveryCodes } = recoveryCodesAnswerSchema.parse((await confirm(code())).json);
  expect(new Set(recoveryCodes).size).toBe(FACTOR_LIMITS.recoveryCodes);
  expect(codeOf(await tryLogin(server.url, whose))).toBe("factorRequired");
  wait();
  expect(codeOf(await confirm(code()))).toBe("conflict");
  expect(codeOf(await act(paths.totp()))).toBe("conflict");
  expect(started.uri).toContain("otpauth://totp/");
});

test("R-024 T-12 a code of the app opens one session, and neither it nor one before it another", async () => {
  const { server, code, codeAt, enter, wait } = await worldWithFactor();
  await using _ = server;
  const used = code();
  const before = codeAt(server.now() - stepMs);
  const answer = await enter(used);
  const { session } = loginFinishAnswerSchema.parse(answer.json);
  expect((await ask(server.url, paths.session(), { token: session.token })).status).toBe(200);
  expect(codeOf(await enter(used))).toBe("factorInvalid");
  expect(codeOf(await enter(before))).toBe("factorInvalid");
  wait();
  expect((await enter(code())).status).toBe(200);
});

test("R-024 of two who come with the same code at once, one gets a session", async () => {
  const { server, code, enter } = await worldWithFactor();
  await using _ = server;
  const typed = code();
  const answers = await Promise.all([enter(typed), enter(typed)]);
  expect(new Set(answers.map(codeOf))).toEqual(new Set([200, "factorInvalid"]));
});

test("R-024 a login that waits for its code ends with it, and holds for its own client alone", async () => {
  const { server, alice, whose, code, wait } = await worldWithFactor();
  await using _ = server;
  const login = await tryLogin(server.url, whose);
  const challenge = login.refusal?.data.challenge ?? "";
  const send = (json: object) => ask(server.url, paths.loginFactor(), { json });
  const other = createPerson("bob").client;
  expect(codeOf(await send({ challenge, client: other, code: code() }))).toBe("loginFailed");
  const unknown = { challenge: "AAAA", client: alice.client, code: code() };
  expect(codeOf(await send(unknown))).toBe("loginFailed");
  const good = { challenge, client: alice.client };
  expect(codeOf(await send({ ...good, code: wrong(code()) }))).toBe("factorInvalid");
  expect((await send({ ...good, code: code() })).status).toBe(200);
  wait();
  expect(codeOf(await send({ ...good, code: code() }))).toBe("loginFailed");
});

test("R-024 a recovery code stands in once, however it is typed, and renewing ends the old ones", async () => {
  const { server, act, session, enter, recoveryCodes, code } = await worldWithFactor();
  await using _ = server;
  const [one = "", two = "", three = ""] = recoveryCodes;
  expect((await enter(one)).status).toBe(200);
  expect(codeOf(await enter(one))).toBe("factorInvalid");
  expect((await enter(` ${two.replaceAll("-", " ").toUpperCase()}`)).status).toBe(200);
  const left = await ask(server.url, paths.factors(), { token: session.token });
  expect(left.json).toEqual({
    totp: true,
    external: false,
    passkeys: [],
    recoveryCodes: 8,
    available: true,
  });
  const proof = await provePassword(server.url, session.token, password);
  const renewed = await act(paths.recoveryCodes(), { ...proof, code: code() });
  const fresh = recoveryCodesAnswerSchema.parse(renewed.json).recoveryCodes;
  expect(codeOf(await enter(three))).toBe("factorInvalid");
  expect((await enter(fresh[0] ?? "")).status).toBe(200);
});

test("R-024 after five wrong codes the next waits, also over a restart, and each wait is longer", async () => {
  const { server, code, codeAt, enter } = await worldWithFactor();
  const { triesMax, waitFirstMs } = FACTOR_LIMITS;
  for (let count = 1; count < triesMax; count += 1) {
    expect(codeOf(await enter(wrong(code())))).toBe("factorInvalid");
  }
  const limited = await enter(wrong(code()));
  expect([codeOf(limited), limited.refusal?.data.retryAfterMs]).toEqual([
    "rateLimited",
    waitFirstMs,
  ]);
  await using again = await server.restart();
  const right = await enter(codeAt(again.now()), again);
  expect(codeOf(right)).toBe("rateLimited");
  expect(Number(right.headers.get("retry-after"))).toBeGreaterThan(0);
  again.advance(waitFirstMs);
  const longer = await enter(wrong(codeAt(again.now())), again);
  expect(longer.refusal?.data.retryAfterMs).toBe(2 * waitFirstMs);
  again.advance(2 * waitFirstMs);
  expect((await enter(codeAt(again.now()), again)).status).toBe(200);
  expect(codeOf(await enter(wrong(codeAt(again.now())), again))).toBe("factorInvalid");
});

test("R-024 to turn it off takes the client's key, the password and a code, each of them", async () => {
  const { server, act, alice, whose, session, code, wait } = await worldWithFactor();
  await using _ = server;
  const proof = (typed: string) => provePassword(server.url, session.token, typed);
  const disable = (json: unknown) => act(paths.totp(), json, "DELETE");
  const good = await proof(password);
  const unsigned = await ask(server.url, paths.totp(), {
    method: "DELETE",
    token: session.token,
    json: { ...good, code: code() },
  });
  expect(codeOf(unsigned)).toBe("proofRequired");
  expect(codeOf(await disable({ ...(await proof("wrong")), code: code() }))).toBe("loginFailed");
  expect(codeOf(await disable({ ...good, code: wrong(code()) }))).toBe("factorInvalid");
  // A proof of the password is good once.
  expect(codeOf(await disable({ ...good, code: code() }))).toBe("loginFailed");
  expect(codeOf(await tryLogin(server.url, whose))).toBe("factorRequired");
  expect((await disable({ ...(await proof(password)), code: code() })).status).toBe(204);
  expect((await tryLogin(server.url, whose)).status).toBe(200);
  wait();
  expect(codeOf(await disable({ ...(await proof(password)), code: code() }))).toBe("notFound");
  expect(alice.client).toBe(whose.client);
});

test("R-024 T-12 neither the bundle nor the account is to be had without a code", async () => {
  const { server, act, session, code, wait, whose } = await worldWithFactor();
  await using _ = server;
  const change = async (json: object) => {
    const started = await startChange(server, session.token);
    return act(paths.credentialProof(), { ...started, ...json });
  };
  const end = async (json: object) => {
    const begun = await beginDeletion({ url: server.url, token: session.token, password });
    return act(paths.account(), { ...begun, ...json }, "DELETE");
  };
  for (const part of [change, end]) {
    expect(codeOf(await part({}))).toBe("factorRequired");
    expect(codeOf(await part({ code: wrong(code()) }))).toBe("factorInvalid");
  }
  expect(codeOf(await tryLogin(server.url, whose))).toBe("factorRequired");
  wait();
  expect(codeOf(await change({ code: code() }))).toBe(200);
  wait();
  expect(codeOf(await end({ code: code() }))).toBe(204);
});

test("R-024 a wrong password tells nobody that there is a second factor", async () => {
  const { server, whose } = await worldWithFactor();
  await using _ = server;
  expect(codeOf(await tryLogin(server.url, { ...whose, password: "wrong" }))).toBe("loginFailed");
});

test("R-024 a copy of the database opens no app and has no recovery code", async () => {
  const { server, started, recoveryCodes, code } = await worldWithFactor();
  const secret = Buffer.from(Secret.fromBase32(started.secret).bytes);
  await using _ = await server.restart();
  const files = ["treehouse.sqlite", "treehouse.sqlite-wal"].map((name) =>
    readFileSync(join(server.folder, name)),
  );
  const content = Buffer.concat(files);
  expect(content.includes("factors_totp")).toBe(true);
  expect(content.includes(secret)).toBe(false);
  for (const text of [
    started.secret,
    ...recoveryCodes,
    ...recoveryCodes.map((each) => each.replaceAll("-", "")),
  ]) {
    expect(content.includes(text)).toBe(false);
  }
  expect(code()).toHaveLength(6);
});

test("a new sealing key takes over at a start; without the old one the server says what is missing", async () => {
  const { server, codeAt, enter } = await worldWithFactor();
  const path = `${server.folder}.keys`;
  const old = readFileSync(path, "utf8");
  const fresh = `${"ab".repeat(32)}\n`;
  writeFileSync(path, fresh);
  await expect(server.restart()).rejects.toThrow("Put back the key file");
  writeFileSync(path, fresh + old);
  // The first attempt has stopped it already; what it had open is closed.
  const turned = await server.start();
  expect(turned.logLines.some((line) => line.includes("resealed"))).toBe(true);
  writeFileSync(path, fresh);
  await using again = await turned.restart();
  expect((await enter(codeAt(again.now()), again)).status).toBe(200);
});

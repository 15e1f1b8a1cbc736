/** The recovery key at the server: what it proves, what it is good for, and what it tells nobody. */
import {
  clientsProofAnswerSchema,
  fromBase64Url,
  LIMITS,
  mintClientUri,
  parseDomain,
  parseUserUri,
  passwordResetMessage,
  passwordResetStartAnswerSchema,
  paths,
  RATE_LIMITS,
  recoveryAnswerSchema,
  recoveryProofAnswerSchema,
  recoveryProofMessage,
  recoveryStartAnswerSchema,
  toBase64Url,
} from "@treehouse/protocol";
import type { ClientUri } from "@treehouse/protocol";
import { expect, test } from "vitest";
import { ask, askProved } from "../people/ask.ts";
import type { Answer } from "../people/ask.ts";
import { createPerson, testCrypto } from "../people/person.ts";
import type { KeyPair } from "../people/person.ts";
import { beginLogin, newRecord, register, tryLogin } from "../people/sign-in.ts";
import { openSmallServer } from "../people/small-server.ts";

const password = "correct horse battery staple";
const codeOf = ({ refusal, status }: Answer) => refusal?.code ?? status;
const server = parseDomain("example.org");

async function world() {
  const small = await openSmallServer({ registration: "open" });
  const { url } = small;
  const alice = createPerson("alice");
  const { session } = await register(url, alice, { password });
  const keys = testCrypto.generateSignatureKeyPair();
  const copy = toBase64Url(testCrypto.hash(keys.publicKey));
  /** As `POST /v1/clients/proof` answers it, for a client of Alice. */
  const provePassword = async (client: ClientUri = alice.client): Promise<string> => {
    const { finish } = await beginLogin(url, { ...alice, client, password });
    const { loginId, finishLoginRequest } = finish;
    const json = { loginId, client, finishLoginRequest };
    const { proofId } = clientsProofAnswerSchema.parse(
      (await ask(url, paths.clientsProof(), { json })).json,
    );
    return proofId;
  };
  const write = (proofId: string, expectedVersion: number, by: KeyPair = keys, sealed = copy) =>
    askProved(alice, url, paths.recovery(), {
      method: "PUT",
      token: session.token,
      json: {
        proofId,
        expectedVersion,
        verificationKey: toBase64Url(by.publicKey),
        sealedCopy: sealed,
      },
    });
  const start = (user: string = alice.user, client: ClientUri = alice.client) =>
    ask(url, paths.recoveryStart(), { json: { user, client } });
  const finish = (started: Answer, by: KeyPair = keys, client: ClientUri = alice.client) => {
    const { challenge } = recoveryStartAnswerSchema.parse(started.json);
    const message = recoveryProofMessage({ server, challenge, client });
    const signature = toBase64Url(testCrypto.sign(by.privateKey, message));
    return ask(url, paths.recoveryProof(), { json: { challenge, client, signature } });
  };
  const read = () => ask(url, paths.recovery(), { token: session.token });
  return { small, url, alice, session, keys, copy, provePassword, write, start, finish, read };
}

test("a recovery key is made with the password, once per proof, and each in the place of the last", async () => {
  const { small, provePassword, write, read, copy, keys } = await world();
  await using _ = small;
  expect((await read()).json).toEqual({ version: 0 });
  const proof = await provePassword();
  expect((await write(proof, 0)).json).toEqual({ version: 1 });
  expect(codeOf(await write(proof, 1))).toBe("loginFailed");
  expect(recoveryAnswerSchema.parse((await read()).json)).toMatchObject({
    version: 1,
    current: { sealedCopy: copy, verificationKey: toBase64Url(keys.publicKey) },
  });
  const other = testCrypto.generateSignatureKeyPair();
  expect(codeOf(await write(await provePassword(), 0, other))).toBe("conflict");
  expect(codeOf(await write(await provePassword(), 1, keys))).toBe("conflict");
  expect((await write(await provePassword(), 1, other)).json).toEqual({ version: 2 });
});

test("a session alone makes no recovery key, nor does a proof for another client", async () => {
  const { small, alice, provePassword, write, read } = await world();
  await using _ = small;
  expect(codeOf(await write("0".repeat(22), 0))).toBe("loginFailed");
  const elsewhere = mintClientUri(alice.user, (length) => testCrypto.random(length));
  expect(codeOf(await write(await provePassword(elsewhere), 0))).toBe("loginFailed");
  const late = await provePassword();
  small.advance(LIMITS.loginLifetimeMs);
  expect(codeOf(await write(late, 0))).toBe("loginFailed");
  const huge = toBase64Url(new Uint8Array(LIMITS.recoveryBundleBytesMax + 3));
  expect((await write(await provePassword(), 0, undefined, huge)).status).toBe(400);
  expect((await read()).json).toEqual({ version: 0 });
});

test("T-12 the recovery key proves its user to this server, for one client, once", async () => {
  const { small, url, alice, keys, copy, provePassword, write, start, finish } = await world();
  await using _ = small;
  await write(await provePassword(), 0);
  const proved = recoveryProofAnswerSchema.parse((await finish(await start())).json);
  expect(proved).toMatchObject({ sealedCopy: copy, version: 1 });
  const list = fromBase64Url(proved.clientList);
  expect(list.length).toBeGreaterThan(0);

  const strange = testCrypto.generateSignatureKeyPair();
  expect(codeOf(await finish(await start(), strange))).toBe("loginFailed");
  const started = await start();
  expect(codeOf(await finish(started, strange))).toBe("loginFailed");
  expect(codeOf(await finish(started))).toBe("loginFailed");
  const elsewhere = mintClientUri(alice.user, (length) => testCrypto.random(length));
  expect(codeOf(await finish(await start(), keys, elsewhere))).toBe("loginFailed");
  const { challenge } = recoveryStartAnswerSchema.parse((await start()).json);
  const { client } = alice;
  const message = recoveryProofMessage({ server: parseDomain("other.example"), challenge, client });
  const signature = toBase64Url(testCrypto.sign(keys.privateKey, message));
  const replayed = await ask(url, paths.recoveryProof(), {
    json: { challenge, client, signature },
  });
  expect(codeOf(replayed)).toBe("loginFailed");
  const late = await start();
  small.advance(LIMITS.loginLifetimeMs);
  expect(codeOf(await finish(late))).toBe("loginFailed");
});

test("who has no recovery key, is not known or is of another server is answered alike", async () => {
  const { small, start, finish } = await world();
  await using _ = small;
  const nobody = parseUserUri("mimi://example.org/u/nobody");
  const foreign = parseUserUri("mimi://elsewhere.example/u/alice");
  const answers: unknown[] = [];
  for (const user of [undefined, nobody, foreign]) {
    const started = await start(user);
    const { refusal, status } = await finish(started);
    const shape = Object.entries(recoveryStartAnswerSchema.parse(started.json)).map(
      ([name, value]) => [name, typeof value, String(value).length],
    );
    answers.push({ shape, status, code: refusal?.code, text: refusal?.message });
  }
  expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
  expect(answers[0]).toMatchObject({ code: "loginFailed" });
});

test("starts are limited as those of logins", async () => {
  const { small, start } = await world();
  await using _ = small;
  const { count } = RATE_LIMITS.loginPerUser;
  let last = await start("mimi://example.org/u/nobody");
  for (let each = 0; each < count; each += 1) last = await start("mimi://example.org/u/nobody");
  expect(last.refusal).toMatchObject({ code: "rateLimited", data: { limitName: "loginPerUser" } });
});

test("the recovery key sets a new password, with all that it signed and nothing else", async () => {
  const { small, url, alice, session, keys, provePassword, write, read } = await world();
  await using _ = small;
  await write(await provePassword(), 0);
  const fresh = "a password that is new";
  const bundle = new Uint8Array(100).fill(9);
  const reset = async (change: { by?: KeyPair; record?: Uint8Array; token?: string } = {}) => {
    const { token } = session;
    const made = await newRecord(fresh, async (registrationRequest) => {
      const path = paths.passwordResetStart();
      const { json } = await ask(url, path, { token, json: { registrationRequest } });
      return passwordResetStartAnswerSchema.parse(json);
    });
    const { changeId } = made.started;
    const signed = {
      server,
      challenge: changeId,
      client: alice.client,
      registrationRecord: fromBase64Url(made.record),
      recoveryBundle: bundle,
    };
    const key = (change.by ?? keys).privateKey;
    const signature = toBase64Url(testCrypto.sign(key, passwordResetMessage(signed)));
    const json = {
      changeId,
      registrationRecord: change.record ? toBase64Url(change.record) : made.record,
      recoveryBundle: toBase64Url(bundle),
      signature,
    };
    const path = paths.passwordResetFinish();
    const unsigned = await ask(url, path, { token, json });
    expect(codeOf(unsigned)).toBe("proofRequired");
    const answer = await askProved(alice, url, path, { token, json });
    const again = await askProved(alice, url, path, { token, json });
    expect(codeOf(again)).toBe("loginFailed");
    return answer;
  };
  expect(codeOf(await reset({ by: alice.clientKeys }))).toBe("loginFailed");
  const another = await newRecord("swapped", async (registrationRequest) => {
    const path = paths.passwordResetStart();
    const question = { token: session.token, json: { registrationRequest } };
    return passwordResetStartAnswerSchema.parse((await ask(url, path, question)).json);
  });
  expect(codeOf(await reset({ record: fromBase64Url(another.record) }))).toBe("loginFailed");
  expect(codeOf(await tryLogin(url, { ...alice, password }))).toBe(200);
  const before = (await read()).json;
  expect((await reset()).json).toEqual({ recoveryBundleVersion: 2 });
  expect(codeOf(await tryLogin(url, { ...alice, password }))).toBe("loginFailed");
  const login = await tryLogin(url, { ...alice, password: fresh });
  expect(login.json).toMatchObject({ recoveryBundle: toBase64Url(bundle) });
  expect((await read()).json).toEqual(before);
});

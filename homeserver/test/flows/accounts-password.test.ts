import { client as opaqueClient } from "@serenity-kit/opaque";
import { LIMITS, paths, RATE_LIMITS, toBase64Url } from "@treehouse/protocol";
import { expect, test } from "vitest";
import { z } from "zod";
import { LOGIN_TRIES } from "../../src/authentication/login/index.ts";
import { ask, askProved } from "../people/ask.ts";
import type { Answer, Signer } from "../people/ask.ts";
import { createPerson } from "../people/person.ts";
import { keyStretching, login, register, tryLogin } from "../people/sign-in.ts";
import { openSmallServer } from "../people/small-server.ts";
import type { SmallServer } from "../people/small-server.ts";

const [old, fresh] = ["the old password", "the new password"];

test("a new password takes the place of the old one, together with the bundle sealed under it", async () => {
  await using server = await openSmallServer({ registration: "open" });
  const alice = createPerson("alice");
  const { session } = await register(server.url, alice, { password: old });
  const bundle = toBase64Url(new Uint8Array(100).fill(7));
  const { act, proved } = changer(server, alice, session.token);
  const changed = await act(FINISH, await proved(fresh, bundle));
  expect(changed.json).toEqual({ recoveryBundleVersion: 2 });

  expect((await tryLogin(server.url, { ...alice, password: old })).refusal?.code).toBe(
    "loginFailed",
  );
  expect(await login(server.url, { ...alice, password: fresh })).toMatchObject({
    recoveryBundle: bundle,
    recoveryBundleVersion: 2,
  });
});

test("of two changes at once one succeeds, and neither half of the other is kept", async () => {
  await using server = await openSmallServer({ registration: "open" });
  const alice = createPerson("alice");
  const { token } = (await register(server.url, alice, { password: old })).session;
  const bundles = [1, 2].map((fill) => toBase64Url(new Uint8Array(50).fill(fill)));
  const [first = "", second = ""] = bundles;
  const { act, proved } = changer(server, alice, token);
  const one = await proved("password one", first);
  const two = await proved("password two", second);
  const answers = await Promise.all([one, two].map((finish) => act(FINISH, finish)));
  expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 409]);
  const winner = answers.findIndex(({ status }) => status === 200);
  const password = winner === 0 ? "password one" : "password two";
  const kept = await login(server.url, { ...alice, password });
  expect(kept.recoveryBundle).toBe(bundles[winner]);
  expect(kept.recoveryBundleVersion).toBe(2);
});

test("a session alone changes nothing: the old password is asked, once per attempt", async () => {
  await using server = await openSmallServer({ registration: "open" });
  const [alice, bob] = [createPerson("alice"), createPerson("bob")];
  const { token } = (await register(server.url, alice, { password: old })).session;
  const other = (await register(server.url, bob, { password: old })).session;
  const bundle = toBase64Url(new Uint8Array(10));
  const { act, proved } = changer(server, alice, token);
  const codeOf = async (json: object) => (await act(FINISH, json)).refusal?.code;

  const unproved = await beginChange(server, token, old, fresh, bundle);
  expect(await codeOf(unproved.finish)).toBe("loginFailed");
  const honest = await proved(fresh, bundle);
  const stolen = await changer(server, bob, other.token).act(FINISH, honest);
  expect(stolen.refusal?.code).toBe("loginFailed");
  expect(await codeOf(honest)).toBe("loginFailed");

  const whole = await proved(fresh, bundle);
  const cut = { ...whole, registrationRecord: toBase64Url(new Uint8Array(191)) };
  expect(await codeOf(cut)).toBe("malformed");
  const late = await proved(fresh, bundle);
  server.advance(LIMITS.loginLifetimeMs);
  expect(await codeOf(late)).toBe("loginFailed");
  expect((await ask(server.url, START, { json: {} })).status).toBe(401);
  await login(server.url, { ...alice, password: old });
});

test("R-022 the bundle is told to who proves the old password, once per change, and nobody else", async () => {
  await using server = await openSmallServer({ registration: "open" });
  const [alice, bob] = [createPerson("alice"), createPerson("bob")];
  const { token } = (await register(server.url, alice, { password: old })).session;
  const other = (await register(server.url, bob, { password: old })).session;
  const bundle = toBase64Url(new Uint8Array(60).fill(9));
  const { act, prove, proved } = changer(server, alice, token);

  const guessed = await beginChange(server, token, "a wrong password", fresh, bundle);
  expect((await prove(guessed.finish)).refusal?.code).toBe("loginFailed");
  expect((await prove(guessed.finish)).refusal?.code).toBe("loginFailed");
  const stolen = await beginChange(server, token, old, fresh, bundle);
  const byBob = await changer(server, bob, other.token).prove(stolen.finish);
  expect(byBob.refusal?.code).toBe("loginFailed");

  const honest = await beginChange(server, token, old, fresh, bundle);
  const answer = proofAnswer.parse((await prove(honest.finish)).json);
  const kept = await login(server.url, { ...alice, password: old });
  expect(answer).toMatchObject({ recoveryBundle: kept.recoveryBundle, recoveryBundleVersion: 1 });
  expect((await act(FINISH, honest.finish)).refusal?.code).toBe("loginFailed");
  const changed = await act(FINISH, await proved(fresh, bundle));
  expect(changed.json).toEqual({ recoveryBundleVersion: 2 });
  expect(await login(server.url, { ...alice, password: fresh })).toMatchObject({
    recoveryBundle: bundle,
  });
});

test("T-12 a stolen token with the password gives no bundle and changes nothing without the key", async () => {
  await using server = await openSmallServer({ registration: "open" });
  const [alice, mallory] = [createPerson("alice"), createPerson("mallory")];
  const { token } = (await register(server.url, alice, { password: old })).session;
  const bundle = toBase64Url(new Uint8Array(60));
  const thief = changer(server, { ...mallory, user: alice.user, client: alice.client }, token);
  const begun = await beginChange(server, token, old, fresh, bundle);
  expect((await thief.prove(begun.finish)).refusal?.code).toBe("proofRequired");
  const finish = await changer(server, alice, token).proved(fresh, bundle);
  expect((await thief.act(FINISH, finish)).refusal?.code).toBe("proofRequired");
  await login(server.url, { ...alice, password: old });
});

test("R-022 guesses with a session are counted as those at the login, and a right one forgets them", async () => {
  await using server = await openSmallServer({ registration: "open" });
  const alice = createPerson("alice");
  const { token } = (await register(server.url, alice, { password: old })).session;
  const wrong = "a wrong password";
  const guesses = [
    async () => (await beginChange(server, token, wrong, fresh, "AAAA")).started,
    async () => askStart(server, paths.accountDeletion(), token),
    async () => askStart(server, paths.passwordProof(), token),
  ];
  const { prove } = changer(server, alice, token);
  for (const guess of guesses) {
    const right = await beginChange(server, token, old, fresh, "AAAA");
    for (let count = 1; count < LOGIN_TRIES.freeMax; count += 1) {
      expect((await guess()).status).toBe(200);
    }
    expect((await prove(right.finish)).status).toBe(200);
    server.advance(RATE_LIMITS.loginPerUser.perMs);
    // The next guess has all its tries again; then it waits, wherever it is made.
    for (let count = 0; count < LOGIN_TRIES.freeMax; count += 1) await guess();
    expect((await guess()).refusal).toMatchObject({
      code: "rateLimited",
      data: { limitName: "loginTries" },
    });
    const { refusal } = await tryLogin(server.url, { ...alice, password: old });
    expect(refusal?.data.limitName).toBe("loginTries");
    server.advance(4 * LOGIN_TRIES.forgottenMs);
  }
});

const PROOF = "/v1/account/credential/proof";
/** Whoever changes a password with a session of Alice's, and signs for it. */
function changer(server: SmallServer, signer: Signer, token: string) {
  const act = (path: string, json: object) => askProved(signer, server.url, path, { token, json });
  const prove = ({ changeId, finishLoginRequest }: Record<string, unknown>) =>
    act(PROOF, { changeId, finishLoginRequest });
  /** The body of the second half, once the old password is proved. */
  const proved = async (password: string, bundle: string): Promise<object> => {
    const { finish } = await beginChange(server, token, old, password, bundle);
    const { changeId } = proofAnswer.parse((await prove(finish)).json);
    return { ...finish, changeId };
  };
  return { act, prove, proved };
}

/** A guess at the password with a session, of which the first half is enough. */
function askStart(server: SmallServer, path: string, token: string): Promise<Answer> {
  const { startLoginRequest } = opaqueClient.startLogin({ password: "a wrong password" });
  return ask(server.url, path, { token, json: { startLoginRequest } });
}

const proofAnswer = z.object({
  changeId: z.string(),
  recoveryBundle: z.string(),
  recoveryBundleVersion: z.int(),
});

const START = "/v1/account/credential/start";
const FINISH = "/v1/account/credential/finish";

const startAnswer = z.object({
  changeId: z.string(),
  loginResponse: z.string(),
  registrationResponse: z.string(),
});

/** The first half of a change, and the body of the second, as a client would make them. */
async function beginChange(
  server: SmallServer,
  token: string,
  oldPassword: string,
  password: string,
  recoveryBundle: string,
): Promise<{ readonly started: Answer; readonly finish: Record<string, unknown> }> {
  const { clientLoginState, startLoginRequest } = opaqueClient.startLogin({
    password: oldPassword,
  });
  const { clientRegistrationState, registrationRequest } = opaqueClient.startRegistration({
    password,
  });
  const json = { startLoginRequest, registrationRequest };
  const started = await ask(server.url, START, { token, json });
  if (started.refusal !== undefined) return { started, finish: {} };
  const { changeId, loginResponse, registrationResponse } = startAnswer.parse(started.json);
  const proof = opaqueClient.finishLogin({
    clientLoginState,
    loginResponse,
    password: oldPassword,
    keyStretching,
  });
  const { registrationRecord } = opaqueClient.finishRegistration({
    clientRegistrationState,
    registrationResponse,
    password,
    keyStretching,
  });
  const finishLoginRequest = proof?.finishLoginRequest ?? toBase64Url(new Uint8Array(64));
  return { started, finish: { changeId, finishLoginRequest, registrationRecord, recoveryBundle } };
}

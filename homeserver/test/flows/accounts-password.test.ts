import { client as opaqueClient } from "@serenity-kit/opaque";
import { LIMITS, toBase64Url } from "@treehouse/protocol";
import { expect, test } from "vitest";
import { z } from "zod";
import { ask } from "../people/ask.ts";
import type { Answer } from "../people/ask.ts";
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
  const { finish } = await beginChange(server, session.token, old, fresh, bundle);
  const changed = await ask(server.url, FINISH, { token: session.token, json: finish });
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
  const one = await beginChange(server, token, old, "password one", first);
  const two = await beginChange(server, token, old, "password two", second);
  const answers = await Promise.all(
    [one, two].map(({ finish }) => ask(server.url, FINISH, { token, json: finish })),
  );
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

  const guessed = await beginChange(server, token, "a wrong password", fresh, bundle);
  const wrong = await ask(server.url, FINISH, { token, json: guessed.finish });
  expect(wrong.refusal?.code).toBe("loginFailed");
  const honest = await beginChange(server, token, old, fresh, bundle);
  const stolen = await ask(server.url, FINISH, { token: other.token, json: honest.finish });
  expect(stolen.refusal?.code).toBe("loginFailed");
  const again = await ask(server.url, FINISH, { token, json: honest.finish });
  expect(again.refusal?.code).toBe("loginFailed");

  const whole = await beginChange(server, token, old, fresh, bundle);
  const cut = { ...whole.finish, registrationRecord: toBase64Url(new Uint8Array(191)) };
  expect((await ask(server.url, FINISH, { token, json: cut })).refusal?.code).toBe("malformed");
  const late = await beginChange(server, token, old, fresh, bundle);
  server.advance(LIMITS.loginLifetimeMs);
  const over = await ask(server.url, FINISH, { token, json: late.finish });
  expect(over.refusal?.code).toBe("loginFailed");
  expect((await ask(server.url, START, { json: {} })).status).toBe(401);
  await login(server.url, { ...alice, password: old });
});

test("R-022 the bundle is told to who proves the old password, once per change, and nobody else", async () => {
  await using server = await openSmallServer({ registration: "open" });
  const [alice, bob] = [createPerson("alice"), createPerson("bob")];
  const { token } = (await register(server.url, alice, { password: old })).session;
  const other = (await register(server.url, bob, { password: old })).session;
  const bundle = toBase64Url(new Uint8Array(60).fill(9));
  const prove = (json: Record<string, unknown>, asker = token) =>
    ask(server.url, PROOF, {
      token: asker,
      json: { changeId: json["changeId"], finishLoginRequest: json["finishLoginRequest"] },
    });

  const guessed = await beginChange(server, token, "a wrong password", fresh, bundle);
  expect((await prove(guessed.finish)).refusal?.code).toBe("loginFailed");
  expect((await prove(guessed.finish)).refusal?.code).toBe("loginFailed");
  const stolen = await beginChange(server, token, old, fresh, bundle);
  expect((await prove(stolen.finish, other.token)).refusal?.code).toBe("loginFailed");

  const honest = await beginChange(server, token, old, fresh, bundle);
  const proved = proofAnswer.parse((await prove(honest.finish)).json);
  const kept = await login(server.url, { ...alice, password: old });
  expect(proved).toMatchObject({ recoveryBundle: kept.recoveryBundle, recoveryBundleVersion: 1 });
  const spent = await ask(server.url, FINISH, { token, json: honest.finish });
  expect(spent.refusal?.code).toBe("loginFailed");
  const again = await beginChange(server, token, old, fresh, bundle);
  const { changeId } = proofAnswer.parse((await prove(again.finish)).json);
  const json = { ...again.finish, changeId };
  const changed = await ask(server.url, FINISH, { token, json });
  expect(changed.json).toEqual({ recoveryBundleVersion: 2 });
  expect(await login(server.url, { ...alice, password: fresh })).toMatchObject({
    recoveryBundle: bundle,
  });
});

const PROOF = "/v1/account/credential/proof";
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

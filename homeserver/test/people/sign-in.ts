import { client as opaqueClient, ready } from "@serenity-kit/opaque";
import {
  loginFinishAnswerSchema,
  loginProofMessage,
  loginStartAnswerSchema,
  parseDomain,
  passwordProofAnswerSchema,
  paths,
  registrationFinishAnswerSchema,
  registrationStartAnswerSchema,
  toBase64Url,
} from "@treehouse/protocol";
import type {
  ClientUri,
  LoginFinishAnswer,
  RegistrationFinishAnswer,
  UserUri,
} from "@treehouse/protocol";
import { ask } from "./ask.ts";
import type { Answer } from "./ask.ts";
import { testCrypto } from "./person.ts";
import type { KeyPair, Person } from "./person.ts";

/** Fixed in a real client; small here, for the server never learns them. */
export const keyStretching = { "argon2id-custom": { memory: 8, iterations: 1, parallelism: 1 } };

export type RegisterOptions = {
  readonly password: string;
  readonly invite?: string | undefined;
  /** Of a login at the operator's provider. */
  readonly externalProof?: string | undefined;
  /** The address from which a proxy says that it comes. */
  readonly from?: string | undefined;
};

/** The first half of a registration, and the body with which the second half would succeed. */
export async function beginRegistration(
  url: string,
  person: Person,
  options: RegisterOptions,
): Promise<{ readonly started: Answer; readonly finish: Record<string, unknown> }> {
  await ready;
  const { password, invite, externalProof, from } = options;
  const { clientRegistrationState, registrationRequest } = opaqueClient.startRegistration({
    password,
  });
  const started = await ask(url, paths.registrationStart(), {
    from,
    json: { name: person.name, registrationRequest },
  });
  if (started.refusal) return { started, finish: {} };
  const answer = registrationStartAnswerSchema.parse(started.json);
  const { registrationRecord, exportKey } = opaqueClient.finishRegistration({
    clientRegistrationState,
    registrationResponse: answer.registrationResponse,
    password,
    keyStretching,
  });
  const finish = {
    registrationId: answer.registrationId,
    ...(invite === undefined ? {} : { invite }),
    ...(externalProof === undefined ? {} : { externalProof }),
    registrationRecord,
    // What a client seals under the export key is its own affair.
    recoveryBundle: toBase64Url(testCrypto.hash(new TextEncoder().encode(exportKey))),
    certificate: toBase64Url(person.certificate),
    clientList: toBase64Url(person.clientList),
    attestation: toBase64Url(person.attestation),
  };
  return { started, finish };
}

/** The record of a new password, as the server answers its registration. */
export async function newRecord<T extends { readonly registrationResponse: string }>(
  password: string,
  start: (registrationRequest: string) => Promise<T>,
): Promise<{ readonly started: T; readonly record: string }> {
  await ready;
  const begun = opaqueClient.startRegistration({ password });
  const started = await start(begun.registrationRequest);
  const finished = opaqueClient.finishRegistration({
    clientRegistrationState: begun.clientRegistrationState,
    registrationResponse: started.registrationResponse,
    password,
    keyStretching,
  });
  return { started, record: finished.registrationRecord };
}

export async function tryRegister(
  url: string,
  person: Person,
  options: RegisterOptions,
): Promise<Answer> {
  const { started, finish } = await beginRegistration(url, person, options);
  return started.refusal
    ? started
    : ask(url, paths.registrationFinish(), { from: options.from, json: finish });
}

export async function register(
  url: string,
  person: Person,
  options: RegisterOptions,
): Promise<RegistrationFinishAnswer> {
  const answer = await tryRegister(url, person, options);
  if (answer.refusal) throw answer.refusal;
  return registrationFinishAnswerSchema.parse(answer.json);
}

/** Who logs in, and what a test makes wrong on purpose. */
export type Login = {
  readonly user: UserUri;
  readonly client: ClientUri;
  readonly clientKeys: KeyPair;
  readonly password: string;
  /** The server for which the proof is made. */
  readonly proofDomain?: string;
  /** The login and the client that the proof names. */
  readonly proofLoginId?: string;
  readonly proofClient?: ClientUri;
  /** The client that the second half names. */
  readonly finishClient?: ClientUri;
};

/**
 * The first half of a login, and the body of the second. With a wrong password the client cannot
 * go on by itself; the body then carries octets of the right length.
 */
export async function beginLogin(
  url: string,
  whose: Login,
): Promise<{ readonly started: Answer; readonly finish: Record<string, unknown> }> {
  await ready;
  const { clientLoginState, startLoginRequest } = opaqueClient.startLogin({
    password: whose.password,
  });
  const started = await ask(url, paths.loginStart(), {
    json: { user: whose.user, client: whose.client, startLoginRequest },
  });
  if (started.refusal) return { started, finish: {} };
  const { loginId, loginResponse } = loginStartAnswerSchema.parse(started.json);
  const finished = opaqueClient.finishLogin({
    clientLoginState,
    loginResponse,
    password: whose.password,
    keyStretching,
  });
  const message = loginProofMessage({
    server: parseDomain(whose.proofDomain ?? "example.org"),
    loginId: whose.proofLoginId ?? loginId,
    client: whose.proofClient ?? whose.client,
  });
  const finish = {
    loginId,
    finishLoginRequest: finished?.finishLoginRequest ?? toBase64Url(new Uint8Array(64)),
    client: whose.finishClient ?? whose.client,
    proof: toBase64Url(testCrypto.sign(whose.clientKeys.privateKey, message)),
  };
  return { started, finish };
}

/** What goes beside a change that takes the password; with a wrong one, octets of its length. */
export async function provePassword(
  url: string,
  token: string,
  password: string,
): Promise<{ readonly proofId: string; readonly finishLoginRequest: string }> {
  await ready;
  const { clientLoginState, startLoginRequest } = opaqueClient.startLogin({ password });
  const started = await ask(url, paths.passwordProof(), { token, json: { startLoginRequest } });
  const { proofId, loginResponse } = passwordProofAnswerSchema.parse(started.json);
  const finished = opaqueClient.finishLogin({
    clientLoginState,
    loginResponse,
    password,
    keyStretching,
  });
  const finishLoginRequest = finished?.finishLoginRequest ?? toBase64Url(new Uint8Array(64));
  return { proofId, finishLoginRequest };
}

export async function tryLogin(url: string, whose: Login): Promise<Answer> {
  const { started, finish } = await beginLogin(url, whose);
  return started.refusal ? started : ask(url, paths.loginFinish(), { json: finish });
}

export async function login(url: string, whose: Login): Promise<LoginFinishAnswer> {
  const answer = await tryLogin(url, whose);
  if (answer.refusal) throw answer.refusal;
  return loginFinishAnswerSchema.parse(answer.json);
}

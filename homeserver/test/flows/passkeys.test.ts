/** Passkeys (WebAuthn) as a second factor, with a software authenticator. */
import { generateKeyPairSync } from "node:crypto";
import {
  factorsAnswerSchema,
  LIMITS,
  loginFinishAnswerSchema,
  passkeyStartAnswerSchema,
  paths,
  proofAnswerSchema,
  recoveryCodesAnswerSchema,
} from "@treehouse/protocol";
import { expect, test } from "vitest";
import { FACTOR_LIMITS } from "../../src/factors/limits.ts";
import { ask, askProved } from "../people/ask.ts";
import type { Answer } from "../people/ask.ts";
import { createAuthenticator } from "../people/authenticator.ts";
import type { Authenticator, Wrong } from "../people/authenticator.ts";
import { createPerson } from "../people/person.ts";
import { provePassword, register, tryLogin } from "../people/sign-in.ts";
import { openSmallServer } from "../people/small-server.ts";
import type { SmallServer } from "../people/small-server.ts";

const password = "correct horse battery staple";
const codeOf = ({ refusal, status }: Answer) => refusal?.code ?? status;

async function person(server: SmallServer, name: string) {
  const who = createPerson(name);
  const { session } = await register(server.url, who, { password });
  const { token } = session;
  const act = (path: string, json?: unknown, method: "POST" | "DELETE" = "POST") =>
    askProved(who, server.url, path, { method, token, ...(json ? { json } : {}) });
  const startPasskey = async () =>
    passkeyStartAnswerSchema.parse((await act(paths.passkeyStart())).json);
  return {
    who,
    token,
    act,
    startPasskey,
    add: async (authenticator: Authenticator, wrong: Wrong = {}) => {
      const { flowId, options } = await startPasskey();
      const response = authenticator.create(options, wrong);
      return act(paths.passkeys(), { flowId, label: "key", response });
    },
    info: async () =>
      factorsAnswerSchema.parse((await ask(server.url, paths.factors(), { token })).json),
    remove: async (id: string, code: string) => {
      const both = { ...(await provePassword(server.url, token, password)), code };
      return act(paths.passkey(id), both, "DELETE");
    },
    /** The first half of a login, which a code then completes. */
    begun: async () => {
      const login = await tryLogin(server.url, { ...who, password });
      const half = { challenge: login.refusal?.data.challenge, client: who.client };
      return (code: string) => ask(server.url, paths.loginFactor(), { json: { ...half, code } });
    },
  };
}

async function question(server: SmallServer) {
  const answer = await ask(server.url, paths.passkeyProofStart(), { method: "POST" });
  return passkeyStartAnswerSchema.parse(answer.json);
}

async function answered(
  server: SmallServer,
  authenticator: Authenticator,
  wrong: Wrong = {},
): Promise<Answer> {
  const { flowId, options } = await question(server);
  const response = authenticator.get(options, wrong);
  return ask(server.url, paths.passkeyProofFinish(), { json: { flowId, response } });
}

async function proofOf(server: SmallServer, authenticator: Authenticator): Promise<string> {
  return proofAnswerSchema.parse((await answered(server, authenticator)).json).proof;
}

test.each(["ES256", "EdDSA"] as const)(
  "R-024 a passkey with %s completes the logins of its own account, each answer one of them",
  async (algorithm) => {
    await using server = await openSmallServer({ registration: "open" });
    const [alice, bob] = [await person(server, "alice"), await person(server, "bob")];
    const [key, bobs] = [createAuthenticator(algorithm), createAuthenticator(algorithm)];
    const { recoveryCodes } = recoveryCodesAnswerSchema.parse((await alice.add(key)).json);
    expect(recoveryCodes).toHaveLength(FACTOR_LIMITS.recoveryCodes);
    expect((await bob.add(bobs)).status).toBe(201);
    expect(codeOf(await tryLogin(server.url, { ...alice.who, password }))).toBe("factorRequired");
    const enter = await alice.begun();
    expect(codeOf(await enter(await proofOf(server, bobs)))).toBe("factorInvalid");
    const proof = await proofOf(server, key);
    const { session } = loginFinishAnswerSchema.parse((await enter(proof)).json);
    expect((await ask(server.url, paths.session(), { token: session.token })).status).toBe(200);
    expect(codeOf(await (await alice.begun())(proof))).toBe("factorInvalid");
    expect((await alice.info()).passkeys).toEqual([
      { id: key.id, label: "key", createdAt: expect.any(Number), usedAt: expect.any(Number) },
    ]);
  },
);

test("R-024 T-12 an answer for another origin, name or question is none, nor is that of a copied key", async () => {
  await using server = await openSmallServer({ registration: "open" });
  const alice = await person(server, "alice");
  const key = createAuthenticator("ES256");
  const thief = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;
  const wrongs: readonly (readonly [string, Wrong])[] = [
    ["another origin", { origin: "https://evil.example" }],
    ["the same name without TLS", { origin: "http://chat.example.org" }],
    ["another RP", { rpId: "evil.example" }],
    ["another challenge", { challenge: "AAAA" }],
    ["nobody there", { userPresent: false }],
    ["nobody verified", { userVerified: false }],
  ];
  for (const [what, wrong] of [...wrongs, ["an assertion", { type: "webauthn.get" }] as const]) {
    const code = codeOf(await alice.add(key, wrong));
    expect({ what, code }).toEqual({ what, code: "factorInvalid" });
  }
  expect((await alice.info()).passkeys).toEqual([]);
  expect((await alice.add(key, { counter: 10 })).status).toBe(201);
  expect(codeOf(await alice.add(key))).toBe("conflict");
  for (const [what, wrong] of [
    ...wrongs,
    ["a registration", { type: "webauthn.create" }] as const,
    ["another key's signature", { signer: thief }] as const,
    ["a passkey that is not known", { id: "AAAAAAAAAAAAAAAA" }] as const,
    ["a counter that stands", { counter: 10 }] as const,
    ["a counter that went back", { counter: 3 }] as const,
  ]) {
    const refused = await answered(server, key, { counter: 20, ...wrong });
    expect({ what, code: codeOf(refused) }).toEqual({ what, code: "factorInvalid" });
  }
  // A question has one answer, and its time.
  const { flowId, options } = await question(server);
  const json = { flowId, response: key.get(options, { counter: 30 }) };
  const once = () => ask(server.url, paths.passkeyProofFinish(), { json });
  expect([codeOf(await once()), codeOf(await once())]).toEqual([200, "factorInvalid"]);
  const late = await question(server);
  server.advance(LIMITS.loginLifetimeMs);
  const response = key.get(late.options, { counter: 40 });
  const finished = { flowId: late.flowId, response };
  expect(codeOf(await ask(server.url, paths.passkeyProofFinish(), { json: finished }))).toBe(
    "factorInvalid",
  );
});

test("R-024 a passkey is added by its user's own client, and removed with password and factor", async () => {
  await using server = await openSmallServer({ registration: "open" });
  const [alice, bob] = [await person(server, "alice"), await person(server, "bob")];
  const [one, two] = [createAuthenticator("ES256"), createAuthenticator("EdDSA")];
  const { token } = alice;
  const unsigned = await ask(server.url, paths.passkeyStart(), { method: "POST", token });
  expect(codeOf(unsigned)).toBe("proofRequired");
  const { flowId, options } = await alice.startPasskey();
  const json = { flowId, label: "key", response: one.create(options) };
  expect(codeOf(await bob.act(paths.passkeys(), json))).toBe("factorInvalid");
  expect((await alice.add(one)).status).toBe(201);
  expect(recoveryCodesAnswerSchema.parse((await alice.add(two)).json).recoveryCodes).toEqual([]);
  expect(codeOf(await alice.remove("unknown", "x"))).toBe("notFound");
  expect(codeOf(await bob.remove(one.id, "x"))).toBe("notFound");
  expect(codeOf(await alice.remove(one.id, "000000"))).toBe("factorInvalid");
  expect(codeOf(await alice.remove(one.id, await proofOf(server, one)))).toBe(204);
  expect((await alice.info()).passkeys).toMatchObject([{ id: two.id }]);
  expect(codeOf(await answered(server, one))).toBe("factorInvalid");
  expect(codeOf(await alice.remove(two.id, await proofOf(server, two)))).toBe(204);
  expect(await alice.info()).toMatchObject({ passkeys: [], recoveryCodes: 0 });
  expect((await tryLogin(server.url, { ...alice.who, password })).status).toBe(200);
});

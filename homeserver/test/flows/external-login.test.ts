/** Logins at the operator's provider, with a real OpenID Connect provider on loopback. */
import {
  proofAnswerSchema,
  externalStartAnswerSchema,
  factorsAnswerSchema,
  LIMITS,
  loginFinishAnswerSchema,
  paths,
  recoveryCodesAnswerSchema,
} from "@treehouse/protocol";
import { afterAll, beforeAll, expect, test } from "vitest";
import { FACTOR_LIMITS } from "../../src/factors/limits.ts";
import { ask, askProved } from "../people/ask.ts";
import type { Answer } from "../people/ask.ts";
import { createPerson } from "../people/person.ts";
import { openProvider } from "../people/provider.ts";
import type { TestProvider } from "../people/provider.ts";
import { provePassword, register, tryLogin, tryRegister } from "../people/sign-in.ts";
import { openSmallServer } from "../people/small-server.ts";
import type { SmallServer, SmallServerOptions } from "../people/small-server.ts";

const password = "correct horse battery staple";
const redirectUri = "http://127.0.0.1:49152/callback";
const codeOf = ({ refusal, status }: Answer) => refusal?.code ?? status;

let provider: TestProvider;
/** Another one that the operator does not know. */
let mallory: TestProvider;

beforeAll(async () => {
  provider = await openProvider();
  mallory = await openProvider();
});

afterAll(async () => {
  await provider[Symbol.asyncDispose]();
  await mallory[Symbol.asyncDispose]();
});

function openServer(options: SmallServerOptions = {}): Promise<SmallServer> {
  const { clientId, clientSecret, issuer } = provider;
  const external = { clientId, clientSecret, issuer, redirectUris: [] };
  return openSmallServer({ registration: "oidc", external, ...options });
}

async function start(server: SmallServer) {
  const answer = await ask(server.url, paths.externalStart(), { json: { redirectUri } });
  if (answer.refusal) throw answer.refusal;
  return externalStartAnswerSchema.parse(answer.json);
}

const finish = (server: SmallServer, flowId: string, callback: string) =>
  ask(server.url, paths.externalFinish(), { json: { flowId, callback } });

/** What somebody gets who logs in at the provider. */
async function proofOf(server: SmallServer, visitor: string): Promise<string> {
  provider.visitor = visitor;
  const { flowId, authorizationUrl } = await start(server);
  const callback = await provider.browse(authorizationUrl, redirectUri);
  const answer = await finish(server, flowId, callback);
  if (answer.refusal) throw answer.refusal;
  return proofAnswerSchema.parse(answer.json).proof;
}

test("R-023 whoever logs in at the provider registers, once, and not by an e-mail address", async () => {
  await using server = await openServer();
  const [alice, bob] = [createPerson("alice"), createPerson("bob")];
  expect(codeOf(await tryRegister(server.url, alice, { password }))).toBe("inviteInvalid");
  const unknown = { password, externalProof: "A".repeat(22) };
  expect(codeOf(await tryRegister(server.url, alice, unknown))).toBe("loginFailed");
  const externalProof = await proofOf(server, "subject-alice");
  expect(codeOf(await tryRegister(server.url, alice, { password, externalProof }))).toBe(201);
  expect(codeOf(await tryRegister(server.url, bob, { password, externalProof }))).toBe(
    "loginFailed",
  );
  const again = await proofOf(server, "subject-alice");
  expect(codeOf(await tryRegister(server.url, bob, { password, externalProof: again }))).toBe(
    "conflict",
  );
  // Somebody else who has the same address there is somebody else.
  const other = await proofOf(server, "subject-bob");
  expect(codeOf(await tryRegister(server.url, bob, { password, externalProof: other }))).toBe(201);
});

test("R-023 R-024 the login of a linked account takes the provider's proof, which opens nothing else", async () => {
  await using server = await openServer();
  const alice = createPerson("alice");
  const externalProof = await proofOf(server, "alice");
  await register(server.url, alice, { password, externalProof });
  const whose = { ...alice, password };
  const begun = async () => {
    const login = await tryLogin(server.url, whose);
    expect(codeOf(login)).toBe("factorRequired");
    const half = { challenge: login.refusal?.data.challenge, client: alice.client };
    return (code: string) => ask(server.url, paths.loginFactor(), { json: { ...half, code } });
  };
  const enter = async (code: string) => (await begun())(code);
  const proof = await proofOf(server, "alice");
  // Nothing but a code: neither a session, nor the password's place, nor a client.
  expect(codeOf(await tryLogin(server.url, { ...whose, password: proof }))).toBe("loginFailed");
  expect(codeOf(await ask(server.url, paths.session(), { token: proof }))).toBe("sessionEnded");
  const bare = { proofId: proof, clientList: "AAAA", attestation: "AAAA", proof: "A".repeat(86) };
  expect(codeOf(await ask(server.url, paths.clients(), { json: bare }))).toBe("loginFailed");

  expect(codeOf(await enter(await proofOf(server, "mallory")))).toBe("factorInvalid");
  const { session } = loginFinishAnswerSchema.parse((await enter(proof)).json);
  expect((await ask(server.url, paths.session(), { token: session.token })).status).toBe(200);
  expect(codeOf(await enter(proof))).toBe("factorInvalid");
  const late = await proofOf(server, "alice");
  server.advance(LIMITS.loginLifetimeMs);
  expect(codeOf(await enter(late))).toBe("factorInvalid");
  const guess = await begun();
  for (let count = 2; count < FACTOR_LIMITS.triesMax; count += 1) await guess("B".repeat(22));
  expect(codeOf(await guess(await proofOf(server, "alice")))).toBe("rateLimited");
});

test("R-023 a link is made by its user, ends with password and factor, and locks nobody out", async () => {
  await using server = await openServer({ registration: "open" });
  const alice = createPerson("alice");
  const { session } = await register(server.url, alice, { password });
  const { token } = session;
  const act = (path: string, json: unknown, method: "POST" | "DELETE" = "POST") =>
    askProved(alice, server.url, path, { method, token, json });
  const info = async () =>
    factorsAnswerSchema.parse((await ask(server.url, paths.factors(), { token })).json);
  expect(await info()).toMatchObject({ external: false });
  const json = { proof: await proofOf(server, "alice") };
  const unsigned = await ask(server.url, paths.externalLink(), { token, json });
  expect(codeOf(unsigned)).toBe("proofRequired");
  const linked = await act(paths.externalLink(), json);
  const { recoveryCodes } = recoveryCodesAnswerSchema.parse(linked.json);
  expect(recoveryCodes).toHaveLength(FACTOR_LIMITS.recoveryCodes);
  expect(await info()).toMatchObject({ external: true, totp: false });
  const second = { proof: await proofOf(server, "another") };
  expect(codeOf(await act(paths.externalLink(), second))).toBe("conflict");
  const end = async (code: string) =>
    act(
      paths.externalLink(),
      { ...(await provePassword(server.url, token, password)), code },
      "DELETE",
    );
  expect(codeOf(await end("x"))).toBe("factorInvalid");
  expect(codeOf(await end(recoveryCodes[0] ?? ""))).toBe(204);
  expect((await tryLogin(server.url, { ...alice, password })).status).toBe(200);
});

test("R-023 state, code, redirect address and issuer of an answer hold for one login alone", async () => {
  await using server = await openServer();
  provider.visitor = "alice";
  const [one, two] = [await start(server), await start(server)];
  const [first, second] = [
    await provider.browse(one.authorizationUrl, redirectUri),
    await provider.browse(two.authorizationUrl, redirectUri),
  ];
  const changed = (change: (url: URL) => void): string => {
    const url = new URL(first);
    change(url);
    return url.href;
  };
  const { searchParams } = new URL(second);
  const wrong: readonly (readonly [string, string])[] = [
    ["the answer of another login", second],
    ["another state", changed((url) => url.searchParams.set("state", "x"))],
    ["no state", changed((url) => url.searchParams.delete("state"))],
    [
      "another code",
      changed((url) => url.searchParams.set("code", searchParams.get("code") ?? "")),
    ],
    ["another issuer", changed((url) => url.searchParams.set("iss", mallory.issuer))],
    ["no issuer", changed((url) => url.searchParams.delete("iss"))],
    ["another port", changed((url) => (url.port = "49153"))],
    ["another path", changed((url) => (url.pathname = "/callback/"))],
    ["another host", changed((url) => (url.hostname = "localhost"))],
    ["a refusal", `${redirectUri}?error=access_denied&state=x`],
    ["nothing", redirectUri],
  ];
  for (const [what, callback] of wrong) {
    const { flowId, authorizationUrl } = await start(server);
    // As it were its own but for what is wrong: an honest one would go.
    const own = new URL(await provider.browse(authorizationUrl, redirectUri));
    const given = callback.replace(
      new URL(first).searchParams.get("state") ?? "-",
      own.searchParams.get("state") ?? "",
    );
    const taken = given.replace(
      new URL(first).searchParams.get("code") ?? "-",
      own.searchParams.get("code") ?? "",
    );
    const answer = await finish(server, flowId, taken);
    expect({ what, code: codeOf(answer) }).toEqual({ what, code: "loginFailed" });
    // Whatever came of it, a login has one answer.
    expect(codeOf(await finish(server, flowId, own.href))).toBe("loginFailed");
  }
  expect(codeOf(await finish(server, one.flowId, first))).toBe(200);
  expect(codeOf(await finish(server, one.flowId, first))).toBe("loginFailed");
  server.advance(LIMITS.loginLifetimeMs);
  expect(codeOf(await finish(server, two.flowId, second))).toBe("loginFailed");
});

test("R-023 the browser comes back to this machine alone, or to an address of the operator's", async () => {
  await using server = await openServer({
    external: { ...provider, redirectUris: ["https://chat.example.org/callback"] },
  });
  const ask1 = (uri: string) =>
    ask(server.url, paths.externalStart(), { json: { redirectUri: uri } });
  for (const uri of [
    "http://127.0.0.1/callback",
    "http://127.0.0.1:0/callback",
    "http://localhost:4000/callback",
    "http://127.0.0.1:4000/callback?next=x",
    "http://127.0.0.1:4000/callback#x",
    "http://127.0.0.1:4000/",
    "http://user@127.0.0.1:4000/callback",
    "http://127.0.0.1:4000@evil.example/callback",
    "https://127.0.0.1:4000/callback",
    "https://chat.example.org/callback/",
    "https://chat.example.org/callback?x",
    "https://evil.example/callback",
  ]) {
    expect({ uri, code: codeOf(await ask1(uri)) }).toEqual({ uri, code: "notAllowed" });
  }
  for (const uri of [
    redirectUri,
    "http://[::1]:4000/callback",
    "https://chat.example.org/callback",
  ])
    expect({ uri, code: codeOf(await ask1(uri)) }).toEqual({ uri, code: 200 });
});

test("R-023 a provider that is away, or another than it says, is told apart from a wrong login", async () => {
  await using without = await openSmallServer();
  const json = { redirectUri };
  const asked = await ask(without.url, paths.externalStart(), { json });
  expect(codeOf(asked)).toBe("unsupported");
  const gone = await openProvider();
  await gone[Symbol.asyncDispose]();
  await using away = await openServer({ external: { ...gone, redirectUris: [] } });
  const refused = await ask(away.url, paths.externalStart(), { json });
  expect([codeOf(refused), refused.headers.get("retry-after")]).toEqual(["unavailable", "10"]);
  // One that is found under a name which it does not have itself.
  const issuer = provider.issuer.replace("127.0.0.1", "localhost");
  await using lied = await openServer({ external: { ...provider, issuer, redirectUris: [] } });
  expect(codeOf(await ask(lied.url, paths.externalStart(), { json }))).not.toBe(200);
});

/** What a session's token alone is not enough for: the client's own key has to sign it. */
import { paths, sessionsAnswerSchema } from "@treehouse/protocol";
import { expect, test } from "vitest";
import { proofPerSession } from "../../src/authentication/limits.ts";
import { ask, askProved, proofOf } from "../people/ask.ts";
import type { Question } from "../people/ask.ts";
import { createPerson } from "../people/person.ts";
import { login, register } from "../people/sign-in.ts";
import { openSmallServer } from "../people/small-server.ts";

const password = "correct horse battery staple";

async function world() {
  const server = await openSmallServer({ registration: "open" });
  const alice = createPerson("alice");
  const { session } = await register(server.url, alice, { password });
  const other = await login(server.url, { ...alice, password });
  return { server, alice, token: session.token, other: other.session.token };
}

test("R-026 a stolen token ends no other session: the client's key has to sign", async () => {
  const { server, alice, token, other } = await world();
  await using _ = server;
  const thief = { ...createPerson("alice"), client: alice.client };
  const path = paths.sessions();
  const act: Question = { method: "DELETE", token };
  const refused = async (proof: string | undefined, question: Question = act) => {
    const { refusal } = await ask(server.url, path, { ...question, proof });
    return refusal?.code;
  };
  const fresh = async (whose = token): Promise<string> => {
    const { refusal } = await ask(server.url, path, { ...act, token: whose });
    return refusal?.data.challenge ?? "";
  };
  const good = (challenge: string) => proofOf(alice, path, act, challenge);
  const spoilt = [
    ["none at all", undefined],
    ["no proof in form", "x"],
    ["signed by another key", proofOf(thief, path, act, await fresh())],
    ["for another path", proofOf(alice, paths.sessionOf("x"), act, await fresh())],
    ["for another method", proofOf(alice, path, { ...act, method: "GET" }, await fresh())],
    ["for another body", proofOf(alice, path, { ...act, json: {} }, await fresh())],
    ["over a challenge of the asker's own", good("AAAAAAAAAAAAAAAAAAAAAA")],
    ["over another session's challenge", good(await fresh(other))],
  ] as const;
  for (const [what, proof] of spoilt) {
    expect([what, await refused(proof)]).toEqual([what, "proofRequired"]);
  }
  expect((await ask(server.url, paths.session(), { token: other })).status).toBe(200);

  const once = good(await fresh());
  const done = await ask(server.url, path, { ...act, proof: once });
  expect(done.json).toEqual({ ended: 1 });
  expect(await refused(once)).toBe("proofRequired");
  expect((await ask(server.url, paths.session(), { token: other })).status).toBe(401);
  expect((await ask(server.url, paths.session(), { token })).status).toBe(200);
});

test("R-026 a challenge does not outlive the server's memory of it, and asking has a rate", async () => {
  const { server, alice, token } = await world();
  const act: Question = { method: "DELETE", token };
  const asked = await ask(server.url, paths.sessions(), act);
  const proof = proofOf(alice, paths.sessions(), act, asked.refusal?.data.challenge ?? "");
  await using again = await server.restart();
  const late = await ask(again.url, paths.sessions(), { ...act, proof });
  expect(late.refusal?.code).toBe("proofRequired");
  const refusals = [];
  for (let count = 0; count < proofPerSession.count; count += 1) {
    refusals.push((await ask(again.url, paths.sessions(), act)).refusal);
  }
  expect(new Set(refusals.slice(0, -1).map((each) => each?.code))).toEqual(
    new Set(["proofRequired"]),
  );
  const limited = refusals.at(-1);
  expect([limited?.code, limited?.data.limitName]).toEqual(["rateLimited", "proofPerSession"]);
  expect(limited?.data.retryAfterMs).toBeGreaterThan(0);
});

test("R-026 the list tells which client, by what name, and when it was last there", async () => {
  const { server, alice, token } = await world();
  await using _ = server;
  server.advance(2 * 3_600_000);
  const now = server.now();
  const { json } = await ask(server.url, paths.sessions(), { token });
  const { sessions } = sessionsAnswerSchema.parse(json);
  expect(sessions.map(({ client, current }) => [client, current])).toEqual([
    [alice.client, false],
    [alice.client, true],
  ]);
  const [unused, used] = sessions;
  expect(used?.usedAt).toBeGreaterThanOrEqual(now);
  expect(unused?.usedAt).toBeLessThan(now - 3_600_000);
  const gone = await askProved(alice, server.url, paths.sessionOf("none"), {
    method: "DELETE",
    token,
  });
  expect(gone.refusal?.code).toBe("notFound");
});

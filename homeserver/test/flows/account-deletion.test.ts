import { fromBase64Url, LIMITS, nameOf, paths, toBase64Url, userUri } from "@treehouse/protocol";
import type { Domain, UserUri } from "@treehouse/protocol";
import { expect, test } from "vitest";
import { ask } from "../people/ask.ts";
import { beginDeletion, deleteAccount, finishDeletion } from "../people/deletion.ts";
import { claimed, enrol, requestOf, tryClaim, uploaded } from "../people/holder.ts";
import type { Holder } from "../people/holder.ts";
import { createPerson, leafIdentityOf, makeKeyPackage } from "../people/person.ts";
import { register, tryLogin, tryRegister } from "../people/sign-in.ts";
import type { SmallServer } from "../people/small-server.ts";
import { act, contactsOf, newsOf, openTwoServers, stateOf, toldTo } from "../people/two-servers.ts";

const password = "correct horse battery staple";

const leaver = ({ url }: SmallServer, signer: Holder) => {
  const { token } = signer;
  return { url, token, signer, password };
};

/** Somebody who has a password, with KeyPackages like everybody. */
async function registered(server: SmallServer, name: string): Promise<Holder> {
  const person = createPerson(name, { domain: server.domain });
  const enrolled = await register(server.url, person, { password });
  const vouched = {
    attestationCountersignature: fromBase64Url(enrolled.attestationCountersignature),
    countersigner: enrolled.countersigner,
  };
  const identity = leafIdentityOf(person, vouched);
  return {
    ...person,
    enrolled: vouched,
    token: enrolled.session.token,
    make: async (options) => ({
      ...(await makeKeyPackage(person, identity, options)),
      lastResort: options.lastResort ?? false,
    }),
  };
}

/** The tables in which a text stands in any column. */
async function tablesWith(server: SmallServer, text: string): Promise<readonly string[]> {
  return server.database.read((tx) => {
    const { $client } = server.database.sql(tx);
    const names = $client
      .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")
      .pluck()
      .all()
      .map(String);
    return names.filter((name) =>
      $client
        .prepare(`SELECT * FROM "${name}" ORDER BY 1`)
        .raw()
        .all()
        .some((row) => Array.isArray(row) && row.some((value) => holds(value, text))),
    );
  });
}

function holds(value: unknown, text: string): boolean {
  if (value instanceof Uint8Array) return Buffer.from(value).includes(text);
  return String(value).includes(text);
}

test("R-029 FED-969 a deleted account leaves a hash, here and at the servers that knew it", async () => {
  const asked: string[] = [];
  await using world = await openTwoServers({
    registration: "open",
    rooms: (domain) => ({
      deleteUser: async (_tx, user) => {
        asked.push(`${domain}: ${user}`);
        return [];
      },
      shares: async () => false,
      revokeClient: async () => [],
      companionsOf: async () => [],
    }),
  });
  const { a, b } = world;
  const name = "alexandra-canary";
  const alice = await registered(a, name);
  const [carol, bob] = [await enrol(a, "carol"), await enrol(b, "bob")];
  await uploaded(a, alice, [await alice.make({}), await alice.make({ lastResort: true })]);
  await uploaded(a, carol, [await carol.make({})]);
  await uploaded(b, bob, [await bob.make({})]);
  await act(a, alice, "request", bob.user, { note: "hello" });
  await world.deliver();
  await act(b, bob, "accept", alice.user);
  await act(a, carol, "request", alice.user);
  await act(a, carol, "block", alice.user);
  await world.deliver();
  expect((await claimed(a, alice, bob.user)).status).toBe("success");
  expect((await claimed(a, alice, carol.user)).status).toBe("noConsent");
  await act(a, carol, "unblock", alice.user);
  expect((await claimed(a, alice, carol.user)).status).toBe("success");
  expect((await claimed(b, bob, alice.user)).status).toBe("success");
  await newsOf(b, bob);
  await newsOf(a, carol);
  const record = paths.accountDataRecord(toBase64Url(new Uint8Array(32)));
  const json = { expectedVersion: 0, sealed: toBase64Url(new Uint8Array(100)) };
  await ask(a.url, record, { method: "PUT", token: alice.token, json });
  expect(await tablesWith(a, name)).toContain("authentication_account_data");
  expect((await tablesWith(a, name)).length).toBeGreaterThan(5);
  expect((await tablesWith(b, name)).length).toBeGreaterThan(1);

  await deleteAccount(leaver(a, alice));
  await world.deliver(2);
  expect(asked).toEqual([
    `${a.domain}: ${alice.user}`,
    `${b.domain}: ${alice.user}`,
    `${b.domain}: ${alice.user}`,
  ]);
  expect(await toldTo(a, carol)).toEqual(["contactChanged none"]);
  expect(await toldTo(b, bob)).toEqual(["contactChanged none"]);
  for (const [server, who] of [
    [a, carol],
    [b, bob],
  ] as const) {
    expect(await contactsOf(server, who)).toEqual([]);
    await server.queuing.flush();
    expect(await tablesWith(server, name)).toEqual([]);
  }

  // Every way in is shut, and the name is nobody's for ever.
  for (const path of [paths.session(), paths.contacts(), paths.subscriptions()]) {
    expect((await ask(a.url, path, { token: alice.token })).refusal?.code).toBe("sessionEnded");
  }
  const login = { ...alice, password, proofDomain: a.domain };
  expect((await tryLogin(a.url, login)).refusal?.code).toBe("loginFailed");
  expect((await tryClaim(a, alice, requestOf(alice, bob.user))).refusal?.code).toBe("sessionEnded");
  const again = createPerson(name, { domain: a.domain });
  expect((await tryRegister(a.url, again, { password })).refusal?.code).toBe("nameTaken");
  const find = await ask(a.url, paths.user(`${name}@a.example`), { token: carol.token });
  expect(find.refusal?.code).toBe("unknownUser");
});

test("R-029 a session and the password delete nothing without the key, nor does any bad proof", async () => {
  await using world = await openTwoServers({ registration: "open" });
  const { a } = world;
  const [alice, carol] = [await registered(a, "alice"), await registered(a, "carol")];
  const code = async (who: Holder, body: unknown) =>
    (await finishDeletion(leaver(a, who), body)).refusal?.code;
  const guessed = await beginDeletion({ ...leaver(a, alice), password: "a wrong password" });
  expect(await code(alice, guessed)).toBe("loginFailed");
  const honest = await beginDeletion(leaver(a, alice));
  expect(await code(carol, honest)).toBe("loginFailed");
  // A proof is used up by its first use, whoever makes it.
  expect(await code(alice, honest)).toBe("loginFailed");
  const stolen = await beginDeletion(leaver(a, alice));
  const thief = { ...leaver(a, alice), signer: carol };
  expect((await finishDeletion(thief, stolen)).refusal?.code).toBe("proofRequired");
  const late = await beginDeletion(leaver(a, alice));
  a.advance(LIMITS.loginLifetimeMs);
  expect(await code(alice, late)).toBe("loginFailed");
  expect(await code(alice, { deletionId: "x" })).toBe("malformed");
  expect((await ask(a.url, paths.account(), { method: "DELETE", json: late })).status).toBe(401);
  expect((await ask(a.url, paths.session(), { token: alice.token })).status).toBe(200);
  // Somebody without a password has no way to prove one.
  const bot = await enrol(a, "bot");
  expect(await code(bot, await beginDeletion(leaver(a, bot)))).toBe("loginFailed");
  await deleteAccount(leaver(a, alice));
});

test("every server that shares a room or a contact is told of a deletion, each once", async () => {
  const told: string[] = [];
  const elsewhere: Domain[] = [];
  await using world = await openTwoServers({
    registration: "open",
    rooms: () => ({
      deleteUser: async () => elsewhere,
      companionsOf: async () => [],
      shares: async () => false,
      revokeClient: async () => [],
    }),
  });
  const { a, b } = world;
  elsewhere.push(b.domain, a.domain);
  const alice = await registered(a, "alice");
  await act(a, alice, "request", userUri(b.domain, "bob"));
  world.line.splice(0);
  await deleteAccount(leaver(a, alice));
  for (const { to, item } of world.line) told.push(`${to} ${item.kind}`);
  expect(told).toEqual([`${b.domain} userDeleted`]);
});

test("FED-969 a peer takes away its own users only, and who acts meanwhile finds the account gone", async () => {
  await using world = await openTwoServers({ registration: "open" });
  const { a, b } = world;
  const [alice, bob] = [await registered(a, "alice"), await enrol(b, "bob")];
  const gone = (server: SmallServer, peer: Domain, user: UserUri) =>
    server.database.transaction((tx) =>
      server.authentication.userDeleted(tx, peer, { user, deletedAt: 1 }),
    );
  await act(a, alice, "request", bob.user);
  expect(await gone(a, a.domain, alice.user)).toEqual({ rejected: "notAllowed" });
  expect(await gone(a, b.domain, alice.user)).toEqual({ rejected: "notAllowed" });
  expect(await gone(a, b.domain, userUri(b.domain, "nobody"))).toEqual({});
  expect(await stateOf(a, alice, bob.user)).toBe("requested");
  expect(await gone(a, b.domain, bob.user)).toEqual({});
  expect(await stateOf(a, alice, bob.user)).toBe("none");

  const carol = await enrol(a, "carol");
  const proof = await beginDeletion(leaver(a, alice));
  const [deleted, asked] = await Promise.all([
    finishDeletion(leaver(a, alice), proof),
    ask(a.url, paths.contactRequest("carol@a.example"), { token: alice.token, json: {} }),
  ]);
  expect(deleted.status).toBe(204);
  expect([undefined, "sessionEnded"]).toContain(asked.refusal?.code);
  expect(await tablesWith(a, nameOf(alice.user))).toEqual(
    asked.refusal === undefined ? ["queuing_entries"] : [],
  );
  expect(await contactsOf(a, carol)).toEqual([]);
});

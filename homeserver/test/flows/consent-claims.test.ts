import {
  keyMaterialRequestCodec,
  keyMaterialResponseCodec,
  LIMITS,
  mintRoomUri,
  parseDomain,
  paths,
  RATE_LIMITS,
  signedClientListCodec,
  toHex,
  userAnswerSchema,
  userUri,
  utf8Encode,
} from "@treehouse/protocol";
import type { KeyMaterialRequest, UnsignedKeyMaterialRequest } from "@treehouse/protocol";
import { expect, test } from "vitest";
import { ask } from "../people/ask.ts";
import { claimed, enrol, requestOf, stock, tryClaim, uploaded } from "../people/holder.ts";
import { testCrypto } from "../people/person.ts";
import { befriend, claimByPeer, openPeople } from "../people/claiming-people.ts";
import { openSmallServer } from "../people/small-server.ts";
import { act } from "../people/two-servers.ts";

test("R-014 FED-966 a user of another server is found, and claimed once there is leave", async () => {
  await using world = await openPeople();
  const { a, alice, bob } = world;
  const found = await ask(a.url, paths.user("bob@b.example"), { token: alice.token });
  const answer = userAnswerSchema.parse(found.json);
  expect(answer.user).toBe(bob.user);
  expect(answer.countersigners.map(({ kid }) => kid)).toEqual(
    world.b.authentication.serverKeys().map(({ kid }) => kid),
  );
  expect(await claimed(a, alice, bob.user)).toEqual({
    status: "noConsent",
    user: bob.user,
    clients: [],
  });
  expect(await stock(world.b, bob)).toMatchObject({ stock: 3 });
  await befriend(world);
  const response = await claimed(a, alice, bob.user);
  expect(response).toMatchObject({ status: "success", clients: [{ client: bob.client }] });
  // The octets that the client signed are the ones that arrived.
  const [first, second] = world.claims.map(({ request }) => toHex(request));
  expect(first).toBe(second);
  const request = keyMaterialRequestCodec.decode(world.claims[0]?.request ?? new Uint8Array());
  expect(request.requestingUser).toBe(alice.user);
  // The request alone has let Bob claim Alice.
  await uploaded(a, alice, [await alice.make({})]);
  expect((await claimed(world.b, bob, alice.user)).status).toBe("success");
});

test("FED-966 FED-967 leave for one room gives KeyPackages for that room alone", async () => {
  await using world = await openPeople();
  const { a, alice, bob } = world;
  const roomOf = () => mintRoomUri(a.domain, (length) => testCrypto.random(length));
  const [room, other] = [roomOf(), roomOf()];
  await act(a, alice, "request", bob.user, { room });
  await world.deliver();
  await act(world.b, bob, "accept", alice.user);
  const status = async (change: Partial<UnsignedKeyMaterialRequest>) =>
    (await claimed(a, alice, bob.user, change)).status;
  expect(await status({ room })).toBe("success");
  expect(await status({ room: other })).toBe("noConsent");
  expect(await status({})).toBe("noConsent");
  await act(world.b, bob, "withdraw", alice.user);
  expect(await status({ room })).toBe("noConsent");
});

test("R-043 FED-963 unknown, without leave and blocked are one answer and one amount of work", async () => {
  await using world = await openPeople();
  const { b, alice, bob } = world;
  const nobody = userUri(b.domain, "nobody");
  await befriend(world);
  const carol = await enrol(b, "carol");
  await uploaded(b, carol, [await carol.make({})]);
  await act(b, bob, "block", alice.user);

  const outcomes = [];
  for (const target of [nobody, carol.user, bob.user]) {
    const before = { ...b.work };
    const { user, ...rest } = await claimByPeer(world, requestOf(alice, target));
    expect(user).toBe(target);
    const statements = b.work.statements - before.statements;
    const signatures = b.work.signatures - before.signatures;
    outcomes.push({ ...rest, statements, signatures });
  }
  const [first] = outcomes;
  expect(first).toMatchObject({ status: "noConsent", clients: [] });
  expect(first?.statements).toBeGreaterThan(0);
  expect(first?.signatures).toBeGreaterThan(0);
  expect(outcomes).toEqual([first, first, first]);
  await act(b, bob, "unblock", alice.user);
  expect((await claimByPeer(world, requestOf(alice, bob.user))).status).toBe("success");
});

test("R-043 FED-964 on one server a block looks like somebody who has everybody ask first", async () => {
  for (const localContacts of ["implied", "ask"] as const) {
    await using server = await openSmallServer({ localContacts });
    const [alice, bob, carol, eve] = [
      await enrol(server, "alice"),
      await enrol(server, "bob"),
      await enrol(server, "carol"),
      await enrol(server, "eve"),
    ];
    for (const one of [alice, carol]) {
      await uploaded(server, one, [await one.make({ lastResort: true })]);
    }
    const open = await claimed(server, bob, alice.user);
    expect(open.status).toBe(localContacts === "implied" ? "success" : "noConsent");
    await act(server, bob, "request", alice.user);
    await act(server, alice, "accept", bob.user);
    expect((await claimed(server, bob, alice.user)).status).toBe("success");

    await ask(server.url, paths.privacy(), {
      token: carol.token,
      method: "PUT",
      json: { adding: "nobody" },
    });
    await act(server, alice, "block", eve.user);
    // The first request of a session notes that it was used.
    await claimed(server, eve, bob.user);
    const outcomes = [];
    for (const target of [carol, alice]) {
      const before = server.work.statements;
      const { user, ...rest } = await claimed(server, eve, target.user);
      expect(user).toBe(target.user);
      outcomes.push({ ...rest, statements: server.work.statements - before });
    }
    expect(outcomes[0]).toMatchObject({ status: "noConsent", clients: [] });
    expect(outcomes[1]).toEqual(outcomes[0]);
    // One's own clients are never strangers.
    expect((await claimed(server, alice, alice.user)).status).toBe("success");
  }
});

test("FED-930 only a listed client of the user who is named claims, with a request it signed", async () => {
  await using world = await openPeople();
  const { a, b, alice, bob } = world;
  await befriend(world);
  const eve = await enrol(a, "eve");
  const honest = requestOf(alice, bob.user);
  const cases: readonly (readonly [string, KeyMaterialRequest, string])[] = [
    ["no signature", { ...honest, signature: new Uint8Array(64) }, "identityInvalid"],
    ["a changed target", { ...honest, targetUser: userUri(b.domain, "carol") }, "identityInvalid"],
    ["another key", requestOf(alice, bob.user, {}, eve.clientKeys), "identityInvalid"],
    [
      "a key that is not listed",
      requestOf(
        alice,
        bob.user,
        { requesterSignatureKey: eve.clientKeys.publicKey },
        eve.clientKeys,
      ),
      "identityInvalid",
    ],
    [
      "another user's name",
      requestOf(eve, bob.user, { requestingUser: alice.user }),
      "identityInvalid",
    ],
    [
      "a credential that is none",
      requestOf(alice, bob.user, { requesterCredential: { identity: utf8Encode("alice") } }),
      "malformed",
    ],
    ["a user of this server", requestOf(bob, bob.user), "identityInvalid"],
    ["a target elsewhere", requestOf(alice, alice.user), "unknownUser"],
  ];
  for (const [what, request, code] of cases) {
    const refused: unknown = await claimByPeer(world, request).catch((error: unknown) => error);
    expect([what, refused]).toMatchObject([what, { code }]);
  }
  expect(await stock(b, bob)).toMatchObject({ stock: 3 });
  expect((await claimByPeer(world, honest)).status).toBe("success");
  // The hub of a room may hand on what it cannot alter.
  const hub = parseDomain("hub.example");
  expect((await claimByPeer(world, honest, "by the hub", hub)).status).toBe("success");
});

test("R-014 a list that the requester's server does not vouch for is refused", async () => {
  let replaced = false;
  await using world = await openPeople({
    between: (users) => ({
      ...users,
      find: async (user, options) => {
        const found = await users.find(user, options);
        if (!replaced || found === undefined) return found;
        const key = testCrypto.generateSignatureKeyPair().publicKey;
        return { ...found, countersigners: found.countersigners.map(({ kid }) => ({ kid, key })) };
      },
    }),
  });
  await befriend(world);
  const honest = requestOf(world.alice, world.bob.user);
  expect((await claimByPeer(world, honest)).status).toBe("success");
  replaced = true;
  await expect(claimByPeer(world, honest)).rejects.toMatchObject({ code: "identityInvalid" });
});

test("FED-933 a transaction that is repeated burns no second KeyPackage", async () => {
  await using world = await openPeople();
  const { alice, bob } = world;
  await befriend(world);
  const request = requestOf(alice, bob.user);
  const answers = await Promise.all(
    Array.from({ length: 4 }, () => claimByPeer(world, request, "one")),
  );
  for (const answer of answers) expect(answer).toEqual(answers[0]);
  await world.restart();
  expect(await claimByPeer(world, request, "one")).toEqual(answers[0]);
  expect(await stock(world.b, bob)).toMatchObject({ stock: 2 });
  await expect(
    claimByPeer(world, requestOf(alice, bob.user, { acceptableCiphersuites: [1, 3] }), "one"),
  ).rejects.toMatchObject({ code: "transactionConflict" });
  // So it is where nothing was given, and then something is.
  const carol = await enrol(world.a, "carol");
  const vain = requestOf(carol, bob.user);
  expect((await claimByPeer(world, vain, "two")).status).toBe("noConsent");
  expect((await claimByPeer(world, vain, "two")).status).toBe("noConsent");
  await expect(claimByPeer(world, request, "two")).rejects.toMatchObject({
    code: "transactionConflict",
  });
  // After a day it is forgotten.
  world.b.advance(LIMITS.transactionKeptMs + 1);
  await world.b.runJobs();
  expect(await claimByPeer(world, request, "one")).not.toEqual(answers[0]);
});

test("T-23 claims that a peer hands on are limited by who asks whom, and by peer", async () => {
  await using world = await openPeople({ made: 1 });
  const { alice, bob } = world;
  await uploaded(world.b, bob, [await bob.make({ lastResort: true })]);
  await befriend(world);
  const request = requestOf(alice, bob.user);
  const { count } = RATE_LIMITS.claimPerPair;
  for (let time = 0; time < count; time += 1) {
    expect((await claimByPeer(world, request)).status).toBe("success");
  }
  await expect(claimByPeer(world, request)).rejects.toMatchObject({
    code: "rateLimited",
    data: { limitName: "claimPerPair" },
  });
  // A repetition is no new claim.
  const carol = await enrol(world.a, "carol");
  expect((await claimByPeer(world, requestOf(carol, bob.user), "carol")).status).toBe("noConsent");
});

test("H-15 FED-935 nobody uses up in another's name what that one may claim", async () => {
  await using world = await openPeople();
  const { alice, bob } = world;
  await befriend(world);
  const evil = parseDomain("evil.example");
  const room = mintRoomUri(evil, (length) => testCrypto.random(length));
  const eve = await enrol(world.a, "eve");
  const own = { requesterSignatureKey: eve.clientKeys.publicKey };
  const forged = [
    { ...requestOf(alice, bob.user, { room }), signature: new Uint8Array(64) },
    requestOf(alice, bob.user, { room, ...own }, eve.clientKeys),
  ];
  for (const request of forged) {
    for (let time = 0; time < RATE_LIMITS.claimPerPair.count; time += 1) {
      const flood = claimByPeer(world, request, toHex(testCrypto.random(16)), evil);
      await expect(flood).rejects.toMatchObject({ code: "identityInvalid" });
    }
  }
  expect((await claimByPeer(world, requestOf(alice, bob.user))).status).toBe("success");
});

test("a server that cannot be reached is named as such, and nothing is lost by it", async () => {
  await using world = await openPeople();
  const { a, alice, bob } = world;
  await befriend(world);
  world.cut = true;
  const found = await ask(a.url, paths.user("bob@b.example"), { token: alice.token });
  expect(found.refusal).toMatchObject({ code: "peerUnreachable" });
  expect(found.status).toBe(503);
  const claim = await tryClaim(a, alice, requestOf(alice, bob.user));
  expect(claim.refusal?.code).toBe("peerUnreachable");
  // A request waits for the other server.
  await act(a, alice, "withdraw", bob.user);
  await act(a, alice, "request", bob.user);
  world.cut = false;
  await world.deliver();
  expect((await claimed(a, alice, bob.user)).status).toBe("success");
});

test("an answer of another server that is none is not handed on", async () => {
  const answers: Uint8Array[] = [];
  await using world = await openPeople({
    between: (users) => ({
      ...users,
      claim: async (...asked) => new Uint8Array(answers.shift() ?? (await users.claim(...asked))),
    }),
  });
  const { a, alice, bob } = world;
  const status = "noConsent" as const;
  const other = keyMaterialResponseCodec.encode({ status, user: alice.user, clients: [] });
  answers.push(Uint8Array.of(1, 2, 3), other);
  for (let time = 0; time < 2; time += 1) {
    const claim = await tryClaim(a, alice, requestOf(alice, bob.user));
    expect(claim.refusal?.code).toBe("peerUnreachable");
  }
  expect((await claimed(a, alice, bob.user)).status).toBe("noConsent");
});

test("the list that is found elsewhere is the octets that the other server keeps", async () => {
  await using world = await openPeople();
  const { a, b, alice, bob } = world;
  const found = await ask(a.url, paths.user("bob@b.example"), { token: alice.token });
  const { clientList } = userAnswerSchema.parse(found.json);
  const known = await b.authentication.findFor(a.domain, bob.user);
  expect(Buffer.from(clientList, "base64url")).toEqual(Buffer.from(known?.clientList ?? []));
  expect(signedClientListCodec.decode(known?.clientList ?? new Uint8Array()).list.user).toBe(
    bob.user,
  );
  const nobody = await ask(a.url, paths.user("nobody@b.example"), { token: alice.token });
  expect(nobody.refusal?.code).toBe("unknownUser");
});

import {
  fromBase64Url,
  inviteAnswerSchema,
  LIMITS,
  paths,
  sessionAnswerSchema,
  signedClientListCodec,
  verifyClientListCountersignature,
  verifyAttestationCountersignature,
  attestationCodec,
} from "@treehouse/protocol";
import fc from "fast-check";
import { expect, test } from "vitest";
import { registrationRate } from "../../src/authentication/limits.ts";
import { ask } from "../people/ask.ts";
import { createPerson, testCrypto } from "../people/person.ts";
import type { Deviation } from "../people/person.ts";
import { beginRegistration, login, register, tryRegister } from "../people/sign-in.ts";
import { openSmallServer } from "../people/small-server.ts";
import type { SmallServer } from "../people/small-server.ts";

const password = "correct horse battery staple";

test("R-020 a person registers, logs in with the password alone, and the session tells who she is", async () => {
  await using server = await openSmallServer();
  const invite = await server.authentication.ensureAdminInvite();
  const alice = createPerson("alice");
  const registered = await register(server.url, alice, { password, invite });
  expect(registered).toMatchObject({ user: alice.user, client: alice.client });

  const again = await login(server.url, { ...alice, password });
  expect(again.session.token).not.toBe(registered.session.token);
  expect(again.recoveryBundleVersion).toBe(1);
  for (const { token } of [registered.session, again.session]) {
    const answer = await ask(server.url, paths.session(), { token });
    expect(sessionAnswerSchema.parse(answer.json)).toMatchObject({
      user: alice.user,
      client: alice.client,
      admin: true,
    });
  }
});

test("the recovery bundle comes back as it was given, and only with the password", async () => {
  await using server = await openSmallServer({ registration: "open" });
  const alice = createPerson("alice");
  const { finish } = await beginRegistration(server.url, alice, { password });
  await ask(server.url, paths.registrationFinish(), { json: finish });
  const { recoveryBundle } = await login(server.url, { ...alice, password });
  expect(recoveryBundle).toBe(finish["recoveryBundle"]);
});

test("R-004 FED-302 the server vouches for list and client with the key it announces", async () => {
  await using server = await openSmallServer({ registration: "open" });
  const alice = createPerson("alice");
  const registered = await register(server.url, alice, { password });
  const key = server.authentication
    .serverKeys()
    .find(({ kid }) => kid === registered.countersigner)?.key;
  if (!key) throw new Error("the server announces the key it countersigns with");
  const verify: typeof testCrypto.verify = (...args) => testCrypto.verify(...args);
  const signed = signedClientListCodec.decode(fromBase64Url(registered.clientList));
  expect(signed.countersigner).toBe(registered.countersigner);
  expect(verifyClientListCountersignature(signed, key, verify)).toBe(true);
  const vouched = verifyAttestationCountersignature(
    attestationCodec.decode(alice.attestation),
    fromBase64Url(registered.attestationCountersignature),
    key,
    verify,
  );
  expect(vouched).toBe(true);
});

const badIdentities: readonly (readonly [string, Deviation])[] = [
  ["a client list and attestation that another key signed", { deviceSigner: keys() }],
  ["a client list alone that another key signed", { listSigner: keys() }],
  ["a certificate that another key signed", { identitySigner: keys() }],
  ["a second version", { version: 2, previousHash: new Uint8Array(32).fill(1) }],
  ["an attestation of another key", { attestedKey: keys().publicKey }],
  ["an attestation that lives longer than the list says", { attestedExpiry: Date.now() + 9e9 }],
  ["a client that has expired", { expiresAt: Date.now() - 1 }],
  ["no client", { clientCount: 0 }],
  ["two clients", { clientCount: 2 }],
  ["the address of another server", { domain: "example.net" }],
];

test("R-004 T-09 what the user did not sign for is refused, and the name stays free", async () => {
  await using server = await openSmallServer({ registration: "open" });
  for (const [what, deviation] of badIdentities) {
    const mallory = createPerson("alice", deviation);
    const answer = await tryRegister(server.url, mallory, { password });
    expect([what, answer.refusal?.code]).toEqual([what, "identityInvalid"]);
  }
  const mixed = { ...createPerson("alice"), attestation: createPerson("alice").attestation };
  expect((await tryRegister(server.url, mixed, { password })).refusal?.code).toBe(
    "identityInvalid",
  );
  const other = { ...createPerson("bob"), name: "alice" };
  expect((await tryRegister(server.url, other, { password })).refusal?.code).toBe(
    "identityInvalid",
  );
  await register(server.url, createPerson("alice"), { password });
});

test("R-021 of many who ask for one name at once, in any case, exactly one gets it", async () => {
  await using server = await openSmallServer();
  const askers = process.env["TREEHOUSE_SCALE"] === "full" ? 100 : 20;
  const enrolments = Array.from({ length: askers }, (_, index) => ({
    ...createPerson("alice"),
    name: index % 2 === 0 ? "alice" : "ALiCE",
  }));
  const outcomes = await Promise.allSettled(
    enrolments.map((each) => server.authentication.enrol(each)),
  );
  const codes = outcomes.map((each) =>
    each.status === "fulfilled" ? "registered" : String(each.reason.code),
  );
  expect(codes.filter((code) => code === "registered").length).toBe(1);
  expect(codes.filter((code) => code === "nameTaken").length).toBe(askers - 1);
});

test("R-021 names that look alike or are not ASCII are refused", async () => {
  await using server = await openSmallServer({ registration: "open" });
  const foreign = ["alic\u0435", "\uff41lice", "ali\u00e7e", "\u212aate", "al\u200dice"];
  for (const name of [...foreign, "a..b", ".a", "a.", "a b", "a@b", "a/b"]) {
    const answer = await tryRegister(server.url, { ...createPerson("alice"), name }, { password });
    expect([name, answer.refusal?.code]).toEqual([name, "nameInvalid"]);
  }
  for (const name of ["", "a".repeat(65)]) {
    const answer = await tryRegister(server.url, { ...createPerson("alice"), name }, { password });
    expect(answer.refusal?.code).toBe("malformed");
  }
});

test("an invite is needed, has its uses, and is not lost when a registration is refused", async () => {
  await using server = await openSmallServer();
  const { token } = await admin(server);
  const created = await ask(server.url, paths.invites(), { token, json: { uses: 2 } });
  const invite = inviteAnswerSchema.parse(created.json);

  const alice = createPerson("alice");
  const attempts = [undefined, "x".repeat(43), `${invite.token}A`, invite.id];
  for (const wrong of attempts) {
    const answer = await tryRegister(server.url, alice, { password, invite: wrong });
    expect(answer.refusal?.code).toBe("inviteInvalid");
  }
  await register(server.url, alice, { password, invite: invite.token });
  const taken = await tryRegister(server.url, createPerson("alice"), {
    password,
    invite: invite.token,
  });
  expect(taken.refusal?.code).toBe("nameTaken");
  await register(server.url, createPerson("bob"), { password, invite: invite.token });
  const spent = await tryRegister(server.url, createPerson("carol"), {
    password,
    invite: invite.token,
  });
  expect(spent.refusal?.code).toBe("inviteInvalid");
});

test("without an invite nobody learns which names are in use", async () => {
  await using server = await openSmallServer();
  await server.authentication.enrol(createPerson("alice"));
  for (const name of ["alice", "nobody"]) {
    const answer = await tryRegister(server.url, createPerson(name), { password });
    expect(answer.refusal?.code).toBe("inviteInvalid");
  }
});

test("the admin invite is renewed by each start until there is an administrator", async () => {
  await using server = await openSmallServer();
  const first = await server.authentication.ensureAdminInvite();
  const second = await server.authentication.ensureAdminInvite();
  expect(first).not.toBe(second);
  const stale = await tryRegister(server.url, createPerson("eve"), { password, invite: first });
  expect(stale.refusal?.code).toBe("inviteInvalid");
  await register(server.url, createPerson("alice"), { password, invite: second });
  expect(await server.authentication.ensureAdminInvite()).toBeUndefined();
});

test("an administrator creates, lists and revokes invites; nobody else does", async () => {
  await using server = await openSmallServer();
  const { token } = await admin(server);
  const expiresAt = server.now() + 60_000;
  const json = { uses: 3, expiresAt };
  const created = inviteAnswerSchema.parse(
    (await ask(server.url, paths.invites(), { token, json })).json,
  );
  expect(created).toMatchObject({ uses: 3, expiresAt });
  const listed = await ask(server.url, paths.invites(), { token });
  expect(listed.json).toEqual({ invites: [{ id: created.id, uses: 3, expiresAt }] });

  const bob = await server.authentication.enrol(createPerson("bob"));
  for (const [method, path] of [
    ["GET", paths.invites()],
    ["POST", paths.invites()],
    ["DELETE", paths.invite(created.id)],
  ] as const) {
    const body = method === "POST" ? { json: { uses: 1 } } : {};
    const asked = { method, ...body };
    expect((await ask(server.url, path, { ...asked, token: bob.session.token })).status).toBe(403);
    expect((await ask(server.url, path, asked)).status).toBe(401);
  }

  const revoke = { method: "DELETE", token } as const;
  expect((await ask(server.url, paths.invite(created.id), revoke)).status).toBe(204);
  const gone = await ask(server.url, paths.invite(created.id), revoke);
  expect(gone.refusal?.code).toBe("notFound");
  const answer = await tryRegister(server.url, createPerson("carol"), {
    password,
    invite: created.token,
  });
  expect(answer.refusal?.code).toBe("inviteInvalid");
});

test("an invite ends at its time, and none is made that has none", async () => {
  await using server = await openSmallServer();
  const { token } = await admin(server);
  const expiresAt = server.now() + 60_000;
  const json = { uses: 1, expiresAt };
  const invite = inviteAnswerSchema.parse(
    (await ask(server.url, paths.invites(), { token, json })).json,
  );
  server.advance(60_000);
  const late = await tryRegister(server.url, createPerson("bob"), {
    password,
    invite: invite.token,
  });
  expect(late.refusal?.code).toBe("inviteInvalid");
  for (const wrong of [
    json,
    { uses: 0 },
    { uses: LIMITS.inviteUsesMax + 1 },
    {},
    { uses: 1, x: 1 },
  ]) {
    const answer = await ask(server.url, paths.invites(), { token, json: wrong });
    expect(answer.refusal?.code).toBe("malformed");
  }
});

test("a registration that succeeded cannot be replayed, and one that is old is over", async () => {
  await using server = await openSmallServer({ registration: "open" });
  const alice = createPerson("alice");
  const { finish } = await beginRegistration(server.url, alice, { password });
  const first = await ask(server.url, paths.registrationFinish(), { json: finish });
  expect(first.status).toBe(201);
  const replayed = await ask(server.url, paths.registrationFinish(), { json: finish });
  expect(replayed.refusal?.code).toBe("reservationExpired");

  const bob = await beginRegistration(server.url, createPerson("bob"), { password });
  server.advance(LIMITS.loginLifetimeMs);
  const late = await ask(server.url, paths.registrationFinish(), { json: bob.finish });
  expect(late.refusal?.code).toBe("reservationExpired");
});

test("the same registration sent many times at once makes one account", async () => {
  await using server = await openSmallServer({ registration: "open" });
  const { finish } = await beginRegistration(server.url, createPerson("alice"), { password });
  const answers = await Promise.all(
    Array.from({ length: 8 }, () => ask(server.url, paths.registrationFinish(), { json: finish })),
  );
  expect(answers.filter(({ status }) => status === 201).length).toBe(1);
  const refusals = answers.flatMap(({ refusal }) => (refusal ? [refusal.code] : []));
  expect(refusals.every((code) => code === "nameTaken" || code === "reservationExpired")).toBe(
    true,
  );
});

test("no body makes a registration endpoint answer anything but a problem", async () => {
  await using server = await openSmallServer({ registration: "open" });
  const { finish } = await beginRegistration(server.url, createPerson("alice"), { password });
  const fields = Object.keys(finish).filter((field) => field !== "registrationId");
  const part = fc.oneof(
    fc.uint8Array({ maxLength: 400 }).map((octets) => Buffer.from(octets).toString("base64url")),
    fc.string({ maxLength: 60 }),
    fc.jsonValue(),
  );
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...fields), part, async (field, value) => {
      // Rates bound how many of these one address may ask.
      server.advance(60_000);
      const { finish: fresh } = await beginRegistration(server.url, createPerson("alice"), {
        password,
      });
      fc.pre(fresh[field] !== value && field !== "recoveryBundle");
      const json = { ...fresh, [field]: value };
      const answer = await ask(server.url, paths.registrationFinish(), { json });
      expect(answer.refusal?.code).toMatch(/^(?:malformed|identityInvalid|inviteInvalid)$/);
    }),
    { numRuns: 40 },
  );
  const raw = fc.uint8Array({ maxLength: 200 });
  await fc.assert(
    fc.asyncProperty(raw, fc.constantFrom("Start", "Finish"), async (octets, half) => {
      server.advance(60_000);
      const path = paths[`registration${half}`]();
      const mediaType = "application/json";
      const answer = await ask(server.url, path, { raw: { mediaType, body: octets } });
      expect(answer.refusal?.code).toBe("malformed");
    }),
    { numRuns: 40 },
  );
  const huge = new Uint8Array(LIMITS.jsonBodyBytesMax + 1).fill(0x20);
  const answer = await ask(server.url, paths.registrationFinish(), {
    raw: { mediaType: "application/json", body: huge },
  });
  expect(answer.refusal?.code).toBe("tooLarge");
});

test("starting registrations is limited by network address, with a time to come back", async () => {
  const { count, perMs } = registrationRate;
  await using server = await openSmallServer({
    registration: "open",
    registrationPerAddress: registrationRate,
  });
  const start = async () =>
    (await beginRegistration(server.url, createPerson("p"), { password })).started;
  for (let begun = 0; begun < count; begun += 1) expect((await start()).status).toBe(200);
  const refused = await start();
  expect(refused.refusal).toMatchObject({
    code: "rateLimited",
    data: { limitName: "registrationPerAddress" },
  });
  expect(Number(refused.headers.get("retry-after"))).toBe(perMs / count / 1000);
  server.advance(perMs / count);
  expect([(await start()).status, (await start()).status]).toEqual([200, 429]);
});

async function admin(server: SmallServer): Promise<{ readonly token: string }> {
  const { session } = await server.authentication.enrol({ ...createPerson("root"), admin: true });
  return session;
}

function keys() {
  return testCrypto.generateSignatureKeyPair();
}

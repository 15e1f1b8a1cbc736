import {
  keyMaterialRequestCodec,
  keyPackageUploadCodec,
  LIMITS,
  mintRoomUri,
  paths,
  RATE_LIMITS,
  toHex,
  userUri,
  utf8Encode,
} from "@treehouse/protocol";
import type { KeyMaterialRequest } from "@treehouse/protocol";
import fc from "fast-check";
import { expect, test } from "vitest";
import { ask } from "../people/ask.ts";
import {
  claimed,
  enrol,
  requestOf,
  stock,
  tryClaim,
  tryUpload,
  uploaded,
} from "../people/holder.ts";
import type { Made } from "../people/holder.ts";
import { testCrypto } from "../people/person.ts";
import { openSmallServer } from "../people/small-server.ts";
import type { SmallServer } from "../people/small-server.ts";

const DAY = 86_400_000;
const full = process.env["TREEHOUSE_SCALE"] === "full";

test("R-006 T-23 FED-252 of many claims at once each package goes to one, and last resort to the rest", async () => {
  await using server = await openSmallServer();
  const [claims, ordinary] = full ? [1_000, 900] : [100, 90];
  const perClaimer = RATE_LIMITS.claimPerPair.count;
  // A client's stock is bounded, so the claims are spread over as many targets as it takes.
  const targets = await Promise.all(
    Array.from({ length: Math.ceil(ordinary / LIMITS.keyPackagesPerClientMax) }, (_, index) =>
      enrol(server, `target-${index}`),
    ),
  );
  const spares: Made[] = [];
  for (const [index, target] of targets.entries()) {
    const share = Math.min(ordinary - index * LIMITS.keyPackagesPerClientMax, 100);
    const spareOne = await target.make({ lastResort: true });
    spares.push(spareOne);
    const packages: Made[] = [spareOne];
    for (let count = 0; count < share; count += 1) packages.push(await target.make({}));
    for (const part of [packages.slice(0, 50), packages.slice(50)]) {
      await uploaded(server, target, part);
    }
  }
  const claimers = await Promise.all(
    Array.from({ length: Math.ceil(claims / perClaimer) * 2 }, (_, index) =>
      enrol(server, `claimer-${index}`),
    ),
  );
  const responses = await Promise.all(
    Array.from({ length: claims }, (_, index) => {
      const claimer = claimers[index % claimers.length];
      const target = targets[index % targets.length];
      if (!claimer || !target) throw new Error("every claim has a claimer and a target");
      return claimed(server, claimer, target.user);
    }),
  );
  const handed = responses.flatMap(({ clients }) =>
    clients.flatMap((each) => (each.status === "success" ? [each.keyPackage] : [])),
  );
  expect(handed.length).toBe(claims);
  const times = new Map<string, number>();
  for (const keyPackage of handed) {
    const key = toHex(testCrypto.hash(keyPackage));
    times.set(key, (times.get(key) ?? 0) + 1);
  }
  const lastResorts = new Set(spares.map(({ keyPackage }) => toHex(testCrypto.hash(keyPackage))));
  const once = [...times].filter(([key]) => !lastResorts.has(key));
  expect(once.length).toBe(ordinary);
  expect(once.every(([, count]) => count === 1)).toBe(true);
  const spare = [...times].filter(([key]) => lastResorts.has(key)).map(([, count]) => count);
  expect(spare.reduce((sum, count) => sum + count, 0)).toBe(claims - ordinary);
});

test("a package that was handed out is remembered, with whom it went to and for which room", async () => {
  await using server = await openSmallServer();
  const [alice, bob] = [await enrol(server, "alice"), await enrol(server, "bob")];
  const made = await alice.make({});
  await uploaded(server, alice, [made]);
  const room = mintRoomUri(server.domain, (length) => testCrypto.random(length));
  const response = await claimed(server, bob, alice.user, { room });
  expect(response).toEqual({
    status: "success",
    user: alice.user,
    clients: [{ status: "success", client: alice.client, keyPackage: made.keyPackage }],
  });
  const receivers = await server.database.read((tx) => server.keyPackages.receivers(tx, made.ref));
  expect(receivers).toMatchObject([{ requester: bob.user, room }]);

  expect(await uploaded(server, alice, [made])).toEqual({ stored: 0, stock: 0 });
  const exhausted = await claimed(server, bob, alice.user);
  expect(exhausted).toEqual({
    status: "noCompatibleMaterial",
    user: alice.user,
    clients: [{ status: "keyMaterialExhausted", client: alice.client }],
  });
});

test("the stock answers for suites and abilities, and for users that are not there", async () => {
  await using server = await openSmallServer();
  const [alice, bob] = [await enrol(server, "alice"), await enrol(server, "bob")];
  await uploaded(server, alice, [await alice.make({})]);
  const nothing = { status: "noCompatibleMaterial", user: alice.user };
  const incompatible = [{ status: "nothingCompatible", client: alice.client }];
  const suites = await claimed(server, bob, alice.user, { acceptableCiphersuites: [3] });
  expect(suites).toMatchObject({ ...nothing, clients: incompatible });
  const requiredCapabilities = { extensions: [0xf0ff], proposals: [], credentials: [] };
  const abilities = await claimed(server, bob, alice.user, { requiredCapabilities });
  expect(abilities).toMatchObject({ ...nothing, clients: incompatible });
  const nobody = userUri(server.domain, "nobody");
  expect(await claimed(server, bob, nobody)).toEqual({
    status: "userUnknown",
    user: nobody,
    clients: [],
  });
  const met = { extensions: [0x0006, 0xf001], proposals: [], credentials: [1] };
  const options = { acceptableCiphersuites: [3, 1], requiredCapabilities: met };
  expect((await claimed(server, bob, alice.user, options)).status).toBe("success");
});

test("FED-252 nothing that has expired, or is about to, is handed out, and the job removes it", async () => {
  await using server = await openSmallServer();
  const [alice, bob] = [await enrol(server, "alice"), await enrol(server, "bob")];
  await uploaded(server, alice, [await alice.make({ lifetimeMs: 2 * DAY })]);
  server.advance(2 * DAY - LIMITS.keyPackageRemainingMinMs + 1_000);
  expect(await stock(server, alice)).toEqual({ stock: 0, lastResort: false });
  const response = await claimed(server, bob, alice.user);
  expect(response.clients).toMatchObject([{ status: "keyMaterialExhausted" }]);

  expect(await rowsOf(server)).toEqual({ stock: 1, handedOut: 0 });
  await server.runJobs();
  expect(await rowsOf(server)).toEqual({ stock: 1, handedOut: 0 });
  server.advance(LIMITS.keyPackageRemainingMinMs);
  await server.runJobs();
  expect(await rowsOf(server)).toEqual({ stock: 0, handedOut: 0 });
});

test("R-006 FED-250 only the session's own client claims, with a request it signed itself", async () => {
  await using server = await openSmallServer();
  const [alice, bob, eve] = [
    await enrol(server, "alice"),
    await enrol(server, "bob"),
    await enrol(server, "eve"),
  ];
  await uploaded(server, alice, [await alice.make({})]);
  const honest = requestOf(bob, alice.user);
  const cases: readonly (readonly [string, KeyMaterialRequest])[] = [
    ["another's request", requestOf(eve, alice.user)],
    ["another key", requestOf(bob, alice.user, {}, eve.clientKeys)],
    ["a changed target", { ...honest, targetUser: bob.user }],
    ["another user's name", requestOf(bob, alice.user, { requestingUser: eve.user })],
    [
      "another client's credential",
      requestOf(bob, alice.user, { requesterCredential: { identity: utf8Encode(eve.client) } }),
    ],
    [
      "another signature key",
      requestOf(bob, alice.user, { requesterSignatureKey: eve.clientKeys.publicKey }),
    ],
    ["no signature", { ...honest, signature: new Uint8Array(64) }],
  ];
  for (const [what, request] of cases) {
    const answer = await tryClaim(server, bob, request);
    expect([what, answer.refusal?.code]).toEqual([what, "clientMismatch"]);
  }
  const anonymous = await ask(server.url, paths.keyMaterial(), {
    tls: keyMaterialRequestCodec.encode(honest),
  });
  expect(anonymous.status).toBe(401);
  expect(await stock(server, alice)).toEqual({ stock: 1, lastResort: false });
});

test("T-23 a captured request burns so many packages per hour and no more", async () => {
  await using server = await openSmallServer();
  const [alice, bob, carol] = [
    await enrol(server, "alice"),
    await enrol(server, "bob"),
    await enrol(server, "carol"),
  ];
  await uploaded(server, alice, [await alice.make({ lastResort: true })]);
  const { count } = RATE_LIMITS.claimPerPair;
  const request = requestOf(bob, alice.user);
  const answers = await Promise.all(
    Array.from({ length: count + 10 }, () => tryClaim(server, bob, request)),
  );
  expect(answers.filter(({ status }) => status === 200).length).toBe(count);
  expect(answers.filter(({ refusal }) => refusal?.code === "rateLimited").length).toBe(10);
  expect((await claimed(server, carol, alice.user)).status).toBe("success");
});

test("a session that was ended neither uploads, counts nor claims", async () => {
  await using server = await openSmallServer();
  const [alice, bob] = [await enrol(server, "alice"), await enrol(server, "bob")];
  const made = await alice.make({});
  await ask(server.url, paths.session(), { method: "DELETE", token: alice.token });
  const answers = [
    await tryUpload(server, alice, [made]),
    await ask(server.url, paths.keyPackages(), { token: alice.token }),
    await tryClaim(server, alice, requestOf(alice, bob.user)),
  ];
  expect(answers.map(({ refusal }) => refusal?.code)).toEqual(Array(3).fill("sessionEnded"));
});

test("no octets make a binary endpoint answer anything but a problem", async () => {
  await using server = await openSmallServer();
  const alice = await enrol(server, "alice");
  const good = await alice.make({});
  const seeds = [
    keyPackageUploadCodec.encode([good]),
    keyMaterialRequestCodec.encode(requestOf(alice, alice.user)),
  ];
  // An upload of nothing is a good one: one octet, zero.
  const noise = fc
    .uint8Array({ minLength: 1, maxLength: 300 })
    .filter((octets) => octets.length > 1 || octets[0] !== 0);
  const mutated = fc
    .tuple(fc.constantFrom(...seeds), fc.nat(), fc.integer({ min: 1, max: 255 }), fc.boolean())
    .map(([seed, where, mask, cut]) => {
      const octets = seed.slice();
      const at = where % octets.length;
      octets[at] = (octets[at] ?? 0) ^ mask;
      return cut ? octets.slice(0, at) : octets;
    });
  await fc.assert(
    fc.asyncProperty(fc.oneof(noise, mutated), async (octets) => {
      server.advance(3_600_000 / 2);
      for (const path of [paths.keyPackages(), paths.keyMaterial()]) {
        const answer = await ask(server.url, path, { token: alice.token, tls: octets });
        expect(answer.refusal?.code).toMatch(
          /^(?:malformed|tooLarge|invalidKeyPackage|identityInvalid|clientMismatch|rateLimited)$/,
        );
      }
    }),
    {
      numRuns: full ? 2_000 : 100,
      examples: [[new Uint8Array([0xff])], [new Uint8Array([0x40, 0x01])]],
    },
  );
  const huge = await ask(server.url, paths.keyMaterial(), {
    token: alice.token,
    tls: new Uint8Array(LIMITS.requestBodyBytesMax + 1),
  });
  expect(huge.refusal?.code).toBe("tooLarge");
  const raw = { mediaType: "application/json", body: seeds[0] ?? new Uint8Array(0) };
  const wrong = await ask(server.url, paths.keyMaterial(), { token: alice.token, raw });
  expect(wrong.refusal?.code).toBe("unsupportedMediaType");
});

function rowsOf(server: SmallServer): Promise<{ stock: unknown; handedOut: unknown }> {
  return server.database.read((tx) => {
    const rows = (table: string): unknown =>
      server.database.sql(tx).$client.prepare(`SELECT count(*) FROM ${table}`).pluck().get();
    return { stock: rows("key_packages_stock"), handedOut: rows("key_packages_handed_out") };
  });
}

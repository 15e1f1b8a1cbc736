import { LIMITS, RATE_LIMITS } from "@treehouse/protocol";
import type { Bytes } from "@treehouse/protocol";
import { expect, test } from "vitest";
import { enrol, stock, tryUpload, uploaded } from "../people/holder.ts";
import type { Made } from "../people/holder.ts";
import { createPerson, leafIdentityOf, makeKeyPackage } from "../people/person.ts";
import { openSmallServer } from "../people/small-server.ts";

const DAY = 86_400_000;

test("R-005 accepted uploads are counted, a repeated one changes nothing, and a full stock is refused", async () => {
  await using server = await openSmallServer();
  const alice = await enrol(server, "alice");
  const first = await Promise.all([
    alice.make({}),
    alice.make({}),
    alice.make({ lastResort: true }),
  ]);
  expect(await uploaded(server, alice, first)).toEqual({ stored: 3, stock: 2 });
  expect(await uploaded(server, alice, first)).toEqual({ stored: 0, stock: 2 });
  expect(await stock(server, alice)).toEqual({ stock: 2, lastResort: true });

  const many: Made[] = [];
  for (let count = 0; count < LIMITS.keyPackagesPerClientMax - 1; count += 1) {
    many.push(await alice.make({}));
  }
  const over = await tryUpload(server, alice, many);
  expect(over.refusal?.code).toBe("keyPackagesFull");
  expect(over.refusal?.data.limit).toBe(LIMITS.keyPackagesPerClientMax);
  expect(await stock(server, alice)).toEqual({ stock: 2, lastResort: true });
  const rest = many.slice(1);
  const fits = { stored: rest.length, stock: LIMITS.keyPackagesPerClientMax };
  expect(await uploaded(server, alice, rest)).toEqual(fits);
});

test("R-005 T-25 a foreign, expired, over-long-lived or wrongly marked package is refused with its code", async () => {
  await using server = await openSmallServer();
  const alice = await enrol(server, "alice");
  const bob = await enrol(server, "bob");
  const now = server.now();
  const good = await alice.make({});
  const cases: readonly (readonly [string, Made, string])[] = [
    ["another user's", await bob.make({}), "clientMismatch"],
    [
      "an expired one",
      await alice.make({ now: now - 2 * DAY, lifetimeMs: DAY }),
      "invalidKeyPackage",
    ],
    ["one that begins tomorrow", await alice.make({ now: now + DAY }), "invalidKeyPackage"],
    ["one that is about to expire", await alice.make({ lifetimeMs: 60_000 }), "invalidKeyPackage"],
    ["one marked as last resort", { ...good, lastResort: true }, "invalidKeyPackage"],
    [
      "a last-resort one not marked",
      { ...(await alice.make({ lastResort: true })), lastResort: false },
      "invalidKeyPackage",
    ],
    [
      "one with a changed octet",
      { ...good, keyPackage: flip(good.keyPackage) },
      "invalidKeyPackage",
    ],
    ["one cut short", { ...good, keyPackage: good.keyPackage.slice(0, -1) }, "malformed"],
  ];
  for (const [what, made, code] of cases) {
    server.advance(600_000);
    const answer = await tryUpload(server, alice, [good, made]);
    expect([what, answer.refusal?.code]).toEqual([what, code]);
  }
  expect(await stock(server, alice)).toEqual({ stock: 0, lastResort: false });
});

test("R-005 a package with another identity than the server vouches for is refused", async () => {
  await using server = await openSmallServer();
  const alice = await enrol(server, "alice");
  // The same client, certified by an identity key that the account does not have.
  const impostor = createPerson("alice", {
    client: alice.client,
    clientKeys: alice.clientKeys,
    now: server.now() - 30 * DAY,
  });
  const identity = leafIdentityOf(impostor, alice.enrolled);
  const { keyPackage } = await makeKeyPackage(impostor, identity, {});
  const forged = await tryUpload(server, alice, [{ keyPackage, lastResort: false }]);
  expect(forged.refusal?.code).toBe("identityInvalid");

  const unvouched = leafIdentityOf(alice, {
    ...alice.enrolled,
    attestationCountersignature: new Uint8Array(64),
  });
  const { keyPackage: bare } = await makeKeyPackage(alice, unvouched, {});
  const answer = await tryUpload(server, alice, [{ keyPackage: bare, lastResort: false }]);
  expect(answer.refusal?.code).toBe("identityInvalid");

  const otherKey = createPerson("alice", { client: alice.client });
  const rekeyed = await makeKeyPackage(otherKey, leafIdentityOf(otherKey, alice.enrolled), {});
  const swapped = await tryUpload(server, alice, [{ ...rekeyed, lastResort: false }]);
  expect(swapped.refusal?.code).toBe("clientMismatch");
});

test("uploads are limited by client", async () => {
  await using server = await openSmallServer();
  const alice = await enrol(server, "alice");
  const { count } = RATE_LIMITS.keyPackageUploadPerClient;
  const answers = await Promise.all(
    Array.from({ length: count + 5 }, () => tryUpload(server, alice, [])),
  );
  expect(answers.filter(({ status }) => status === 200).length).toBe(count);
  expect(answers.filter(({ refusal }) => refusal?.code === "rateLimited").length).toBe(5);
});

/** Changes the last octet, which is one of the signature. */
function flip(octets: Bytes): Bytes {
  const changed = octets.slice();
  changed[changed.length - 1] = (changed.at(-1) ?? 0) ^ 1;
  return changed;
}

import { describe, expect, test } from "vitest";
import type { ClientList, LeafIdentity, SignedClientList } from "../src/index.ts";
import {
  checkClientList,
  checkLeafIdentity,
  checkLeavesOfUser,
  clientListHash,
  countersignAttestation,
  countersignClientList,
  firstClientListPrevious,
  LIMITS,
  mintClientUri,
  parseDomain,
  readVouchedClientList,
  Refusal,
  signAttestation,
  signCertificate,
  signClientList,
  signedClientListCodec,
  userUri,
  verifyAttestationCountersignature,
  verifyClientListCountersignature,
} from "../src/index.ts";
import { keyPairOf, verifyEd25519 } from "./ed25519.ts";
import type { KeyPair } from "./ed25519.ts";

const domain = parseDomain("a.example");
const alice = userUri(domain, "alice");
const bob = userUri(domain, "bob");
const idOf = (octet: number) => () => new Uint8Array(16).fill(octet);
const client = mintClientUri(alice, idOf(1));
const identityKey = keyPairOf(1);
const deviceKey = keyPairOf(2);
const clientKey = keyPairOf(3);
const serverKey = keyPairOf(4);
const stranger = keyPairOf(9);
const verify = verifyEd25519;

function certificateOf(number: number, identity: KeyPair = identityKey, user = alice) {
  const deviceSigningKey = deviceKey.publicKey;
  const fields = { user, identityKey: identity.publicKey, number, deviceSigningKey, createdAt: 5 };
  return signCertificate(fields, identity.sign);
}

function identityOf(number = 1, identity: KeyPair = identityKey): LeafIdentity {
  const fields = { client, signatureKey: clientKey.publicKey, number };
  const attestation = signAttestation(
    { ...fields, addedAt: 1_000_000, expiresAt: 2_000_000 },
    deviceKey.sign,
  );
  const countersignature = countersignAttestation(attestation, serverKey.sign);
  const certificate = certificateOf(number, identity);
  return { certificate, attestation, countersignature, countersigner: "k1" };
}

const leaf = { client, signatureKey: clientKey.publicKey, at: 1_500_000, verify };

function codeOf(run: () => void): string {
  try {
    run();
  } catch (error) {
    if (error instanceof Refusal) return error.code;
    throw error;
  }
  return "taken";
}

describe("FED-305 checkLeafIdentity", () => {
  const good = identityOf();
  const { attestation, certificate } = good;

  test("takes a leaf that its user's identity key certifies", () => {
    expect(codeOf(() => checkLeafIdentity(good, leaf))).toBe("taken");
  });

  const others: readonly (readonly [string, LeafIdentity, Partial<typeof leaf>])[] = [
    ["another client", good, { client: mintClientUri(alice, idOf(2)) }],
    ["another signature key", good, { signatureKey: stranger.publicKey }],
    ["a time before it was added", good, { at: 1_000_000 - LIMITS.clockSkewMs - 1 }],
    ["the moment of expiry", good, { at: 2_000_000 }],
    [
      "another user's certificate",
      { ...good, certificate: certificateOf(1, identityKey, bob) },
      {},
    ],
    ["a certificate of another number", { ...good, certificate: certificateOf(2) }, {}],
    [
      "a certificate that the identity key did not sign",
      { ...good, certificate: { ...certificate, createdAt: 6 } },
      {},
    ],
    [
      "a certificate under another identity key",
      { ...good, certificate: { ...certificate, identityKey: stranger.publicKey } },
      {},
    ],
    [
      "an attestation that the device-signing key did not sign",
      { ...good, attestation: signAttestation(attestation, stranger.sign) },
      {},
    ],
    [
      "an attestation that was prolonged",
      { ...good, attestation: { ...attestation, expiresAt: 3_000_000 } },
      {},
    ],
  ];

  test.each(others)("refuses %s", (_, identity, difference) => {
    const code = codeOf(() => checkLeafIdentity(identity, { ...leaf, ...difference }));
    expect(code).toBe("identityInvalid");
  });

  test("FED-308 judges a leaf by itself and its time, not by the server's countersignature", () => {
    const countersigner = "unknown";
    for (const countersignature of [new Uint8Array(0), new Uint8Array(64)]) {
      const other = { ...good, countersignature, countersigner };
      expect(codeOf(() => checkLeafIdentity(other, leaf))).toBe("taken");
    }
  });

  test("FED-302 the countersignature is the server's over the whole attestation", () => {
    const { countersignature } = good;
    const check = (one: typeof attestation, key: KeyPair) =>
      verifyAttestationCountersignature(one, countersignature, key.publicKey, verify);
    expect(check(attestation, serverKey)).toBe(true);
    expect(check(attestation, stranger)).toBe(false);
    expect(check({ ...attestation, addedAt: 0 }, serverKey)).toBe(false);
  });
});

describe("FED-306 FED-307 checkLeavesOfUser", () => {
  const [first, second] = [identityOf(1), identityOf(2)];
  const foreign = identityOf(1, stranger);
  const byMember = true;
  const run = (leaves: Parameters<typeof checkLeavesOfUser>[0]) =>
    codeOf(() => checkLeavesOfUser(leaves));

  test("takes what the rules allow", () => {
    const kept = { identity: first, change: "kept" as const };
    const added = { identity: second, change: "added" as const };
    const replaced = { identity: foreign, change: "added" as const };
    expect(run({ before: [], after: [], byMember })).toBe("taken");
    expect(run({ before: [first], after: [kept, added], byMember: false })).toBe("taken");
    expect(run({ before: [first], after: [], byMember })).toBe("taken");
    expect(run({ before: [], after: [{ ...kept, change: "added" }], byMember })).toBe("taken");
    expect(run({ before: [first], after: [replaced], byMember })).toBe("taken");
  });

  test("FED-301 refuses two identity keys, a swapped one, and a number that was replaced", () => {
    const kept = { identity: first, change: "kept" as const };
    const brought = { identity: foreign, change: "added" as const };
    const swapped = { identity: foreign, change: "updated" as const };
    const older = { identity: first, change: "added" as const };
    const newer = { identity: second, change: "kept" as const };
    const refused = "identityInvalid";
    expect(run({ before: [first], after: [kept, brought], byMember })).toBe(refused);
    expect(run({ before: [first], after: [brought], byMember: false })).toBe(refused);
    expect(run({ before: [first], after: [swapped], byMember })).toBe(refused);
    expect(run({ before: [second], after: [newer, older], byMember })).toBe(refused);
    expect(run({ before: [second], after: [older], byMember })).toBe(refused);
  });
});

describe("FED-303 checkClientList", () => {
  const entry = { client, signatureKey: clientKey.publicKey, addedAt: 1, expiresAt: 2 };
  const list: ClientList = {
    user: alice,
    version: 1,
    previousHash: firstClientListPrevious,
    clients: [entry],
  };
  const signed = signClientList(list, certificateOf(2), deviceKey.sign);
  const next: ClientList = { ...list, version: 2, previousHash: clientListHash(list), clients: [] };
  const signNext = (changed: Partial<ClientList>, certificate = certificateOf(2)) =>
    signClientList({ ...next, ...changed }, certificate, deviceKey.sign);
  const run = (one: SignedClientList, previous?: SignedClientList) =>
    codeOf(() => checkClientList(one, { verify, previous }));

  test("takes a first list and its successor", () => {
    expect(run(signed)).toBe("taken");
    expect(run(signNext({}), signed)).toBe("taken");
    expect(run(signNext({}, certificateOf(3)), signed)).toBe("taken");
  });

  test("refuses a list that was changed or signed by another key", () => {
    const refused = "identityInvalid";
    expect(run({ ...signed, list: { ...list, clients: [] } })).toBe(refused);
    expect(run(signClientList(list, certificateOf(2), stranger.sign))).toBe(refused);
    expect(run({ ...signed, certificate: certificateOf(2, identityKey, bob) })).toBe(refused);
    const forged = { ...certificateOf(2), number: 3 };
    expect(run(signClientList(list, forged, deviceKey.sign))).toBe(refused);
  });

  test("FED-308 of what a server tells of a user, only the list that it vouches for is taken", () => {
    const given = countersignClientList(signed, "k1", serverKey.sign);
    const keys = [{ kid: "k1", key: serverKey.publicKey }];
    const told = (one: SignedClientList, countersigners = keys, user = alice) =>
      codeOf(() => {
        const clientList = signedClientListCodec.encode(one);
        readVouchedClientList(user, { clientList, countersigners }, verify);
      });
    const refused = "identityInvalid";
    expect(told(given)).toBe("taken");
    expect(told(given, keys, bob)).toBe(refused);
    expect(told(signed)).toBe(refused);
    expect(told(given, [])).toBe(refused);
    expect(told(given, [{ kid: "k1", key: stranger.publicKey }])).toBe(refused);
    expect(told(given, [{ kid: "k2", key: serverKey.publicKey }])).toBe(refused);
    const unsigned = signClientList(list, certificateOf(2), stranger.sign);
    expect(told(countersignClientList(unsigned, "k1", serverKey.sign))).toBe(refused);
  });

  test("refuses a list that does not follow the one before", () => {
    const refused = "identityInvalid";
    expect(run(signed, signed)).toBe(refused);
    expect(run(signNext({ version: 3 }), signed)).toBe(refused);
    expect(run(signNext({ previousHash: new Uint8Array(32).fill(1) }), signed)).toBe(refused);
    expect(run(signNext({}, certificateOf(1)), signed)).toBe(refused);
    expect(run(signNext({}, certificateOf(2, stranger)), signed)).toBe(refused);
  });

  test("FED-304 a list with foreign, doubled or unsorted clients, or a wrong chain, has no encoding", () => {
    const foreign = { ...entry, client: mintClientUri(bob, idOf(1)) };
    const faulty: readonly Partial<ClientList>[] = [
      { clients: [foreign] },
      { clients: [entry, entry] },
      { version: 0 },
      { version: 2 },
      { previousHash: clientListHash(list) },
    ];
    for (const fault of faulty) {
      expect(() => clientListHash({ ...list, ...fault })).toThrow(RangeError);
    }
  });

  test("FED-302 the countersignature covers list, certificate and signature, and can be renewed", () => {
    const countersigned = countersignClientList(signed, "k1", serverKey.sign);
    const check = (one: SignedClientList) =>
      verifyClientListCountersignature(one, serverKey.publicKey, verify);
    expect(check(countersigned)).toBe(true);
    expect(check({ ...countersigned, certificate: certificateOf(3) })).toBe(false);
    expect(check(countersignClientList(countersigned, "k2", serverKey.sign))).toBe(true);
  });
});

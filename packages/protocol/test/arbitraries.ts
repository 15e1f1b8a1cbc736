import fc from "fast-check";
import type {
  Bytes,
  Capabilities,
  ClientUri,
  DeviceSigningCertificate,
  Endorsement,
  EntryHeader,
  Frank,
  GenerationClaim,
  LeafIdentity,
  RoomUri,
  SignedHead,
  SignedHealthReport,
  SubmitMessageRequest,
  UserUri,
} from "../src/index.ts";
import {
  groupUriOf,
  mintClientUri,
  mintRoomUri,
  parseDomain,
  userUri,
  utf8Encode,
} from "../src/index.ts";

/** Octets of a length between the bounds, small by default. */
export function octets(bounds: { min?: number; max?: number } = {}): fc.Arbitrary<Bytes> {
  return fc
    .uint8Array({ minLength: bounds.min ?? 0, maxLength: bounds.max ?? 40 })
    .map((bytes) => new Uint8Array(bytes));
}

export const exactly = (length: number): fc.Arbitrary<Bytes> =>
  octets({ min: length, max: length });

export const u8Arbitrary = fc.integer({ min: 0, max: 255 });
export const u16Arbitrary = fc.integer({ min: 0, max: 0xffff });
export const u32Arbitrary = fc.integer({ min: 0, max: 0xffff_ffff });
export const u64Arbitrary = fc.maxSafeNat();
/** A number that is counted from 1. */
export const countArbitrary = fc.integer({ min: 1, max: 0xffff_ffff });

/** Text that has an encoding: no lone surrogate and no NUL, and short enough for any field. */
export const textArbitrary = fc
  .string({ unit: "grapheme", maxLength: 12 })
  .map((text) => text.replaceAll("\0", ""))
  .filter((text) => utf8Encode(text).length <= 64);

export const domainArbitrary = fc
  .constantFrom("localhost", "a.example", "xn--bcher-kva.example", "b-2.c.example.org")
  .map(parseDomain);

const nameArbitrary = fc.constantFrom("a", "alice", "bob.b", "carol-9", "d_d");

export const userArbitrary: fc.Arbitrary<UserUri> = fc
  .tuple(domainArbitrary, nameArbitrary)
  .map(([domain, name]) => userUri(domain, name));

export const clientArbitrary: fc.Arbitrary<ClientUri> = fc
  .tuple(userArbitrary, exactly(16))
  .map(([user, id]) => mintClientUri(user, () => id));

export const roomArbitrary: fc.Arbitrary<RoomUri> = fc
  .tuple(domainArbitrary, exactly(16))
  .map(([domain, id]) => mintRoomUri(domain, () => id));

export const streamArbitrary = fc.oneof(roomArbitrary, clientArbitrary);

export function maybe<T>(inner: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> {
  return fc.option(inner, { nil: undefined });
}

export function several<T>(inner: fc.Arbitrary<T>, min = 0): fc.Arbitrary<T[]> {
  return fc.array(inner, { minLength: min, maxLength: min + 3 });
}

export const frankArbitrary: fc.Arbitrary<Frank> = fc.record({
  serverFrank: exactly(32),
  ciphersuite: u16Arbitrary,
  signature: octets(),
});

/** The header without its kind and flag. */
export const placeArbitrary: fc.Arbitrary<Omit<EntryHeader, "kind" | "ephemeral">> = fc.record({
  room: roomArbitrary,
  generation: u32Arbitrary,
  term: u64Arbitrary,
  position: countArbitrary,
  previous: exactly(32),
  acceptedAt: u64Arbitrary,
});

export const signedHeadArbitrary: fc.Arbitrary<SignedHead> = fc.record({
  head: fc.record({
    room: roomArbitrary,
    generation: u32Arbitrary,
    term: u64Arbitrary,
    position: u64Arbitrary,
    hash: exactly(32),
    epoch: u64Arbitrary,
    treeHash: octets({ min: 32, max: 64 }),
  }),
  signature: exactly(64),
});

export const endorsementArbitrary: fc.Arbitrary<Endorsement> = fc.record({
  client: clientArbitrary,
  signature: exactly(64),
});

export const claimArbitrary: fc.Arbitrary<GenerationClaim> = fc.record({
  previous: fc.tuple(roomArbitrary, u32Arbitrary).map(([room, number]) => groupUriOf(room, number)),
  epoch: u64Arbitrary,
  transcript: octets({ max: 32 }),
  position: u64Arbitrary,
  hash: exactly(32),
  formerHub: domainArbitrary,
  hub: domainArbitrary,
  hubKey: exactly(32),
  term: u64Arbitrary,
  reason: fc.constantFrom("reset" as const, "hubGone" as const),
});

export const healthReportArbitrary: fc.Arbitrary<SignedHealthReport> = fc.record({
  report: fc.record({
    verdict: fc.constantFrom("applied" as const, "fault" as const),
    room: roomArbitrary,
    generation: u32Arbitrary,
    position: u64Arbitrary,
    hash: exactly(32),
    epoch: u64Arbitrary,
    leaf: u32Arbitrary,
  }),
  signature: exactly(64),
});

export const submitRequestArbitrary: fc.Arbitrary<SubmitMessageRequest> = fc.record({
  ephemeral: fc.boolean(),
  message: octets({ min: 1 }),
  sendingUri: userArbitrary,
});

export const credentialArbitrary = fc.record({ identity: octets() });

const numbers = several(u16Arbitrary);

export const requiredCapabilitiesArbitrary = fc.record({
  extensions: numbers,
  proposals: numbers,
  credentials: numbers,
});

export const capabilitiesArbitrary: fc.Arbitrary<Capabilities> = fc.record({
  versions: numbers,
  ciphersuites: numbers,
  extensions: numbers,
  proposals: numbers,
  credentials: numbers,
});

export const certificateArbitrary: fc.Arbitrary<DeviceSigningCertificate> = fc.record({
  user: userArbitrary,
  identityKey: exactly(32),
  number: countArbitrary,
  deviceSigningKey: exactly(32),
  createdAt: u64Arbitrary,
  signature: exactly(64),
});

export const countersignatureArbitrary = fc.oneof(exactly(0), exactly(64));

export const leafIdentityArbitrary: fc.Arbitrary<LeafIdentity> = fc.record({
  certificate: certificateArbitrary,
  attestation: fc.record({
    client: clientArbitrary,
    signatureKey: exactly(32),
    number: u32Arbitrary,
    addedAt: u64Arbitrary,
    expiresAt: u64Arbitrary,
    signature: exactly(64),
  }),
  countersignature: countersignatureArbitrary,
  countersigner: textArbitrary,
});

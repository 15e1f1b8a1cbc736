import fc from "fast-check";
import type { GroupInfoResponse, KeyMaterialResponse } from "../src/index.ts";
import {
  capabilitiesCodec,
  clientKeyMaterialCodec,
  credentialCodec,
  groupInfoPlaintextCodec,
  groupInfoRequestCodec,
  groupInfoResponseCodec,
  keyMaterialRequestCodec,
  keyMaterialResponseCodec,
  requiredCapabilitiesCodec,
} from "../src/index.ts";
import {
  capabilitiesArbitrary,
  clientArbitrary,
  credentialArbitrary,
  exactly,
  maybe,
  octets,
  requiredCapabilitiesArbitrary,
  roomArbitrary,
  several,
  u16Arbitrary,
  u64Arbitrary,
  userArbitrary,
} from "./arbitraries.ts";
import { structCase } from "./struct-case.ts";
import type { StructCase } from "./struct-case.ts";

const keyMaterialRequest = fc.record({
  requestingUser: userArbitrary,
  targetUser: userArbitrary,
  room: maybe(roomArbitrary),
  acceptableCiphersuites: several(u16Arbitrary, 1),
  requiredCapabilities: requiredCapabilitiesArbitrary,
  requesterSignatureKey: exactly(32),
  requesterCredential: credentialArbitrary,
  signature: exactly(64),
});

const clientKeyMaterial = fc.oneof(
  fc.record({
    status: fc.constant("success" as const),
    client: clientArbitrary,
    keyPackage: octets({ min: 1 }),
  }),
  fc.record({ status: fc.constant("keyMaterialExhausted" as const), client: clientArbitrary }),
  fc.record({
    status: fc.constant("nothingCompatible" as const),
    client: clientArbitrary,
    capabilities: maybe(capabilitiesArbitrary),
  }),
);

const keyMaterialResponse: fc.Arbitrary<KeyMaterialResponse> = fc.oneof(
  fc.record({
    status: fc.constantFrom("success", "partialSuccess", "noCompatibleMaterial"),
    user: userArbitrary,
    clients: several(clientKeyMaterial),
  }),
  fc.record({
    status: fc.constantFrom(
      "incompatibleProtocol",
      "userUnknown",
      "noConsent",
      "noConsentForThisRoom",
      "userDeleted",
    ),
    user: userArbitrary,
    clients: fc.constant([]),
  }),
);

const groupInfoRequest = fc.record({
  ciphersuite: u16Arbitrary,
  requestingSignatureKey: exactly(32),
  requestingCredential: credentialArbitrary,
  groupInfoPublicKey: octets({ min: 1 }),
  joiningCode: maybe(octets()),
  signature: exactly(64),
});

const groupInfoResponse: fc.Arbitrary<GroupInfoResponse> = fc.oneof(
  fc.record({
    status: fc.constant("success" as const),
    room: roomArbitrary,
    ciphersuite: u16Arbitrary,
    hubKey: exactly(32),
    hubCredential: credentialArbitrary,
    sealed: fc.record({ kemOutput: octets(), ciphertext: octets() }),
    signature: exactly(64),
  }),
  fc.record({
    status: fc.constantFrom("notAuthorized" as const, "noSuchRoom" as const),
    room: roomArbitrary,
  }),
);

const groupInfoPlaintext = fc.record({
  groupInfo: octets({ min: 1 }),
  ratchetTree: maybe(octets({ min: 1 })),
  pendingProposals: several(fc.record({ proposal: octets({ min: 1 }), acceptedAt: u64Arbitrary })),
  position: u64Arbitrary,
  linkUses: several(fc.record({ key: octets({ min: 32, max: 32 }), uses: fc.nat(2 ** 31 - 1) })),
});

export const requestCases: readonly StructCase[] = [
  structCase("Credential", credentialCodec, credentialArbitrary, { closedOctets: [0, 1] }),
  structCase("RequiredCapabilities", requiredCapabilitiesCodec, requiredCapabilitiesArbitrary),
  structCase("Capabilities", capabilitiesCodec, capabilitiesArbitrary),
  structCase("KeyMaterialRequest", keyMaterialRequestCodec, keyMaterialRequest, {
    closedOctets: [0],
  }),
  structCase("ClientKeyMaterial", clientKeyMaterialCodec, clientKeyMaterial, {
    closedOctets: [0],
  }),
  structCase("KeyMaterialResponse", keyMaterialResponseCodec, keyMaterialResponse, {
    closedOctets: [0, 1],
  }),
  structCase("GroupInfoRequest", groupInfoRequestCodec, groupInfoRequest, { closedOctets: [0] }),
  structCase("GroupInfoResponse", groupInfoResponseCodec, groupInfoResponse, {
    closedOctets: [0],
  }),
  structCase("GroupInfoPlaintext", groupInfoPlaintextCodec, groupInfoPlaintext),
];

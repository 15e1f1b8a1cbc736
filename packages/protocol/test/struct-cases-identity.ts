import fc from "fast-check";
import type { ClientList, SafeAad } from "../src/index.ts";
import {
  attestationCodec,
  clientListCodec,
  codec,
  decodeSafeAad,
  deviceSigningCertificateCodec,
  dictionaryCodec,
  encodeSafeAad,
  firstClientListPrevious,
  leafIdentityCodec,
  mintClientUri,
  senderChainCodec,
  senderLinkCodec,
  signedClientListCodec,
  treehouseAadCodec,
  TREEHOUSE_AAD_COMPONENT,
} from "../src/index.ts";
import {
  certificateArbitrary,
  countersignatureArbitrary,
  exactly,
  leafIdentityArbitrary,
  maybe,
  octets,
  textArbitrary,
  u16Arbitrary,
  u64Arbitrary,
  userArbitrary,
} from "./arbitraries.ts";
import { structCase } from "./struct-case.ts";
import type { StructCase } from "./struct-case.ts";

const dictionary = fc
  .uniqueArray(fc.record({ component: u16Arbitrary, data: octets() }), {
    selector: ({ component }) => component,
    maxLength: 4,
  })
  .map((items) => items.sort((left, right) => left.component - right.component));

const treehouseAad = fc.record({
  epoch: u64Arbitrary,
  forkTag: exactly(16),
  lastPosition: u64Arbitrary,
});

const safeAad: fc.Arbitrary<SafeAad> = fc.record({
  treehouse: maybe(treehouseAad),
  others: dictionary.map((items) =>
    items.filter(({ component }) => component !== TREEHOUSE_AAD_COMPONENT),
  ),
});

const listedKey = fc.record({
  id: exactly(16),
  signatureKey: exactly(32),
  addedAt: u64Arbitrary,
  expiresAt: u64Arbitrary,
});

const clientList: fc.Arbitrary<ClientList> = fc
  .record({
    user: userArbitrary,
    version: fc.integer({ min: 1, max: 3 }),
    hash: exactly(32).filter((hash) => hash.some((octet) => octet !== 0)),
    keys: fc.uniqueArray(listedKey, { selector: ({ id }) => id.join(), maxLength: 3 }),
  })
  .map(({ user, version, hash, keys }) => ({
    user,
    version,
    previousHash: version === 1 ? firstClientListPrevious : hash,
    clients: keys
      .map(({ id, ...key }) => ({ client: mintClientUri(user, () => id), ...key }))
      .sort((left, right) => (left.client < right.client ? -1 : 1)),
  }));

/** SafeAAD has functions instead of a codec, for nothing contains it. */
const safeAadCodec = {
  ...codec<SafeAad>(
    () => expectNoUse(),
    () => expectNoUse(),
  ),
  encode: encodeSafeAad,
  decode: decodeSafeAad,
};

function expectNoUse(): never {
  throw new Error("SafeAAD is encoded and decoded as a whole");
}

export const identityCases: readonly StructCase[] = [
  structCase("Dictionary", dictionaryCodec(4096), dictionary),
  structCase("TreehouseAad", treehouseAadCodec, treehouseAad),
  structCase(
    "SenderLink",
    senderLinkCodec,
    fc.record({ counter: u64Arbitrary, messageId: exactly(32), previous: exactly(32) }),
  ),
  structCase(
    "SenderChain",
    senderChainCodec,
    fc.record({ nonce: exactly(16), masked: exactly(74) }),
  ),
  structCase("SafeAad", safeAadCodec, safeAad),
  structCase("DeviceSigningCertificate", deviceSigningCertificateCodec, certificateArbitrary),
  structCase(
    "Attestation",
    attestationCodec,
    leafIdentityArbitrary.map(({ attestation }) => attestation),
  ),
  structCase("LeafIdentity", leafIdentityCodec, leafIdentityArbitrary),
  structCase("ClientList", clientListCodec, clientList),
  structCase(
    "SignedClientList",
    signedClientListCodec,
    fc.record({
      list: clientList,
      certificate: certificateArbitrary,
      signature: exactly(64),
      countersignature: countersignatureArbitrary,
      countersigner: textArbitrary,
    }),
  ),
];

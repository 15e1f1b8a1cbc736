import {
  attestationCodec,
  clientListHash,
  mintClientUri,
  parseDomain,
  signAttestation,
  signCertificate,
  signClientList,
  signedClientListCodec,
  userUri,
} from "@treehouse/protocol";
import type { ClientList, ListedClient } from "@treehouse/protocol";
import { createNodeCrypto } from "@treehouse/mls/crypto/node";
import { expect, test } from "vitest";
import { checkRevocation } from "./check-revocation.ts";
import { createNodeEnv } from "../../platform/index.ts";

const env = createNodeEnv({ log: { level: "silent" } });
const crypto = createNodeCrypto({ random: (length) => env.random(length) });
type Keys = ReturnType<typeof crypto.generateSignatureKeyPair>;

const user = userUri(parseDomain("localhost"), "alice");
const at = 1_000_000;
const keys = (): Keys => crypto.generateSignatureKeyPair();
const [identity, other, first, second] = [keys(), keys(), keys(), keys()];

function certified(number: number, device: Keys, by: Keys = identity) {
  const unsigned = { user, identityKey: by.publicKey, number, createdAt: at };
  return signCertificate({ ...unsigned, deviceSigningKey: device.publicKey }, (message) =>
    crypto.sign(by.privateKey, message),
  );
}

function listed(): ListedClient {
  const client = mintClientUri(user, (length) => crypto.random(length));
  return { client, signatureKey: keys().publicKey, addedAt: at, expiresAt: at + 1_000_000 };
}

const [lost, phone, desk] = [listed(), listed(), listed()];
const before: ClientList = {
  user,
  version: 2,
  previousHash: new Uint8Array(32).fill(1),
  clients: sorted([lost, phone, desk]),
};
const previous = signClientList(before, certified(1, first), (message) =>
  crypto.sign(first.privateKey, message),
);

type Change = {
  readonly list?: Partial<ClientList>;
  readonly number?: number;
  /** Signs the list and the attestations. */
  readonly device?: Keys;
  readonly identity?: Keys;
  readonly attested?: readonly ListedClient[];
  readonly attestedNumber?: number;
  readonly attestedBy?: Keys;
};

function check(change: Change = {}, client = lost.client) {
  const { number = 2, device = second } = change;
  const staying = sorted([phone, desk]);
  const list = { user, version: 3, previousHash: clientListHash(before), clients: staying };
  const certificate = certified(number, device, change.identity);
  const signed = signClientList({ ...list, ...change.list }, certificate, (message) =>
    crypto.sign(device.privateKey, message),
  );
  const { attestedBy = device, attestedNumber = number } = change;
  const attestations = (change.attested ?? staying).map((one) =>
    signAttestation({ ...one, number: attestedNumber }, (message) =>
      crypto.sign(attestedBy.privateKey, message),
    ),
  );
  return checkRevocation(
    {
      clientList: signedClientListCodec.encode(signed),
      attestations: attestations.map((one) => attestationCodec.encode(one)),
    },
    {
      previous,
      client,
      at,
      verify: (key, message, signature) => crypto.verify(key, message, signature),
    },
  );
}

test("R-028 the next list is the one before without the client, and all others are attested", () => {
  expect(check().map(({ attestation }) => attestation.client)).toEqual(
    sorted([phone, desk]).map(({ client }) => client),
  );
});

test.each<readonly [string, Change]>([
  ["goes on under the key that the lost client knows", { number: 1, device: first }],
  ["leaves a key out", { number: 3 }],
  ["is under another identity key", { identity: other }],
  ["still names the client", { list: { clients: sorted([lost, phone, desk]) } }],
  ["drops another client with it", { list: { clients: [phone] } }],
  ["names a client more", { list: { clients: sorted([phone, desk, listed()]) } }],
  ["gives a client another key", { list: { clients: sorted([{ ...phone, addedAt: 7 }, desk]) } }],
  ["follows another list", { list: { previousHash: new Uint8Array(32).fill(2) } }],
  ["leaves a version out", { list: { version: 4 } }],
  ["attests one client alone", { attested: [phone] }],
  ["attests the client that goes", { attested: [phone, lost] }],
  ["attests a client twice", { attested: [phone, phone] }],
  ["attests under the former number", { attestedNumber: 1 }],
  ["attests with the former key", { attestedBy: first }],
])("T-09 R-028 a revocation that %s is refused", (_what, change) => {
  expect(() => check(change)).toThrow(expect.objectContaining({ code: "identityInvalid" }));
});

test("a client that is not listed, and a list that comes second, are refused by name", () => {
  expect(() => check({}, listed().client)).toThrow(
    expect.objectContaining({ code: "unknownClient" }),
  );
  const change = { list: { version: 2, previousHash: before.previousHash } };
  expect(() => check(change)).toThrow(expect.objectContaining({ code: "conflict" }));
});

function sorted(clients: readonly ListedClient[]): readonly ListedClient[] {
  return clients.toSorted((a, b) => (a.client < b.client ? -1 : 1));
}

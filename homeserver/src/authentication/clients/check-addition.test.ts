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
import type { ClientList, ListedClient, SignedClientList } from "@treehouse/protocol";
import { createNodeCrypto } from "@treehouse/mls/crypto/node";
import { expect, test } from "vitest";
import { checkAddition } from "./check-addition.ts";
import { createNodeEnv } from "../../platform/index.ts";

const env = createNodeEnv({ log: { level: "silent" } });
const crypto = createNodeCrypto({ random: (length) => env.random(length) });
type Keys = ReturnType<typeof crypto.generateSignatureKeyPair>;

const user = userUri(parseDomain("localhost"), "alice");
const at = 1_000_000;
const identity = crypto.generateSignatureKeyPair();
const [first, second] = [crypto.generateSignatureKeyPair(), crypto.generateSignatureKeyPair()];

function certified(number: number, device: Keys, by: Keys = identity) {
  const unsigned = { user, identityKey: by.publicKey, number, createdAt: at };
  return signCertificate({ ...unsigned, deviceSigningKey: device.publicKey }, (message) =>
    crypto.sign(by.privateKey, message),
  );
}

function newClient(): ListedClient {
  const client = mintClientUri(user, (length) => crypto.random(length));
  const { publicKey } = crypto.generateSignatureKeyPair();
  return { client, signatureKey: publicKey, addedAt: at, expiresAt: at + 1_000_000 };
}

const old = newClient();
const added = newClient();
const before: ClientList = {
  user,
  version: 2,
  previousHash: new Uint8Array(32).fill(1),
  clients: [old],
};
// Its device-signing key is the user's second one: the first was replaced.
const previous = signClientList(before, certified(2, second), (message) =>
  crypto.sign(second.privateKey, message),
);

function claim(
  change: {
    readonly list?: Partial<ClientList>;
    readonly number?: number;
    readonly device?: Keys;
    readonly identity?: Keys;
    readonly attested?: Partial<ListedClient>;
  } = {},
): { readonly clientList: Uint8Array<ArrayBuffer>; readonly attestation: Uint8Array<ArrayBuffer> } {
  const { number = 2, device = second } = change;
  const sign = (message: Uint8Array) => crypto.sign(device.privateKey, message);
  const clients = [old, added].toSorted((a, b) => (a.client < b.client ? -1 : 1));
  const list = { user, version: 3, previousHash: clientListHash(before), clients, ...change.list };
  const signed: SignedClientList = signClientList(
    list,
    certified(number, device, change.identity),
    sign,
  );
  const attestation = signAttestation({ ...added, number, ...change.attested }, sign);
  return {
    clientList: signedClientListCodec.encode(signed),
    attestation: attestationCodec.encode(attestation),
  };
}

function check(claimed: ReturnType<typeof claim>) {
  const verify = (key: Uint8Array, message: Uint8Array, signature: Uint8Array) =>
    crypto.verify(key, message, signature);
  return checkAddition(claimed, { previous, client: added.client, at, verify });
}

test("T-09 the next list is the one before and the new client", () => {
  expect(check(claim()).attestation.client).toBe(added.client);
});

test.each([
  ["drops a client", { list: { clients: [added] } }],
  ["lacks the new client", { list: { clients: [old] } }],
  ["names a third one", { list: { clients: sorted([old, added, newClient()]) } }],
  [
    "gives another client another key",
    { list: { clients: sorted([{ ...old, signatureKey: first.publicKey }, added]) } },
  ],
  ["follows another list", { list: { previousHash: new Uint8Array(32).fill(2) } }],
  ["leaves a version out", { list: { version: 4 } }],
  ["is signed with a device-signing key that was replaced", { number: 1, device: first }],
  ["is under another identity key", { identity: first }],
  ["attests another key than it lists", { attested: { signatureKey: first.publicKey } }],
])("T-09 a list that %s is refused", (_what, change) => {
  expect(() => check(claim(change))).toThrow(expect.objectContaining({ code: "identityInvalid" }));
});

test("a list that comes second is a conflict", () => {
  const change = { list: { version: 2, previousHash: before.previousHash } };
  expect(() => check(claim(change))).toThrow(expect.objectContaining({ code: "conflict" }));
});

function sorted(clients: readonly ListedClient[]): readonly ListedClient[] {
  return clients.toSorted((a, b) => (a.client < b.client ? -1 : 1));
}

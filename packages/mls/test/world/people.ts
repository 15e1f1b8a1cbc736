import type { Bytes, ClientUri, LeafIdentity, UserUri } from "@treehouse/protocol";
import {
  groupUriOf,
  leafIdentityCodec,
  mintClientUri,
  mintRoomUri,
  parseDomain,
  signAttestation,
  signCertificate,
  userUri,
  encodeRoomState,
  template,
} from "@treehouse/protocol";

import type { MlsCrypto } from "../../src/crypto/index.ts";
import { createNodeCrypto } from "../../src/crypto/node/index.ts";
import type { ClientIdentity, MemberContext } from "../../src/member/index.ts";
import type { SeededRandom } from "./random.ts";
import { seededRandom } from "./random.ts";

const DAY = 24 * 60 * 60 * 1000;

type KeyPair = { privateKey: Bytes; publicKey: Bytes };

/** A user with the keys that certify clients. */
export type User = {
  user: UserUri;
  identity: KeyPair;
  device: KeyPair;
  number: number;
};

/** A test's small world: one clock, one seeded source of randomness, one hub. */
export type World = {
  random: SeededRandom;
  crypto: MlsCrypto;
  context: MemberContext;
  hub: KeyPair;
  advance(ms: number): void;
  user(name: string): User;
  /** The user's next device-signing key; earlier ones may certify nothing more. */
  rotate(user: User): User;
  client(
    user: User,
    options?: { expiresAt?: number; keys?: KeyPair; as?: ClientUri },
  ): ClientIdentity;
  leafIdentity(user: User, client: ClientIdentity, options?: { expiresAt?: number }): LeafIdentity;
};

export const hubDomain = parseDomain("hub.example");

export function createWorld(
  seed: number,
  wrap: (crypto: MlsCrypto) => MlsCrypto = (crypto) => crypto,
): World {
  const random = seededRandom(seed);
  const crypto = wrap(createNodeCrypto({ random: (length) => random.bytes(length) }));
  let now = Date.UTC(2026, 0, 1);
  const context: MemberContext = { crypto, now: () => now };
  const keyPair = (): KeyPair => crypto.generateSignatureKeyPair();

  const leafIdentity: World["leafIdentity"] = (user, client, options = {}) => ({
    certificate: signCertificate(
      {
        user: user.user,
        identityKey: user.identity.publicKey,
        number: user.number,
        deviceSigningKey: user.device.publicKey,
        createdAt: now,
      },
      (message) => crypto.sign(user.identity.privateKey, message),
    ),
    attestation: signAttestation(
      {
        client: client.client,
        signatureKey: client.signaturePublicKey,
        number: user.number,
        addedAt: now,
        expiresAt: options.expiresAt ?? now + 400 * DAY,
      },
      (message) => crypto.sign(user.device.privateKey, message),
    ),
    countersignature: new Uint8Array(64),
    countersigner: "server-1",
  });

  return {
    random,
    crypto,
    context,
    hub: keyPair(),
    advance: (ms) => {
      now += ms;
    },
    user: (name) => ({
      user: userUri(parseDomain("people.example"), name),
      identity: keyPair(),
      device: keyPair(),
      number: 1,
    }),
    rotate: (user) => ({ ...user, device: keyPair(), number: user.number + 1 }),
    client: (user, options = {}) => {
      const { privateKey, publicKey } = options.keys ?? keyPair();
      const client = {
        client: options.as ?? mintClientUri(user.user, (length) => random.bytes(length)),
        signaturePrivateKey: privateKey,
        signaturePublicKey: publicKey,
        leafIdentity: new Uint8Array(),
      };
      const identity = leafIdentity(user, client, options);
      return { ...client, leafIdentity: leafIdentityCodec.encode(identity) };
    },
    leafIdentity,
  };
}

/** What a room begins with. */
export function newRoom(world: World, founder: User) {
  const room = mintRoomUri(hubDomain, (length) => world.random.bytes(length));
  const state = template("group", { founder: founder.user, hub: hubDomain, term: 1 });
  return {
    group: groupUriOf(room, 0),
    roomState: encodeRoomState(state),
    hubKey: world.hub.publicKey,
    hubDomain,
  };
}

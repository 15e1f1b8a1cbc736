import { equal } from "node:assert/strict";

import { makePskIndex, joinGroup, processMessage, decodeMlsMessage, bytesToBase64 } from "ts-mls";
import type { ClientConfig, MLSMessage } from "ts-mls";
import { defaultClientConfig } from "ts-mls/clientConfig.js";
import { decodeRatchetTree } from "ts-mls/ratchetTree.js";

import { bytes, hex, suitesOf, whole } from "./vectors.ts";

export type Passive = {
  cipher_suite: number;
  external_psks: { psk_id: string; psk: string }[];
  key_package: string;
  signature_priv: string;
  encryption_priv: string;
  init_priv: string;
  welcome: string;
  ratchet_tree: string | null;
  initial_epoch_authenticator: string;
  epochs: { proposals: string[]; commit: string; epoch_authenticator: string }[];
};

/** Vectors have credentials nobody knows: this one place accepts them all. */
const config: ClientConfig = {
  ...defaultClientConfig,
  lifetimeConfig: { ...defaultClientConfig.lifetimeConfig, validateLifetimeOnReceive: false },
};

/** Joins and follows; every epoch must have the authenticator the vector says. */
export async function followPassively(v: Passive): Promise<void> {
  for (const cs of suitesOf(v.cipher_suite)) {
    const psks = Object.fromEntries(
      v.external_psks.map((p) => [bytesToBase64(bytes(p.psk_id)), bytes(p.psk)]),
    );
    const { keyPackage } = message("mls_key_package", v.key_package);
    const privateKeys = {
      signaturePrivateKey: bytes(v.signature_priv),
      hpkePrivateKey: bytes(v.encryption_priv),
      initPrivateKey: bytes(v.init_priv),
    };
    const { welcome } = message("mls_welcome", v.welcome);
    const tree =
      v.ratchet_tree === null ? undefined : whole(decodeRatchetTree, bytes(v.ratchet_tree));
    const index = makePskIndex(undefined, psks);
    let state = await joinGroup(
      welcome,
      keyPackage,
      privateKeys,
      index,
      cs,
      tree,
      undefined,
      config,
    );
    equal(hex(state.keySchedule.epochAuthenticator), v.initial_epoch_authenticator);
    for (const epoch of v.epochs) {
      for (const encoded of [...epoch.proposals, epoch.commit]) {
        const decoded = whole(decodeMlsMessage, bytes(encoded));
        if (
          decoded.wireformat !== "mls_public_message" &&
          decoded.wireformat !== "mls_private_message"
        ) {
          throw new Error(decoded.wireformat);
        }
        const known = makePskIndex(state, psks);
        ({ newState: state } = await processMessage(decoded, state, known, () => "accept", cs));
      }
      equal(hex(state.keySchedule.epochAuthenticator), epoch.epoch_authenticator);
    }
  }
}

export function message<W extends MLSMessage["wireformat"]>(
  wireformat: W,
  encoded: string,
): Extract<MLSMessage, { wireformat: W }> {
  const decoded = whole(decodeMlsMessage, bytes(encoded));
  if (!isOf(decoded, wireformat)) throw new Error(decoded.wireformat);
  return decoded;
}

function isOf<W extends MLSMessage["wireformat"]>(
  decoded: MLSMessage,
  wireformat: W,
): decoded is Extract<MLSMessage, { wireformat: W }> {
  return decoded.wireformat === wireformat;
}

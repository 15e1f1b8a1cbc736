import { equal } from "node:assert/strict";

import { deriveSecret } from "ts-mls/crypto/kdf.js";
import {
  encodeGroupContext,
  extractEpochSecret,
  extractJoinerSecret,
} from "ts-mls/groupContext.js";
import type { GroupContext } from "ts-mls/groupContext.js";
import {
  extractWelcomeSecret,
  verifyGroupInfoConfirmationTag,
  verifyGroupInfoSignature,
} from "ts-mls/groupInfo.js";
import { makeKeyPackageRef } from "ts-mls/keyPackage.js";
import { initializeEpoch, mlsExporter } from "ts-mls/keySchedule.js";
import { decryptGroupInfo, decryptGroupSecrets } from "ts-mls/welcome.js";

import { message } from "./passive.ts";
import { bytes, hex, runVectors, suitesOf } from "./vectors.ts";

type Epoch = {
  tree_hash: string;
  commit_secret: string;
  psk_secret: string;
  confirmed_transcript_hash: string;
  group_context: string;
  joiner_secret: string;
  welcome_secret: string;
  init_secret: string;
  sender_data_secret: string;
  encryption_secret: string;
  exporter_secret: string;
  epoch_authenticator: string;
  external_secret: string;
  confirmation_key: string;
  membership_key: string;
  resumption_psk: string;
  external_pub: string;
  exporter: { label: string; context: string; length: number; secret: string };
};
type KeyScheduleVector = {
  cipher_suite: number;
  group_id: string;
  initial_init_secret: string;
  epochs: Epoch[];
};

runVectors<KeyScheduleVector>("key-schedule.json", async (v) => {
  for (const cs of suitesOf(v.cipher_suite)) {
    let initSecret: Uint8Array = bytes(v.initial_init_secret);
    for (const [n, e] of v.epochs.entries()) {
      const context: GroupContext = {
        version: "mls10",
        cipherSuite: cs.name,
        groupId: bytes(v.group_id),
        epoch: BigInt(n),
        treeHash: bytes(e.tree_hash),
        confirmedTranscriptHash: bytes(e.confirmed_transcript_hash),
        extensions: [],
      };
      equal(hex(encodeGroupContext(context)), e.group_context);
      const [commitSecret, pskSecret] = [bytes(e.commit_secret), bytes(e.psk_secret)];
      const joiner = await extractJoinerSecret(context, initSecret, commitSecret, cs.kdf);
      equal(hex(joiner), e.joiner_secret);
      equal(hex(await extractWelcomeSecret(joiner, pskSecret, cs.kdf)), e.welcome_secret);
      const epochSecret = await extractEpochSecret(context, joiner, cs.kdf, pskSecret);
      equal(hex(await deriveSecret(epochSecret, "encryption", cs.kdf)), e.encryption_secret);
      const epoch = await initializeEpoch(initSecret, commitSecret, context, pskSecret, cs.kdf);
      const { keySchedule: k } = epoch;
      equal(hex(epoch.welcomeSecret), e.welcome_secret);
      equal(hex(epoch.encryptionSecret), e.encryption_secret);
      equal(hex(k.initSecret), e.init_secret);
      equal(hex(k.senderDataSecret), e.sender_data_secret);
      equal(hex(k.exporterSecret), e.exporter_secret);
      equal(hex(k.epochAuthenticator), e.epoch_authenticator);
      equal(hex(k.externalSecret), e.external_secret);
      equal(hex(k.confirmationKey), e.confirmation_key);
      equal(hex(k.membershipKey), e.membership_key);
      equal(hex(k.resumptionPsk), e.resumption_psk);
      const external = await cs.hpke.deriveKeyPair(k.externalSecret);
      equal(hex(await cs.hpke.exportPublicKey(external.publicKey)), e.external_pub);
      const x = e.exporter;
      const exported = await mlsExporter(k.exporterSecret, x.label, bytes(x.context), x.length, cs);
      equal(hex(exported), x.secret);
      initSecret = k.initSecret;
    }
  }
});

type WelcomeVector = {
  cipher_suite: number;
  init_priv: string;
  key_package: string;
  signer_pub: string;
  welcome: string;
};

runVectors<WelcomeVector>("welcome.json", async (v) => {
  for (const cs of suitesOf(v.cipher_suite)) {
    const { keyPackage } = message("mls_key_package", v.key_package);
    const { welcome } = message("mls_welcome", v.welcome);
    const initKey = await cs.hpke.importPrivateKey(bytes(v.init_priv));
    const ref = await makeKeyPackageRef(keyPackage, cs.hash);
    const secrets = await decryptGroupSecrets(initKey, ref, welcome, cs.hpke);
    if (secrets === undefined) throw new Error("no group secrets");
    const pskSecret = new Uint8Array(cs.kdf.size);
    const info = await decryptGroupInfo(welcome, secrets.joinerSecret, pskSecret, cs);
    if (info === undefined) throw new Error("no group info");
    equal(await verifyGroupInfoSignature(info, bytes(v.signer_pub), cs.signature), true);
    equal(await verifyGroupInfoConfirmationTag(info, secrets.joinerSecret, pskSecret, cs), true);
  }
});

import { equal } from "node:assert/strict";

import { decodeAuthenticatedContent } from "ts-mls/authenticatedContent.js";
import { determineLength } from "ts-mls/codec/variableLength.js";
import { refhash } from "ts-mls/crypto/hash.js";
import { decryptWithLabel, encryptWithLabel } from "ts-mls/crypto/hpke.js";
import { deriveSecret, deriveTreeSecret, expandWithLabel } from "ts-mls/crypto/kdf.js";
import { signWithLabel, verifyWithLabel } from "ts-mls/crypto/signature.js";
import { verifyConfirmationTag } from "ts-mls/framedContent.js";
import { computePskSecret } from "ts-mls/presharedkey.js";
import { decodeReuseGuard, expandSenderDataKey, expandSenderDataNonce } from "ts-mls/sender.js";
import { createSecretTree, ratchetToGeneration } from "ts-mls/secretTree.js";
import { createConfirmedHash, createInterimHash } from "ts-mls/transcriptHash.js";
import { left, parent, right, root, sibling, toNodeIndex } from "ts-mls/treemath.js";

import { bytes, hex, runVectors, suitesOf, whole } from "./vectors.ts";

type Basics = {
  cipher_suite: number;
  ref_hash: { label: string; value: string; out: string };
  expand_with_label: {
    secret: string;
    label: string;
    context: string;
    length: number;
    out: string;
  };
  derive_secret: { secret: string; label: string; out: string };
  derive_tree_secret: {
    secret: string;
    label: string;
    generation: number;
    length: number;
    out: string;
  };
  sign_with_label: { priv: string; pub: string; content: string; label: string; signature: string };
  encrypt_with_label: {
    priv: string;
    pub: string;
    label: string;
    context: string;
    plaintext: string;
    kem_output: string;
    ciphertext: string;
  };
};

runVectors<Basics>("crypto-basics.json", async (v) => {
  for (const cs of suitesOf(v.cipher_suite)) {
    const r = v.ref_hash;
    equal(hex(await refhash(r.label, bytes(r.value), cs.hash)), r.out);
    const e = v.expand_with_label;
    const expanded = await expandWithLabel(
      bytes(e.secret),
      e.label,
      bytes(e.context),
      e.length,
      cs.kdf,
    );
    equal(hex(expanded), e.out);
    const d = v.derive_secret;
    equal(hex(await deriveSecret(bytes(d.secret), d.label, cs.kdf)), d.out);
    const t = v.derive_tree_secret;
    const derived = await deriveTreeSecret(
      bytes(t.secret),
      t.label,
      t.generation,
      t.length,
      cs.kdf,
    );
    equal(hex(derived), t.out);

    const s = v.sign_with_label;
    const check = (signature: Uint8Array) =>
      verifyWithLabel(bytes(s.pub), s.label, bytes(s.content), signature, cs.signature);
    equal(await check(bytes(s.signature)), true);
    const again = await signWithLabel(bytes(s.priv), s.label, bytes(s.content), cs.signature);
    equal(await check(again), true);

    const x = v.encrypt_with_label;
    const privateKey = await cs.hpke.importPrivateKey(bytes(x.priv));
    const publicKey = await cs.hpke.importPublicKey(bytes(x.pub));
    const [label, context, text] = [x.label, bytes(x.context), bytes(x.plaintext)];
    const opened = await decryptWithLabel(
      privateKey,
      label,
      context,
      bytes(x.kem_output),
      bytes(x.ciphertext),
      cs.hpke,
    );
    equal(hex(opened), x.plaintext);
    const sealed = await encryptWithLabel(publicKey, label, context, text, cs.hpke);
    const reopened = await decryptWithLabel(
      privateKey,
      label,
      context,
      sealed.enc,
      sealed.ct,
      cs.hpke,
    );
    equal(hex(reopened), x.plaintext);
  }
});

runVectors<{ vlbytes_header: string; length: number }>("deserialization.json", (v) => {
  const header = bytes(v.vlbytes_header);
  const { length, lengthFieldSize } = determineLength(header);
  equal(length, v.length);
  equal(lengthFieldSize, header.length);
});

type TreeMath = {
  n_leaves: number;
  n_nodes: number;
  root: number;
  left: (number | null)[];
  right: (number | null)[];
  parent: (number | null)[];
  sibling: (number | null)[];
};

runVectors<TreeMath>("tree-math.json", (v) => {
  const orNull = (f: () => number) => {
    try {
      return f();
    } catch {
      return null;
    }
  };
  equal(root(v.n_leaves), v.root);
  equal(v.left.length, v.n_nodes);
  for (let n = 0; n < v.n_nodes; n += 1) {
    const node = toNodeIndex(n);
    equal(
      orNull(() => left(node)),
      v.left[n],
    );
    equal(
      orNull(() => right(node)),
      v.right[n],
    );
    equal(
      orNull(() => parent(node, v.n_leaves)),
      v.parent[n],
    );
    equal(
      orNull(() => sibling(node, v.n_leaves)),
      v.sibling[n],
    );
  }
});

type Psks = {
  cipher_suite: number;
  psks: { psk_id: string; psk: string; psk_nonce: string }[];
  psk_secret: string;
};

runVectors<Psks>("psk_secret.json", async (v) => {
  for (const cs of suitesOf(v.cipher_suite)) {
    const psks = v.psks.map(
      (p) =>
        [
          { psktype: "external", pskId: bytes(p.psk_id), pskNonce: bytes(p.psk_nonce) },
          bytes(p.psk),
        ] satisfies Parameters<typeof computePskSecret>[0][number],
    );
    equal(hex(await computePskSecret(psks, cs)), v.psk_secret);
  }
});

type SecretTreeVector = {
  cipher_suite: number;
  encryption_secret: string;
  sender_data: { sender_data_secret: string; ciphertext: string; key: string; nonce: string };
  leaves: {
    generation: number;
    handshake_key: string;
    handshake_nonce: string;
    application_key: string;
    application_nonce: string;
  }[][];
};

const retention = {
  retainKeysForGenerations: 64,
  retainKeysForEpochs: 4,
  maximumForwardRatchetSteps: 1_000,
};

runVectors<SecretTreeVector>("secret-tree.json", async (v) => {
  for (const cs of suitesOf(v.cipher_suite)) {
    const { sender_data_secret: secret, ciphertext, key, nonce } = v.sender_data;
    equal(hex(await expandSenderDataKey(cs, bytes(secret), bytes(ciphertext))), key);
    equal(hex(await expandSenderDataNonce(cs, bytes(secret), bytes(ciphertext))), nonce);
    const reuseGuard = whole(decodeReuseGuard, bytes("00000000"));
    let tree = await createSecretTree(v.leaves.length, bytes(v.encryption_secret), cs.kdf);
    for (const [leafIndex, generations] of v.leaves.entries()) {
      // the last one first: the others then come from the keys kept of generations passed over
      for (const g of generations.toReversed()) {
        const sender = { leafIndex, generation: g.generation, reuseGuard };
        for (const [type, wantKey, wantNonce] of [
          ["proposal", g.handshake_key, g.handshake_nonce],
          ["application", g.application_key, g.application_nonce],
        ] as const) {
          const result = await ratchetToGeneration(tree, sender, type, retention, cs);
          equal(hex(result.key), wantKey);
          equal(hex(result.nonce), wantNonce);
          tree = result.newTree;
        }
      }
    }
  }
});

type Transcript = {
  cipher_suite: number;
  confirmation_key: string;
  authenticated_content: string;
  interim_transcript_hash_before: string;
  confirmed_transcript_hash_after: string;
  interim_transcript_hash_after: string;
};

runVectors<Transcript>("transcript-hashes.json", async (v) => {
  for (const cs of suitesOf(v.cipher_suite)) {
    const { wireformat, content, auth } = whole(
      decodeAuthenticatedContent,
      bytes(v.authenticated_content),
    );
    if (auth.contentType !== "commit" || content.contentType !== "commit") {
      throw new Error("not a commit");
    }
    const confirmed = await createConfirmedHash(
      bytes(v.interim_transcript_hash_before),
      { wireformat, content, signature: auth.signature },
      cs.hash,
    );
    equal(hex(confirmed), v.confirmed_transcript_hash_after);
    const key = bytes(v.confirmation_key);
    equal(await verifyConfirmationTag(key, auth.confirmationTag, confirmed, cs.hash), true);
    const interim = await createInterimHash(confirmed, auth.confirmationTag, cs.hash);
    equal(hex(interim), v.interim_transcript_hash_after);
  }
});

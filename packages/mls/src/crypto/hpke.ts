/**
 * HPKE in base mode with DHKEM(X25519, HKDF-SHA256), HKDF-SHA256 and AES-128-GCM (RFC 9180),
 * synchronous, over the primitives of a platform.
 */
import { equalBytes, remembering } from "@treehouse/protocol";

import { concat, hkdfExpand } from "./hkdf.ts";
import { CryptoFailure } from "./mls-crypto.ts";
import type { KeyPair, Random } from "./mls-crypto.ts";
import type { Primitives } from "./primitives.ts";
import { x25519PointOk } from "./x25519-rule.ts";

type Bytes = Uint8Array<ArrayBuffer>;

export type HpkeContext = {
  readonly key: Bytes;
  readonly baseNonce: Bytes;
  /** Worked out when it is asked for: nearly all contexts seal or open, and export nothing. */
  readonly exporterSecret: () => Bytes;
};

const ascii = remembering(32, (text) => Uint8Array.from(text, (c) => c.charCodeAt(0)));
const none = new Uint8Array();
const version = ascii("HPKE-v1");
/** KEM 0x0020, KDF 0x0001, AEAD 0x0001 (RFC 9180 section 7). */
const kemId = concat(ascii("KEM"), Uint8Array.of(0x00, 0x20));
const suiteId = concat(ascii("HPKE"), Uint8Array.of(0x00, 0x20, 0x00, 0x01, 0x00, 0x01));

export class Hpke {
  readonly #primitives: Primitives;
  readonly #random: Random;
  readonly #pskIdHash: Bytes;
  #lastInfo: { readonly info: Bytes; readonly hash: Bytes };

  constructor(primitives: Primitives, random: Random) {
    this.#primitives = primitives;
    this.#random = random;
    this.#pskIdHash = this.#extract(suiteId, none, "psk_id_hash", none);
    this.#lastInfo = { info: none, hash: this.#extract(suiteId, none, "info_hash", none) };
  }

  generateKeyPair(): KeyPair {
    return this.#keyPair(Uint8Array.from(this.#random(32)));
  }

  deriveKeyPair(ikm: Uint8Array): KeyPair {
    const prk = this.#extract(kemId, none, "dkp_prk", ikm);
    return this.#keyPair(this.#expand(kemId, prk, "sk", none, 32));
  }

  /** Encap of section 4.1 and the key schedule of section 5.1. */
  sender(publicKey: Uint8Array, info: Uint8Array): { enc: Bytes; context: HpkeContext } {
    const ephemeral = this.generateKeyPair();
    const dh = this.#agree(ephemeral.privateKey, publicKey);
    const shared = this.#sharedSecret(dh, ephemeral.publicKey, publicKey);
    return { enc: ephemeral.publicKey, context: this.#schedule(shared, info) };
  }

  receiver(privateKey: Uint8Array, enc: Uint8Array, info: Uint8Array): HpkeContext {
    if (privateKey.length !== 32) throw new CryptoFailure("private key of the wrong length");
    const dh = this.#agree(privateKey, enc);
    const publicKey = this.#primitives.x25519PublicKey(privateKey);
    return this.#schedule(this.#sharedSecret(dh, enc, publicKey), info);
  }

  export(context: HpkeContext, exporterContext: Uint8Array, length: number): Bytes {
    return this.#expand(suiteId, context.exporterSecret(), "sec", exporterContext, length);
  }

  #keyPair(privateKey: Bytes): KeyPair {
    return { privateKey, publicKey: this.#primitives.x25519PublicKey(privateKey) };
  }

  #agree(privateKey: Uint8Array, publicKey: Uint8Array): Bytes {
    if (!x25519PointOk(publicKey)) throw new CryptoFailure("public key has no secret");
    const dh = this.#primitives.x25519(privateKey, publicKey);
    if (dh.every((octet) => octet === 0)) throw new CryptoFailure("agreement gave zero");
    return dh;
  }

  #sharedSecret(dh: Bytes, enc: Uint8Array, publicKey: Uint8Array): Bytes {
    const prk = this.#extract(kemId, none, "eae_prk", dh);
    return this.#expand(kemId, prk, "shared_secret", concat(enc, publicKey), 32);
  }

  #schedule(sharedSecret: Bytes, info: Uint8Array): HpkeContext {
    const infoHash = this.#infoHash(info);
    const context = concat(Uint8Array.of(0), this.#pskIdHash, infoHash);
    const secret = this.#extract(suiteId, sharedSecret, "secret", none);
    return {
      key: this.#expand(suiteId, secret, "key", context, 16),
      baseNonce: this.#expand(suiteId, secret, "base_nonce", context, 12),
      exporterSecret: () => this.#expand(suiteId, secret, "exp", context, 32),
    };
  }

  /** A commit seals to everybody with the same info. */
  #infoHash(info: Uint8Array): Bytes {
    if (!equalBytes(info, this.#lastInfo.info)) {
      const hash = this.#extract(suiteId, none, "info_hash", info);
      this.#lastInfo = { info: Uint8Array.from(info), hash };
    }
    return this.#lastInfo.hash;
  }

  #extract(id: Uint8Array, salt: Uint8Array, label: string, ikm: Uint8Array): Bytes {
    return this.#primitives.hmacSha256(salt, concat(version, id, ascii(label), ikm));
  }

  #expand(id: Uint8Array, prk: Uint8Array, label: string, info: Uint8Array, length: number): Bytes {
    const lengthOctets = Uint8Array.of(length >> 8, length & 0xff);
    const labelled = concat(lengthOctets, version, id, ascii(label), info);
    return hkdfExpand(this.#primitives.hmacSha256, prk, labelled, length);
  }
}

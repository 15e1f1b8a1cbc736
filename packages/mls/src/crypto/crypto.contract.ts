/** What every provider of `MlsCrypto` must do; each adapter's test runs it. */
import { describe, expect, test } from "vitest";

import { CryptoFailure } from "./mls-crypto.ts";
import type { MlsCrypto, Random } from "./mls-crypto.ts";

const hex = (text: string) =>
  Uint8Array.from(text.match(/../g) ?? [], (x) => Number.parseInt(x, 16));
const ascii = (text: string) => new TextEncoder().encode(text);
const none = new Uint8Array();

/** Octets 0, 1, 2, … : what random means is not the subject here. */
export function counting(): Random {
  let next = 0;
  return (length) => Uint8Array.from({ length }, () => next++ & 0xff);
}

const lowOrderX25519 = [
  "0000000000000000000000000000000000000000000000000000000000000000",
  "0100000000000000000000000000000000000000000000000000000000000000",
  "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
  "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
  "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
].map(hex);

export function mlsCryptoContract(create: (options: { random: Random }) => MlsCrypto): void {
  const crypto = create({ random: counting() });

  describe("hash, HMAC, HKDF", () => {
    test("SHA-256 of the empty string and of abc (FIPS 180-4)", () => {
      expect(crypto.hash(none)).toEqual(
        hex("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
      );
      expect(crypto.hash(ascii("abc"))).toEqual(
        hex("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
      );
    });

    test("HKDF test case 1 (RFC 5869, appendix A.1)", () => {
      const prk = crypto.hkdfExtract(
        hex("000102030405060708090a0b0c"),
        new Uint8Array(22).fill(11),
      );
      expect(prk).toEqual(hex("077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5"));
      expect(crypto.hkdfExpand(prk, hex("f0f1f2f3f4f5f6f7f8f9"), 42)).toEqual(
        hex("3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"),
      );
    });

    test("HKDF takes empty salt and gives at most 255 blocks", () => {
      const prk = crypto.hkdfExtract(none, ascii("x"));
      expect(crypto.hkdfExpand(prk, none, 255 * 32)).toHaveLength(255 * 32);
      expect(() => crypto.hkdfExpand(prk, none, 255 * 32 + 1)).toThrow(RangeError);
    });

    test("T-07 a MAC is accepted at its exact length only", () => {
      const tag = crypto.hmac(ascii("key"), ascii("data"));
      for (let length = 0; length <= tag.length + 1; length += 1) {
        const candidate = new Uint8Array(length);
        candidate.set(tag.subarray(0, length));
        const accepted = crypto.verifyHmac(ascii("key"), candidate, ascii("data"));
        expect(accepted).toBe(length === tag.length);
      }
    });
  });

  describe("AEAD", () => {
    const key = hex("feffe9928665731c6d6a8f9467308308");
    const nonce = hex("cafebabefacedbaddecaf888");

    test("AES-128-GCM test case 4 (McGrew and Viega, appendix B)", () => {
      const plaintext = hex(
        "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72" +
          "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
      );
      const aad = hex("feedfacedeadbeeffeedfacedeadbeefabaddad2");
      const sealed = crypto.aeadSeal(key, nonce, aad, plaintext);
      expect(sealed).toEqual(
        hex(
          "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e" +
            "21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e091" +
            "5bc94fbc3221a5db94fae95ae7121a47",
        ),
      );
      expect(crypto.aeadOpen(key, nonce, aad, sealed)).toEqual(plaintext);
    });

    test("T-07 a ciphertext is opened at its exact length only, and never when an octet differs", () => {
      const sealed = crypto.aeadSeal(key, nonce, none, ascii("hello"));
      for (let length = 0; length <= sealed.length + 1; length += 1) {
        if (length === sealed.length) continue;
        const candidate = new Uint8Array(length);
        candidate.set(sealed.subarray(0, length));
        expect(() => crypto.aeadOpen(key, nonce, none, candidate)).toThrow(CryptoFailure);
      }
      for (const [i] of sealed.entries()) {
        const candidate = Uint8Array.from(sealed);
        candidate[i] = (candidate[i] ?? 0) ^ 1;
        expect(() => crypto.aeadOpen(key, nonce, none, candidate)).toThrow(CryptoFailure);
      }
    });

    test("keys and nonces of other lengths are refused", () => {
      expect(() => crypto.aeadSeal(key.subarray(1), nonce, none, none)).toThrow(CryptoFailure);
      expect(() => crypto.aeadSeal(key, nonce.subarray(1), none, none)).toThrow(CryptoFailure);
    });
  });

  describe("Ed25519", () => {
    test("RFC 8032, section 7.1, third test", () => {
      const seed = hex("c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7");
      const publicKey = hex("fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025");
      const signature = hex(
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac" +
          "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
      );
      expect(crypto.ed25519PublicKey(seed)).toEqual(publicKey);
      expect(crypto.sign(seed, hex("af82"))).toEqual(signature);
      expect(crypto.verify(publicKey, hex("af82"), signature)).toBe(true);
      expect(crypto.verify(publicKey, hex("af83"), signature)).toBe(false);
    });

    test("bytes of any other length are no signature and no key, and nothing throws", () => {
      const { publicKey, privateKey } = crypto.generateSignatureKeyPair();
      const signature = crypto.sign(privateKey, none);
      expect(crypto.verify(publicKey, none, signature)).toBe(true);
      expect(crypto.verify(publicKey, none, signature.subarray(1))).toBe(false);
      expect(crypto.verify(publicKey, none, Uint8Array.of(...signature, 0))).toBe(false);
      expect(crypto.verify(publicKey.subarray(1), none, signature)).toBe(false);
      expect(crypto.verify(none, none, none)).toBe(false);
      expect(() => crypto.sign(privateKey.subarray(1), none)).toThrow(CryptoFailure);
    });

    test("a private key overwritten in place signs as the new key", () => {
      const key = new Uint8Array(32).fill(1);
      const before = crypto.sign(key, none);
      key.fill(2);
      expect(crypto.sign(key, none)).not.toEqual(before);
    });
  });

  describe("HPKE", () => {
    // RFC 9180, appendix A.1.1
    const info = hex("4f6465206f6e2061204772656369616e2055726e");
    const ikmE = hex("7268600d403fce431561aef583ee1613527cff655c1343f29812e66706df3234");
    const ikmR = hex("6db9df30aa07dd42ee5e8181afdb977e538f5e1fec8a06223f33f7013e525037");
    const plaintext = hex("4265617574792069732074727574682c20747275746820626561757479");
    const aad = hex("436f756e742d30");
    const ciphertext = hex(
      "f938558b5d72f1a23810b4be2ab4f84331acc02fc97babc53a52ae8218a355a9" +
        "6d8770ac83d07bea87e13c512a",
    );

    test("deriveKeyPair, seal, open and export of RFC 9180, appendix A.1.1", () => {
      const ephemeral = crypto.hpkeDeriveKeyPair(ikmE);
      const receiver = crypto.hpkeDeriveKeyPair(ikmR);
      expect(ephemeral.privateKey).toEqual(
        hex("52c4a758a802cd8b936eceea314432798d5baf2d7e9235dc084ab1b9cfa2f736"),
      );
      expect(receiver.publicKey).toEqual(
        hex("3948cfe0ad1ddb695d780e59077195da6c56506b027329794ab02bca80815c4d"),
      );
      const sender = create({ random: () => ephemeral.privateKey });
      const sealed = sender.hpkeSeal(receiver.publicKey, info, aad, plaintext);
      expect(sealed).toEqual({ enc: ephemeral.publicKey, ciphertext });
      expect(crypto.hpkeOpen(receiver.privateKey, sealed.enc, info, aad, ciphertext)).toEqual(
        plaintext,
      );
      const exported = sender.hpkeExportTo(receiver.publicKey, info, ascii("TestContext"), 32);
      expect(exported.secret).toEqual(
        hex("e9e43065102c3836401bed8c3c3c75ae46be1639869391d62c61f1ec7af54931"),
      );
      expect(
        crypto.hpkeExportFrom(receiver.privateKey, exported.enc, info, ascii("TestContext"), 32),
      ).toEqual(exported.secret);
    });

    test("a ciphertext for another key, info, aad or encapsulation is not opened", () => {
      const { privateKey, publicKey } = crypto.hpkeGenerateKeyPair();
      const other = crypto.hpkeGenerateKeyPair();
      const { enc, ciphertext: sealed } = crypto.hpkeSeal(publicKey, info, aad, plaintext);
      const attempts = [
        () => crypto.hpkeOpen(other.privateKey, enc, info, aad, sealed),
        () => crypto.hpkeOpen(privateKey, other.publicKey, info, aad, sealed),
        () => crypto.hpkeOpen(privateKey, enc, none, aad, sealed),
        () => crypto.hpkeOpen(privateKey, enc, info, none, sealed),
        () => crypto.hpkeOpen(privateKey, enc, info, aad, sealed.subarray(1)),
        () => crypto.hpkeOpen(privateKey, enc.subarray(1), info, aad, sealed),
      ];
      for (const attempt of attempts) expect(attempt).toThrow(CryptoFailure);
    });

    test("T-05 points of low order are refused in all 7 encodings, top bit or not", () => {
      const { privateKey } = crypto.hpkeGenerateKeyPair();
      for (const point of lowOrderX25519) {
        const withTopBit = Uint8Array.from(point);
        withTopBit[31] = (withTopBit[31] ?? 0) | 0x80;
        for (const key of [point, withTopBit]) {
          expect(crypto.isHpkePublicKey(key)).toBe(false);
          expect(() => crypto.hpkeSeal(key, none, none, none)).toThrow(CryptoFailure);
          expect(() => crypto.hpkeExportTo(key, none, none, 32)).toThrow(CryptoFailure);
          expect(() => crypto.hpkeOpen(privateKey, key, none, none, new Uint8Array(16))).toThrow(
            CryptoFailure,
          );
        }
      }
    });
  });

  test("T-05 what is verified elsewhere is verified by the same rule", async () => {
    const { privateKey, publicKey } = crypto.generateSignatureKeyPair();
    const message = ascii("said");
    const signature = crypto.sign(privateKey, message);
    const lowOrder = Uint8Array.of(1, ...new Uint8Array(31));
    const series = [
      { publicKey, message, signature },
      { publicKey, message: ascii("sad"), signature },
      { publicKey, message, signature: signature.with(40, (signature[40] ?? 0) ^ 1) },
      { publicKey, message, signature: signature.subarray(1) },
      { publicKey: publicKey.subarray(1), message, signature },
      { publicKey: new Uint8Array(32).fill(2), message, signature },
      {
        publicKey: lowOrder,
        message,
        signature: Uint8Array.of(...lowOrder, ...new Uint8Array(32)),
      },
      { publicKey, message, signature },
    ];
    const expected = series.map((one) => crypto.verify(one.publicKey, one.message, one.signature));
    expect(expected).toEqual([true, false, false, false, false, false, false, true]);
    const answers = await (crypto.verifyElsewhere?.(series) ?? expected);
    expect(answers).toEqual(expected);
    expect(await (crypto.verifyElsewhere?.([]) ?? [])).toEqual([]);
  });

  test("all randomness comes from the source given", () => {
    const act = (one: MlsCrypto) => [
      one.generateSignatureKeyPair(),
      one.hpkeGenerateKeyPair(),
      one.hpkeSeal(one.hpkeGenerateKeyPair().publicKey, none, none, none),
      one.random(5),
    ];
    const once = act(create({ random: counting() }));
    expect(act(create({ random: counting() }))).toEqual(once);
    expect(act(create({ random: (length) => new Uint8Array(length).fill(7) }))).not.toEqual(once);
  });
}

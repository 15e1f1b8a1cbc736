import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { counting } from "./crypto.contract.ts";
import type { MlsCrypto } from "./mls-crypto.ts";
import { createNobleCrypto } from "./noble/index.ts";
import { createNodeCrypto } from "./node/index.ts";

const bytes = fc.uint8Array({ maxLength: 200 });
const exactly = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const runs = { numRuns: process.env["TREEHOUSE_SCALE"] === "full" ? 2_000 : 60 };

/** The same act on both providers, with the same randomness: values, or that it was refused. */
function outcomes(act: (crypto: MlsCrypto) => unknown): { node: unknown; noble: unknown } {
  const outcome = (crypto: MlsCrypto) => {
    try {
      return { value: act(crypto) };
    } catch (error) {
      return { error: error instanceof Error ? `${error.name}: ${error.message}` : "" };
    }
  };
  return {
    node: outcome(createNodeCrypto({ random: counting() })),
    noble: outcome(createNobleCrypto({ random: counting() })),
  };
}

describe("node:crypto and noble give the same bytes for", () => {
  test("hash, HMAC and HKDF", () => {
    fc.assert(
      fc.property(bytes, bytes, fc.nat(100), (a, b, length) => {
        {
          const { node, noble } = outcomes((c) => [
            c.hash(a),
            c.hmac(a, b),
            c.hkdfExtract(a, b),
            c.hkdfExpand(a, b, length),
          ]);
          expect(node).toEqual(noble);
        }
      }),
      runs,
    );
  });

  test("AEAD, also when what is opened is garbage", () => {
    fc.assert(
      fc.property(exactly(16), exactly(12), bytes, bytes, (key, nonce, aad, text) => {
        {
          const { node, noble } = outcomes((c) =>
            c.aeadOpen(key, nonce, aad, c.aeadSeal(key, nonce, aad, text)),
          );
          expect(node).toEqual(noble);
        }
        {
          const { node, noble } = outcomes((c) => c.aeadSeal(key, nonce, aad, text));
          expect(node).toEqual(noble);
        }
        {
          const { node, noble } = outcomes((c) => c.aeadOpen(key, nonce, aad, text));
          expect(node).toEqual(noble);
        }
      }),
      runs,
    );
  });

  test("signatures", () => {
    fc.assert(
      fc.property(exactly(32), bytes, exactly(64), (key, message, garbage) => {
        {
          const { node, noble } = outcomes((c) => {
            const publicKey = c.ed25519PublicKey(key);
            const signature = c.sign(key, message);
            return [
              publicKey,
              signature,
              c.verify(publicKey, message, signature),
              c.verify(publicKey, message, garbage),
              c.verify(garbage.subarray(32), message, signature),
            ];
          });
          expect(node).toEqual(noble);
        }
      }),
      { numRuns: runs.numRuns / 4 },
    );
  });

  test("HPKE", () => {
    fc.assert(
      fc.property(exactly(32), bytes, bytes, bytes, exactly(32), (ikm, info, aad, text, enc) => {
        {
          const { node, noble } = outcomes((c) => {
            const { privateKey, publicKey } = c.hpkeDeriveKeyPair(ikm);
            const sealed = c.hpkeSeal(publicKey, info, aad, text);
            const opened = c.hpkeOpen(privateKey, sealed.enc, info, aad, sealed.ciphertext);
            const shared = c.hpkeExportTo(publicKey, info, text, 40);
            const same = c.hpkeExportFrom(privateKey, shared.enc, info, text, 40);
            return [privateKey, publicKey, sealed, opened, shared, same];
          });
          expect(node).toEqual(noble);
        }
        {
          const { node, noble } = outcomes((c) => c.hpkeExportFrom(ikm, enc, info, aad, 32));
          expect(node).toEqual(noble);
        }
        {
          const { node, noble } = outcomes((c) => c.hpkeOpen(ikm, enc, info, aad, text));
          expect(node).toEqual(noble);
        }
      }),
      { numRuns: runs.numRuns / 4 },
    );
  });
});

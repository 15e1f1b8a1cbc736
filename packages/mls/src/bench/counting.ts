import type { MlsCrypto, Random } from "../crypto/mls-crypto.ts";
import { primitives } from "../crypto/node/index.ts";
import { verifyElsewhere } from "../crypto/node/verify-elsewhere.ts";
import { createSuite1 } from "../crypto/suite-1.ts";

/** How often the primitives were called. */
export type Counts = {
  hashes: number;
  /** Each step of HKDF is one; MACs over tags are among them. */
  hkdfs: number;
  verifies: number;
  signs: number;
  /** Agreements, and public keys worked out from private ones. */
  agreements: number;
};

/** The suite over node:crypto, and what it has called since it was asked last. */
export function countingCrypto({ random }: { readonly random: Random }): {
  readonly crypto: MlsCrypto;
  readonly take: () => Counts;
} {
  const none = (): Counts => ({ hashes: 0, hkdfs: 0, verifies: 0, signs: 0, agreements: 0 });
  let counts = none();
  const counted =
    <A extends readonly unknown[], T>(name: keyof Counts, run: (...parts: A) => T) =>
    (...parts: A): T => {
      counts[name] += 1;
      return run(...parts);
    };
  const suite = createSuite1(
    {
      ...primitives,
      sha256: counted("hashes", primitives.sha256),
      hmacSha256: counted("hkdfs", primitives.hmacSha256),
      ed25519Verify: counted("verifies", primitives.ed25519Verify),
      ed25519Sign: counted("signs", primitives.ed25519Sign),
      x25519: counted("agreements", primitives.x25519),
      x25519PublicKey: counted("agreements", primitives.x25519PublicKey),
    },
    random,
  );
  const crypto: MlsCrypto = {
    ...suite,
    verifyElsewhere(series) {
      counts.verifies += series.length;
      return verifyElsewhere(series);
    },
  };
  return {
    crypto,
    take() {
      const taken = counts;
      counts = none();
      return taken;
    },
  };
}

import {
  createCipheriv,
  createHmac,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  randomBytes,
  sign,
  verify,
} from "node:crypto";

/**
 * The least that a commit with a full path costs: for each node of the path a new key pair and one
 * sealing to its sibling, and the signatures over leaf, commit and GroupInfo. No tree, no codecs,
 * no key schedule; nothing in common with the code that it is compared with. Milliseconds.
 */
export function bareCommitMs(size: number): number {
  const signer = generateKeyPairSync("ed25519");
  const { publicKey: sibling } = generateKeyPairSync("x25519");
  const before = performance.now();
  for (let node = 0; node < pathLength(size); node += 1) {
    generateKeyPairSync("x25519");
    seal(sibling);
  }
  for (let signature = 0; signature < 3; signature += 1) {
    sign(null, randomBytes(512), signer.privateKey);
  }
  return performance.now() - before;
}

/** The least that its processing costs: one opening, the key pairs above, two signatures. */
export function bareProcessMs(size: number): number {
  const signer = generateKeyPairSync("ed25519");
  const { publicKey: sender } = generateKeyPairSync("x25519");
  const message = randomBytes(512);
  const signature = sign(null, message, signer.privateKey);
  const before = performance.now();
  seal(sender);
  for (let node = 0; node < pathLength(size); node += 1) generateKeyPairSync("x25519");
  for (let count = 0; count < 2; count += 1) verify(null, message, signer.publicKey, signature);
  return performance.now() - before;
}

function pathLength(size: number): number {
  return Math.max(1, Math.ceil(Math.log2(size)));
}

function seal(receiver: ReturnType<typeof createPublicKey>): void {
  const { privateKey } = generateKeyPairSync("x25519");
  const shared = diffieHellman({ privateKey, publicKey: receiver });
  const key = createHmac("sha256", shared).update("key").digest().subarray(0, 16);
  const cipher = createCipheriv("aes-128-gcm", key, Buffer.alloc(12));
  cipher.update(Buffer.alloc(32));
  cipher.final();
  cipher.getAuthTag();
}

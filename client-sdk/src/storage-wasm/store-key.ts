import type { Bytes } from "@treehouse/protocol";

import { StoreFault } from "../storage/index.ts";
import { IndexedRecords } from "./indexed-records.ts";

/**
 * The store key in a browser (ADR 0075): sealed in IndexedDB under a WebCrypto key that no script
 * can read, only use. Both lie with the browser's profile.
 */
type StoredKey = {
  readonly version: 1;
  readonly wrapping: CryptoKey;
  readonly nonce: Bytes;
  readonly sealed: ArrayBuffer;
};

type CryptoKey = Awaited<ReturnType<typeof crypto.subtle.importKey>>;

const keyLength = 32;
const nonceLength = 12;
const algorithm = "AES-GCM";

/** The key is there whole or not at all, before anything is sealed under it. */
export async function readOrMakeStoreKey(
  name: string,
  random: (length: number) => Bytes,
): Promise<Uint8Array> {
  const records = await IndexedRecords.open();
  try {
    const known = await records.get(name);
    if (known !== undefined) return await unseal(name, known);
    const key = random(keyLength);
    const usages = ["encrypt", "decrypt"] as const;
    const wrapping = await crypto.subtle.generateKey({ name: algorithm, length: 256 }, false, [
      ...usages,
    ]);
    const nonce = random(nonceLength);
    const sealed = await crypto.subtle.encrypt(sealing(name, nonce), wrapping, key);
    const stored: StoredKey = { version: 1, wrapping, nonce, sealed };
    await records.put(name, stored);
    return key;
  } finally {
    records.close();
  }
}

export async function deleteStoreKey(name: string): Promise<void> {
  const records = await IndexedRecords.open();
  try {
    await records.delete(name);
  } finally {
    records.close();
  }
}

async function unseal(name: string, stored: unknown): Promise<Uint8Array> {
  if (!isStoredKey(stored)) {
    throw new StoreFault("storeDamaged", "what this browser keeps is no key of a store");
  }
  try {
    const { nonce, wrapping, sealed } = stored;
    return new Uint8Array(await crypto.subtle.decrypt(sealing(name, nonce), wrapping, sealed));
  } catch (cause) {
    throw new StoreFault("storeDamaged", "the store's key does not open", { cause });
  }
}

/** The name of the store is authenticated, so that one store's key cannot be put in another's place. */
function sealing(name: string, nonce: Bytes) {
  return { name: algorithm, iv: nonce, additionalData: new TextEncoder().encode(name) };
}

function isStoredKey(value: unknown): value is StoredKey {
  return (
    typeof value === "object" &&
    value !== null &&
    "version" in value &&
    value.version === 1 &&
    "wrapping" in value &&
    "nonce" in value &&
    "sealed" in value
  );
}

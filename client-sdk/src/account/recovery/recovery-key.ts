import type { MemberContext } from "@treehouse/mls/member";
import {
  type Bytes,
  concatBytes,
  equalBytes,
  labelledHash,
  LABELS,
  Refusal,
  signedBytes,
} from "@treehouse/protocol";
import { base32crockford } from "@scure/base";

type Crypto = MemberContext["crypto"];

/** 256 bits that only the user has; it is nowhere but on paper and, for a moment, in memory. */
export type RecoveryKey = { readonly bits: Bytes };

const keyBytes = 32;
/** With them a slip of the pen goes unseen once in 16 million. */
const checkBytes = 3;
const groupLength = 4;
/** 52 characters of key, the last of them with part of the check, and four more of the check. */
export const recoveryKeyLength = ((keyBytes + checkBytes) * 8) / 5;

export function createRecoveryKey(crypto: Crypto): RecoveryKey {
  return { bits: crypto.random(keyBytes) };
}

/**
 * For reading and writing down: groups of four in Crockford's base32, which has no letters that look
 * like digits.
 */
export function formatRecoveryKey({ bits }: RecoveryKey): string {
  const text = base32crockford.encode(concatBytes(bits, checkOf(bits)));
  return (text.match(/.{4}/g) ?? []).join("-");
}

/**
 * Reads what was typed, in either case, with whatever between the characters, `O` for zero and `I` or
 * `L` for one. Refuses `malformed` with what is wrong before anybody is asked.
 */
export function parseRecoveryKey(typed: string): RecoveryKey {
  const text = typed.replaceAll(/[\s-]/g, "");
  const strange = /[^0-9a-tv-z]/i.exec(text);
  if (strange !== null) {
    throw mistyped(`"${strange[0]}" is in no recovery key: it has digits and letters without U`);
  }
  if (text.length !== recoveryKeyLength) {
    const groups = recoveryKeyLength / groupLength;
    throw mistyped(
      `a recovery key has ${recoveryKeyLength} characters, in ${groups} groups of ${groupLength}; ` +
        `this one has ${text.length}`,
    );
  }
  const bytes = base32crockford.decode(text);
  const bits = bytes.slice(0, keyBytes);
  if (equalBytes(checkOf(bits), bytes.subarray(keyBytes))) return { bits };
  throw mistyped("a character is mistyped: compare it with what was written down");
}

/** Seals the copy of the recovery bundle. */
export function copyKeyOf(crypto: Crypto, key: RecoveryKey): Bytes {
  return derive(crypto, key, LABELS.recoveryKey);
}

/** Its public half lies at the server; whoever signs with the private one knows the recovery key. */
export function loginKeyOf(
  crypto: Crypto,
  key: RecoveryKey,
): { readonly privateKey: Bytes; readonly publicKey: Bytes } {
  const privateKey = derive(crypto, key, LABELS.recoveryLogin);
  return { privateKey, publicKey: crypto.ed25519PublicKey(privateKey) };
}

function derive(
  crypto: Crypto,
  { bits }: RecoveryKey,
  label: typeof LABELS.recoveryKey | typeof LABELS.recoveryLogin,
): Bytes {
  const extracted = crypto.hkdfExtract(new Uint8Array(), bits);
  return crypto.hkdfExpand(extracted, signedBytes(label, new Uint8Array()), 32);
}

function checkOf(bits: Uint8Array): Bytes {
  return labelledHash(LABELS.recoveryKeyCheck, bits).slice(0, checkBytes);
}

function mistyped(what: string): Refusal {
  return new Refusal("malformed", `this recovery key cannot be right: ${what}`);
}

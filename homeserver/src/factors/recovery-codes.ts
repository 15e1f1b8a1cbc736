import { utf8Encode } from "@treehouse/protocol";
import type { Bytes, Env } from "@treehouse/protocol";
import { sha256 } from "../platform/index.ts";

/** Without what looks alike (i, l, o, 0, 1, u); 32 letters are 5 bits each. */
const alphabet = "abcdefghjkmnpqrstvwxyz23456789";
const letters = 16;

/** 78 random bits: more than anybody tries, also with the hashes at hand. */
export function makeRecoveryCode(env: Pick<Env, "random">): string {
  let text = "";
  while (text.length < letters) {
    for (const octet of env.random(letters)) {
      // Octets beyond the last whole multiple would make some letters likelier than others.
      if (octet < 240 && text.length < letters) text += alphabet[octet % alphabet.length] ?? "";
    }
  }
  return text.match(/.{4}/g)?.join("-") ?? text;
}

/** What is kept of a code. Case, hyphens and blanks do not count. */
export function recoveryCodeHash(name: string, code: string): Bytes {
  return sha256(utf8Encode(`Treehouse 1.0 FactorRecoveryCode ${name} ${plain(code)}`));
}

/** A code as it was meant. */
export function plain(code: string): string {
  return code.toLowerCase().replaceAll(/[\s-]/g, "");
}

import { argon2 } from "node:crypto";
import type { KeyDerivation } from "./header.ts";
import { BackupRefused } from "./refused.ts";

/** What the operator keeps apart from the backups, and opens them with. */
export type BackupSecret =
  | { readonly kind: "keyFile"; readonly key: Uint8Array }
  | { readonly kind: "passphrase"; readonly passphrase: string };

/**
 * RFC 9106 §4, the second recommended choice: strong, and small enough for a machine that serves at
 * the same time.
 */
const passphraseDerivation = {
  kind: "passphrase",
  memoryKib: 64 * 1024,
  passes: 3,
  lanes: 4,
} as const;

const passphraseLengthMin = 12;

/** How a secret is used for a new backup. Refuses a passphrase that could be guessed. */
export function derivationFor(secret: BackupSecret): KeyDerivation {
  if (secret.kind === "keyFile") return { kind: "keyFile" };
  if (normal(secret.passphrase).length < passphraseLengthMin) {
    throw new BackupRefused(
      `A passphrase for backups has at least ${passphraseLengthMin} characters: whoever has the ` +
        "file can try as many as they like. Four or more random words are good, a key file is better.",
    );
  }
  return passphraseDerivation;
}

/** The 32 octets that a backup's keys are derived from. Refuses a secret of the other sort. */
export async function stretch(
  secret: BackupSecret,
  derivation: KeyDerivation,
  salt: Uint8Array,
): Promise<Uint8Array> {
  if (derivation.kind === "keyFile") {
    if (secret.kind === "keyFile") return secret.key;
    throw new BackupRefused("This backup was sealed with a key file. Name it with --key-file.", {
      code: "keyWrong",
    });
  }
  if (secret.kind === "keyFile") {
    throw new BackupRefused("This backup was sealed with a passphrase, not with a key file.", {
      code: "keyWrong",
    });
  }
  const { memoryKib: memory, passes, lanes: parallelism } = derivation;
  const message = Buffer.from(normal(secret.passphrase), "utf8");
  const parameters = { message, nonce: salt, memory, passes, parallelism, tagLength: 32 };
  return new Promise((resolve, reject) => {
    argon2("argon2id", parameters, (error, key) => {
      if (error === null) resolve(new Uint8Array(key));
      else reject(error);
    });
  });
}

/** A key file holds 64 hexadecimal digits, as `openssl rand -hex 32` writes them. */
export function parseKeyFile(text: string): BackupSecret {
  const digits = text.trim();
  if (!/^[0-9a-fA-F]{64}$/.test(digits)) {
    throw new BackupRefused(
      "A key file holds 64 hexadecimal digits and nothing else. Make one: openssl rand -hex 32",
    );
  }
  return { kind: "keyFile", key: new Uint8Array(Buffer.from(digits, "hex")) };
}

/** The same text typed on another system may come in other octets. */
function normal(passphrase: string): string {
  return passphrase.normalize("NFC");
}

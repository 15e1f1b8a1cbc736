import { createHmac, hkdfSync, timingSafeEqual } from "node:crypto";
import { BackupRefused } from "./refused.ts";

/** How the secret behind a backup is made into 32 octets. */
export type KeyDerivation =
  | { readonly kind: "keyFile" }
  | {
      readonly kind: "passphrase";
      /** Argon2id (RFC 9106): KiB, passes and lanes. */
      readonly memoryKib: number;
      readonly passes: number;
      readonly lanes: number;
    };

export type Header = {
  readonly derivation: KeyDerivation;
  /** Random, and so different in each backup: no two share a content key. */
  readonly salt: Uint8Array;
};

/**
 * Octets before the sealed content: magic 8 ‖ version u8 ‖ derivation u8 ‖ memory u32 ‖ passes u32 ‖
 * lanes u8 ‖ zero 13 ‖ salt 32 ‖ tag 32. The tag is a MAC over all before it, under a key from the
 * same secret: whether the secret is the right one is known before anything is opened.
 */
export const headerBytes = 96;
const taggedBytes = 64;

const magic = Buffer.from("THBACKUP", "ascii");
const version = 1;
const derivations = { keyFile: 1, passphrase: 2 } as const;

/** More than these would let a forged file make this machine work without end. */
const memoryKibMax = 1024 * 1024;
const passesMax = 16;
const lanesMax = 16;

export function encodeHeader({ derivation, salt }: Header, secret: Uint8Array): Buffer {
  const header = Buffer.alloc(headerBytes);
  magic.copy(header);
  header.writeUInt8(version, 8);
  header.writeUInt8(derivations[derivation.kind], 9);
  if (derivation.kind === "passphrase") {
    header.writeUInt32BE(derivation.memoryKib, 10);
    header.writeUInt32BE(derivation.passes, 14);
    header.writeUInt8(derivation.lanes, 18);
  }
  header.set(salt, 32);
  header.set(tagOf(header, secret), taggedBytes);
  return header;
}

/** Reads how the secret is to be made; nothing of it is authentic yet. */
export function decodeHeader(header: Uint8Array): Header {
  const bytes = Buffer.from(header.buffer, header.byteOffset, header.byteLength);
  if (bytes.length < headerBytes || !bytes.subarray(0, 8).equals(magic)) {
    throw new BackupRefused(
      "This file is no backup of a homeserver, or its beginning is damaged.",
      { code: "unreadable" },
    );
  }
  if (bytes.readUInt8(8) !== version) {
    throw new BackupRefused(
      `This backup has form ${bytes.readUInt8(8)}, and this release knows ${version}. ` +
        "Use the release that made it, or a later one.",
    );
  }
  return { derivation: derivationOf(bytes), salt: new Uint8Array(bytes.subarray(32, 64)) };
}

function derivationOf(bytes: Buffer): KeyDerivation {
  const kind = bytes.readUInt8(9);
  if (kind === derivations.keyFile) return { kind: "keyFile" };
  const [memoryKib, passes, lanes] = [
    bytes.readUInt32BE(10),
    bytes.readUInt32BE(14),
    bytes.readUInt8(18),
  ];
  const sound =
    kind === derivations.passphrase &&
    lanes >= 1 &&
    lanes <= lanesMax &&
    passes >= 1 &&
    passes <= passesMax &&
    memoryKib >= 8 * lanes &&
    memoryKib <= memoryKibMax;
  if (!sound) throw new BackupRefused("The beginning of this backup is damaged. Use another copy.");
  return { kind: "passphrase", memoryKib, passes, lanes };
}

/** Whether this secret wrote this header, octet for octet. */
export function isSealedUnder(header: Uint8Array, secret: Uint8Array): boolean {
  return timingSafeEqual(header.subarray(taggedBytes, headerBytes), tagOf(header, secret));
}

/** The key of this backup's content. It depends on every octet of the header. */
export function contentKey(header: Uint8Array, secret: Uint8Array): Uint8Array {
  return derive(secret, header, "treehouse backup 1 content");
}

function tagOf(header: Uint8Array, secret: Uint8Array): Uint8Array {
  const tagged = header.subarray(0, taggedBytes);
  return createHmac("sha256", derive(secret, header, "treehouse backup 1 header"))
    .update(tagged)
    .digest();
}

/** HKDF-SHA256 (RFC 5869) with the whole header as its context. */
function derive(secret: Uint8Array, header: Uint8Array, label: string): Uint8Array {
  const salt = header.subarray(32, taggedBytes);
  const info = Buffer.concat([Buffer.from(label, "ascii"), header.subarray(0, taggedBytes)]);
  return new Uint8Array(hkdfSync("sha256", secret, salt, info, 32));
}

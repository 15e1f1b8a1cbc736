import { createHash, createPrivateKey, createPublicKey } from "node:crypto";
import type { Bytes, Capabilities } from "@treehouse/protocol";
import { capabilitiesCodec, concatBytes, fromHex, utf8Encode, Writer } from "@treehouse/protocol";
import type { SigningKey } from "./signing-keys.ts";

/**
 * Encodings of RFC 9420 by this package's own hand, so that the vectors do not show what one MLS
 * library makes of its own mistakes.
 */
export type Extension = { readonly type: number; readonly data: Uint8Array };

export type LeafNode = {
  readonly encryptionKey: Bytes;
  readonly signer: SigningKey;
  /** Type 1, basic, unless told otherwise. */
  readonly credentialType?: number;
  readonly identity: string;
  readonly capabilities: Capabilities;
  /** Seconds since 1970. */
  readonly notBefore: number;
  readonly notAfter: number;
  readonly extensions: readonly Extension[];
};

export type KeyPackage = {
  readonly ciphersuite: number;
  readonly initKey: Bytes;
  readonly leaf: LeafNode;
  readonly extensions: readonly Extension[];
};

export type GroupContext = {
  readonly ciphersuite: number;
  readonly groupId: string;
  readonly epoch: number;
  readonly treeHash: Bytes;
  readonly transcriptHash: Bytes;
  readonly extensions: readonly Extension[];
};

export type GroupInfo = {
  readonly context: GroupContext;
  readonly extensions: readonly Extension[];
  readonly confirmationTag: Bytes;
  readonly signer: SigningKey;
};

const MLS10 = 1;
const KEY_PACKAGE_SOURCE = 1;

/** LeafNode of RFC 9420 §7.2 as a KeyPackage has it. */
export function encodeLeafNode(leaf: LeafNode): Bytes {
  const unsigned = written((writer) => {
    writer.opaque(leaf.encryptionKey);
    writer.opaque(leaf.signer.publicKey);
    writer.u16(leaf.credentialType ?? 1);
    writer.text(leaf.identity);
    capabilitiesCodec.write(writer, leaf.capabilities);
    writer.u8(KEY_PACKAGE_SOURCE);
    writer.u64(leaf.notBefore);
    writer.u64(leaf.notAfter);
    writer.raw(encodeExtensions(leaf.extensions));
  });
  return withSignature(leaf.signer, "LeafNodeTBS", unsigned);
}

/** KeyPackage of RFC 9420 §10. */
export function encodeKeyPackage(keyPackage: KeyPackage): Bytes {
  const unsigned = written((writer) => {
    writer.u16(MLS10);
    writer.u16(keyPackage.ciphersuite);
    writer.opaque(keyPackage.initKey);
    writer.raw(encodeLeafNode(keyPackage.leaf));
    writer.raw(encodeExtensions(keyPackage.extensions));
  });
  return withSignature(keyPackage.leaf.signer, "KeyPackageTBS", unsigned);
}

/** KeyPackageRef of RFC 9420 §5.2. */
export function keyPackageRef(keyPackage: Uint8Array): Bytes {
  return sha256(labelled("KeyPackage Reference", keyPackage));
}

/** GroupContext of RFC 9420 §8.1. */
export function encodeGroupContext(context: GroupContext): Bytes {
  return written((writer) => {
    writer.u16(MLS10);
    writer.u16(context.ciphersuite);
    writer.text(context.groupId);
    writer.u64(context.epoch);
    writer.opaque(context.treeHash);
    writer.opaque(context.transcriptHash);
    writer.raw(encodeExtensions(context.extensions));
  });
}

/** GroupInfo of RFC 9420 §12.4.3, signed by leaf 0. */
export function encodeGroupInfo(groupInfo: GroupInfo): Bytes {
  const unsigned = written((writer) => {
    writer.raw(encodeGroupContext(groupInfo.context));
    writer.raw(encodeExtensions(groupInfo.extensions));
    writer.opaque(groupInfo.confirmationTag);
    writer.u32(0);
  });
  return withSignature(groupInfo.signer, "GroupInfoTBS", unsigned);
}

/** The content of a ratchet_tree extension of one leaf (RFC 9420 §12.4.3.3). */
export function treeOfOne(leaf: Uint8Array): Bytes {
  const nodes = concatBytes(Uint8Array.of(1, LEAF), leaf);
  return written((writer) => writer.opaque(nodes));
}

/** The hash of that tree (RFC 9420 §7.8). */
export function treeHashOfOne(leaf: Uint8Array): Bytes {
  return sha256(concatBytes(Uint8Array.of(LEAF, 0, 0, 0, 0, 1), leaf));
}

const LEAF = 1;

/** The public key of an X25519 private key. */
export function x25519PublicKey(privateKey: Uint8Array): Bytes {
  const prefix = fromHex("302e020100300506032b656e04220420");
  const der = Buffer.from(concatBytes(prefix, privateKey));
  const key = createPublicKey(createPrivateKey({ key: der, format: "der", type: "pkcs8" }));
  return new Uint8Array(key.export({ format: "der", type: "spki" }).subarray(-32));
}

export function written(write: (writer: Writer) => void): Bytes {
  const writer = new Writer();
  write(writer);
  return writer.finish();
}

function encodeExtensions(extensions: readonly Extension[]): Bytes {
  const list = written((writer) => {
    for (const { type, data } of extensions) {
      writer.u16(type);
      writer.opaque(data);
    }
  });
  return written((writer) => writer.opaque(list));
}

/** SignWithLabel of RFC 9420 §5.1.2. */
function withSignature(signer: SigningKey, label: string, unsigned: Bytes): Bytes {
  const signature = signer.sign(labelled(label, unsigned));
  return concatBytes(
    unsigned,
    written((writer) => writer.opaque(signature)),
  );
}

function labelled(label: string, content: Uint8Array): Bytes {
  return written((writer) => {
    writer.opaque(utf8Encode(`MLS 1.0 ${label}`));
    writer.opaque(content);
  });
}

function sha256(bytes: Uint8Array): Bytes {
  return new Uint8Array(createHash("sha256").update(bytes).digest());
}

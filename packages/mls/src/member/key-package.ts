import type { Bytes } from "@treehouse/protocol";
import {
  checked,
  copyBytes,
  LEAF_IDENTITY_EXTENSION,
  LIMITS,
  opaque,
  Refusal,
  RULES_KNOWN_EXTENSION,
  RULES_VERSION,
  rulesKnownCodec,
  struct,
  u8,
  utf8Encode,
} from "@treehouse/protocol";
import type { Extension } from "ts-mls/extension.js";
import type { KeyPackage, PrivateKeyPackage } from "ts-mls/keyPackage.js";
import { encodeKeyPackage, generateKeyPackageWithKey } from "ts-mls/keyPackage.js";

import { toTsMls } from "../crypto/index.ts";
import { LAST_RESORT_EXTENSION, leafCapabilities } from "../profile/index.ts";
import { readLeaf } from "../tree/index.ts";
import { decodeUntrusted, keyPackageKind } from "../wire/index.ts";
import type { ClientIdentity, MemberContext } from "./face.ts";

export type OwnKeyPackage = { publicPackage: KeyPackage; privatePackage: PrivateKeyPackage };

/** Clocks differ: a KeyPackage is valid a while before it was made. */
const BACKDATED_MS = 60 * 60 * 1000;

/** The lifetime is cut to what `LIMITS` allows. */
export async function makeKeyPackage(
  context: MemberContext,
  identity: ClientIdentity,
  options: { lifetimeMs: number; lastResort: boolean },
): Promise<OwnKeyPackage & { notAfter: number }> {
  const notBefore = Math.floor((context.now() - BACKDATED_MS) / 1000);
  const wanted = Math.floor((options.lifetimeMs + BACKDATED_MS) / 1000);
  const notAfter = notBefore + Math.min(wanted, LIMITS.keyPackageLifetimeMaxMs / 1000);
  const made = await generateKeyPackageWithKey(
    { credentialType: "basic", identity: utf8Encode(identity.client) },
    leafCapabilities(),
    { notBefore: BigInt(notBefore), notAfter: BigInt(notAfter) },
    options.lastResort
      ? [{ extensionType: LAST_RESORT_EXTENSION, extensionData: new Uint8Array() }]
      : [],
    { signKey: identity.signaturePrivateKey, publicKey: identity.signaturePublicKey },
    toTsMls(context.crypto),
    leafExtensions(context, identity.leafIdentity),
  );
  return { ...made, notAfter: notAfter * 1000 };
}

/** What a leaf says beside its keys: who it is, and which rules its client knows. */
export function leafExtensions(
  { rulesKnown: rulesVersion = RULES_VERSION }: MemberContext,
  leafIdentity: Bytes,
): Extension[] {
  const said = rulesKnownCodec.encode({ rulesVersion });
  return [
    { extensionType: LEAF_IDENTITY_EXTENSION, extensionData: leafIdentity },
    { extensionType: RULES_KNOWN_EXTENSION, extensionData: said },
  ];
}

const key = opaque({ max: 64 });
const secretCodec = struct<{ version: number; keyPackage: Bytes; initKey: Bytes; leafKey: Bytes }>({
  version: checked(u8, (version) => (version === 1 ? undefined : "another version")),
  keyPackage: opaque({ max: LIMITS.keyPackageBytesMax }),
  initKey: key,
  leafKey: key,
});

export function encodeSecret({ publicPackage, privatePackage }: OwnKeyPackage): Bytes {
  return secretCodec.encode({
    version: 1,
    keyPackage: copyBytes(encodeKeyPackage(publicPackage)),
    initKey: copyBytes(privatePackage.initPrivateKey),
    leafKey: copyBytes(privatePackage.hpkePrivateKey),
  });
}

/** Refusals: malformed, clientMismatch. */
export function decodeSecret(bytes: Bytes, identity: ClientIdentity): OwnKeyPackage {
  const { keyPackage, initKey, leafKey } = secretCodec.decode(bytes);
  const publicPackage = decodeUntrusted(keyPackageKind, keyPackage);
  if (readLeaf(publicPackage.leafNode).client !== identity.client) {
    throw new Refusal("clientMismatch", "the KeyPackage is of another client");
  }
  return {
    publicPackage,
    privatePackage: {
      initPrivateKey: initKey,
      hpkePrivateKey: leafKey,
      signaturePrivateKey: identity.signaturePrivateKey,
    },
  };
}

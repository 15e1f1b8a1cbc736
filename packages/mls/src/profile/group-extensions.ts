import type { Bytes, Domain } from "@treehouse/protocol";
import {
  copyBytes,
  equalBytes,
  LEAF_IDENTITY_EXTENSION,
  LIMITS,
  parseDomain,
  Refusal,
  utf8Decode,
  utf8Encode,
} from "@treehouse/protocol";
import type { Extension } from "ts-mls/extension.js";
import { encodeExternalSenders } from "ts-mls/externalSender.js";
import { encodeRequiredCapabilities } from "ts-mls/requiredCapabilities.js";

import { broken, decodeUntrusted, exceeded, externalSendersKind } from "../wire/index.ts";
import { DICTIONARY_EXTENSION, EXTERNAL_SENDERS } from "./constants.ts";

/** What the GroupContext's extensions say. */
export type GroupProfile = {
  externalSenders: readonly { signatureKey: Bytes; identity: Domain }[];
  roomState: Bytes;
};

const ORDER = [EXTERNAL_SENDERS, "required_capabilities", DICTIONARY_EXTENSION] as const;

const requiredCapabilities = copyBytes(
  encodeRequiredCapabilities({
    extensionTypes: [DICTIONARY_EXTENSION, LEAF_IDENTITY_EXTENSION],
    proposalTypes: [],
    credentialTypes: ["basic"],
  }),
);

/** The hub is external sender 0: it may propose removals, and a member's commit decides. */
export function groupExtensions(profile: {
  hubKey: Bytes;
  hubDomain: Domain;
  roomState: Bytes;
}): Extension[] {
  return [
    hubExtension(profile),
    { extensionType: "required_capabilities", extensionData: requiredCapabilities },
    { extensionType: DICTIONARY_EXTENSION, extensionData: profile.roomState },
  ];
}

/** Names the hub as external sender 0. */
export function hubExtension(named: { hubKey: Bytes; hubDomain: Domain }): Extension {
  const hub = {
    signaturePublicKey: named.hubKey,
    credential: { credentialType: "basic" as const, identity: utf8Encode(named.hubDomain) },
  };
  return { extensionType: EXTERNAL_SENDERS, extensionData: encodeExternalSenders([hub]) };
}

/**
 * Refuses ("invalidCommit", "malformed", "tooLarge") every list of extensions but the one all our
 * groups have.
 */
export function readGroupExtensions(extensions: readonly Extension[]): GroupProfile {
  const [senders, required, dictionary] = extensions;
  const inOrder = ORDER.every((type, index) => extensions[index]?.extensionType === type);
  if (!inOrder || extensions.length !== ORDER.length || !senders || !required || !dictionary) {
    throw broken("groupExtensions");
  }
  if (!equalBytes(required.extensionData, requiredCapabilities)) {
    throw broken("requiredCapabilities");
  }
  if (dictionary.extensionData.length > LIMITS.dictionaryBytesMax) {
    throw exceeded("dictionaryLength", "dictionaryBytesMax");
  }
  return {
    externalSenders: readSenders(senders.extensionData),
    roomState: copyBytes(dictionary.extensionData),
  };
}

function readSenders(data: Uint8Array): GroupProfile["externalSenders"] {
  const senders = decodeUntrusted(externalSendersKind, data);
  if (senders.length !== 1) throw broken("externalSenderCount");
  return senders.map(({ signaturePublicKey, credential }) => {
    if (signaturePublicKey.length !== 32) throw broken("externalSenderKey");
    if (credential.credentialType !== "basic" || !("identity" in credential)) {
      throw broken("externalSenderCredential");
    }
    return { signatureKey: copyBytes(signaturePublicKey), identity: domainOf(credential.identity) };
  });
}

function domainOf(identity: Uint8Array): Domain {
  try {
    return parseDomain(utf8Decode(identity));
  } catch (cause) {
    if (!(cause instanceof Refusal)) throw cause;
    throw broken("externalSenderCredential", "malformed", {}, { cause });
  }
}

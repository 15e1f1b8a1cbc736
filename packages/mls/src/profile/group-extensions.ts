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

import { decodeUntrusted, externalSendersKind } from "../wire/index.ts";
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
    throw invalid("the GroupContext does not have the extensions of a room");
  }
  if (!equalBytes(required.extensionData, requiredCapabilities)) {
    throw invalid("the required capabilities are not those of a room");
  }
  if (dictionary.extensionData.length > LIMITS.dictionaryBytesMax) {
    const limitName = "dictionaryBytesMax";
    throw new Refusal("limitExceeded", "the room's state is too long", {
      limitName,
      limit: LIMITS[limitName],
    });
  }
  return {
    externalSenders: readSenders(senders.extensionData),
    roomState: copyBytes(dictionary.extensionData),
  };
}

function readSenders(data: Uint8Array): GroupProfile["externalSenders"] {
  const senders = decodeUntrusted(externalSendersKind, data);
  if (senders.length !== 1) throw invalid("there must be one external sender, the hub");
  return senders.map(({ signaturePublicKey, credential }) => {
    if (credential.credentialType !== "basic" || signaturePublicKey.length !== 32) {
      throw invalid("the hub's credential is not basic");
    }
    if (!("identity" in credential)) throw invalid("the hub's credential has no identity");
    return {
      signatureKey: copyBytes(signaturePublicKey),
      identity: parseDomain(utf8Decode(credential.identity)),
    };
  });
}

function invalid(message: string): Refusal {
  return new Refusal("invalidCommit", message);
}

import { mapDecoderOption } from "ts-mls/codec/tlsDecoder.js";
import type { ExternalSender } from "ts-mls/externalSender.js";
import { decodeExternalSenders, encodeExternalSenders } from "ts-mls/externalSender.js";
import type { GroupContext } from "ts-mls/groupContext.js";
import { decodeGroupContext, encodeGroupContext } from "ts-mls/groupContext.js";
import type { GroupInfo } from "ts-mls/groupInfo.js";
import { decodeGroupInfo, encodeGroupInfo } from "ts-mls/groupInfo.js";
import type { KeyPackage } from "ts-mls/keyPackage.js";
import { decodeKeyPackage, encodeKeyPackage } from "ts-mls/keyPackage.js";
import type { MLSMessage } from "ts-mls/message.js";
import { decodeMlsMessage, encodeMlsMessage } from "ts-mls/message.js";
import type { PrivateMessage } from "ts-mls/privateMessage.js";
import type { PublicMessage } from "ts-mls/publicMessage.js";
import type { Welcome } from "ts-mls/welcome.js";
import { decodeWelcome, encodeWelcome } from "ts-mls/welcome.js";

import type { Kind } from "./decode-untrusted.ts";

/** The extension of a GroupContext. */
export const externalSendersKind: Kind<ExternalSender[]> = {
  name: "external senders",
  limitName: "groupInfoBytesMax",
  decode: decodeExternalSenders,
  encode: encodeExternalSenders,
};

/** MLSMessage holding a PublicMessage. */
export const handshakeKind: Kind<PublicMessage> = {
  name: "a PublicMessage",
  limitName: "handshakeBytesMax",
  decode: mapDecoderOption(decodeMlsMessage, (message) =>
    message.wireformat === "mls_public_message" ? message.publicMessage : undefined,
  ),
  encode: (publicMessage) =>
    encodeMlsMessage({ version: "mls10", wireformat: "mls_public_message", publicMessage }),
};

/** MLSMessage holding a PrivateMessage. */
export const applicationKind: Kind<PrivateMessage> = {
  name: "a PrivateMessage",
  limitName: "applicationMessageBytesMax",
  decode: mapDecoderOption(decodeMlsMessage, (message) =>
    message.wireformat === "mls_private_message" ? message.privateMessage : undefined,
  ),
  encode: (privateMessage) =>
    encodeMlsMessage({ version: "mls10", wireformat: "mls_private_message", privateMessage }),
};

export const keyPackageKind: Kind<KeyPackage> = {
  name: "a KeyPackage",
  limitName: "keyPackageBytesMax",
  decode: decodeKeyPackage,
  encode: encodeKeyPackage,
};

export const groupInfoKind: Kind<GroupInfo> = {
  name: "a GroupInfo",
  limitName: "groupInfoBytesMax",
  decode: decodeGroupInfo,
  encode: encodeGroupInfo,
};

export const groupContextKind: Kind<GroupContext> = {
  name: "a GroupContext",
  limitName: "groupInfoBytesMax",
  decode: decodeGroupContext,
  encode: encodeGroupContext,
};

export const welcomeKind: Kind<Welcome> = {
  name: "a Welcome",
  limitName: "welcomeBytesMax",
  decode: decodeWelcome,
  encode: encodeWelcome,
};

/** Any MLSMessage. */
export const messageKind: Kind<MLSMessage> = {
  name: "an MLSMessage",
  limitName: "handshakeBytesMax",
  decode: decodeMlsMessage,
  encode: encodeMlsMessage,
};

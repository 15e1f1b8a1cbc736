import { describeMlsMessage, SdkError } from "@treehouse/client-sdk";
import {
  batchAnswerCodec,
  batchCodec,
  clientFrameCodec,
  clientListCodec,
  consentEntryCodec,
  decodeContent,
  decodeEntry,
  decodeRoomState,
  deviceSigningCertificateCodec,
  entriesPageCodec,
  entryDeliveryCodec,
  eventsResponseCodec,
  forwardedRequestCodec,
  foundRoomRequestCodec,
  fromBase64Url,
  fromHex,
  identifierResponseCodec,
  inboxEntryCodec,
  keyMaterialRequestCodec,
  keyMaterialResponseCodec,
  leafIdentityCodec,
  Refusal,
  serverFrameCodec,
  signedClientListCodec,
  signedHeadCodec,
  standingResponseCodec,
  submissionAnswersCodec,
  submissionBatchCodec,
  submitMessageRequestCodec,
  submitMessageResponseCodec,
  toHex,
  treeResponseCodec,
  updateRequestCodec,
  updateRoomResponseCodec,
} from "@treehouse/protocol";

import { CliFailure, EXIT } from "./failure.ts";

type Decoder = (bytes: Uint8Array) => unknown;

const decoders: Readonly<Record<string, Decoder>> = {
  mlsMessage: describeMlsMessage,
  entry: decodeEntry,
  inboxEntry: (bytes) => inboxEntryCodec.decode(bytes),
  serverFrame: (bytes) => serverFrameCodec.decode(bytes),
  clientFrame: (bytes) => clientFrameCodec.decode(bytes),
  updateRequest: (bytes) => updateRequestCodec.decode(bytes),
  updateRoomResponse: (bytes) => updateRoomResponseCodec.decode(bytes),
  submitMessageRequest: (bytes) => submitMessageRequestCodec.decode(bytes),
  submitMessageResponse: (bytes) => submitMessageResponseCodec.decode(bytes),
  foundRoomRequest: (bytes) => foundRoomRequestCodec.decode(bytes),
  keyMaterialRequest: (bytes) => keyMaterialRequestCodec.decode(bytes),
  keyMaterialResponse: (bytes) => keyMaterialResponseCodec.decode(bytes),
  treeResponse: (bytes) => treeResponseCodec.decode(bytes),
  signedHead: (bytes) => signedHeadCodec.decode(bytes),
  entriesPage: (bytes) => entriesPageCodec.decode(bytes),
  batch: (bytes) => batchCodec.decode(bytes),
  batchAnswer: (bytes) => batchAnswerCodec.decode(bytes),
  entryDelivery: (bytes) => entryDeliveryCodec.decode(bytes),
  consentEntry: (bytes) => consentEntryCodec.decode(bytes),
  forwardedRequest: (bytes) => forwardedRequestCodec.decode(bytes),
  submissionBatch: (bytes) => submissionBatchCodec.decode(bytes),
  submissionAnswers: (bytes) => submissionAnswersCodec.decode(bytes),
  eventsResponse: (bytes) => eventsResponseCodec.decode(bytes),
  standingResponse: (bytes) => standingResponseCodec.decode(bytes),
  identifierResponse: (bytes) => identifierResponseCodec.decode(bytes),
  leafIdentity: (bytes) => leafIdentityCodec.decode(bytes),
  certificate: (bytes) => deviceSigningCertificateCodec.decode(bytes),
  signedClientList: (bytes) => signedClientListCodec.decode(bytes),
  clientList: (bytes) => clientListCodec.decode(bytes),
  roomState: decodeRoomState,
  content: decodeContent,
};

/**
 * Decodes hex, base64url or octets as the first struct that fits whole, and names the others that
 * fit too. `kind` picks one.
 */
export function decodeAny(
  input: string | Uint8Array,
  kind: string | undefined,
): Readonly<Record<string, unknown>> {
  const bytes = typeof input === "string" ? parse(input) : input;
  const names = kind === undefined ? Object.keys(decoders) : [kind];
  const found = names.flatMap((name) => {
    const decoder = decoders[name];
    if (decoder === undefined) throw unknownKind(name);
    const value = attempt(decoder, bytes);
    return value === undefined ? [] : [{ name, value }];
  });
  const [first, ...others] = found;
  if (first === undefined) {
    throw new CliFailure(
      EXIT.usage,
      "malformed",
      `${bytes.length} octets that are no ${kinds(kind)}`,
    );
  }
  return {
    kind: first.name,
    octets: bytes.length,
    value: jsonOf(first.value),
    ...(others.length === 0 ? {} : { alsoFits: others.map(({ name }) => name) }),
  };
}

function kinds(kind: string | undefined): string {
  return kind ?? "MLSMessage and no struct of Treehouse";
}

function unknownKind(name: string): CliFailure {
  const help = `Known are: ${Object.keys(decoders).join(", ")}.`;
  return new CliFailure(EXIT.usage, "unknownKind", `there is no struct "${name}"`, { help });
}

function attempt(decoder: Decoder, bytes: Uint8Array): unknown {
  try {
    return decoder(bytes);
  } catch (error) {
    if (error instanceof Refusal || error instanceof SdkError) return undefined;
    throw error;
  }
}

function parse(text: string): Uint8Array {
  const compact = text.replaceAll(/\s/g, "");
  try {
    return /^(?:[0-9a-fA-F]{2})+$/.test(compact)
      ? fromHex(compact.toLowerCase())
      : fromBase64Url(compact);
  } catch {
    throw new CliFailure(EXIT.usage, "malformed", "the input is neither hex nor base64url");
  }
}

function jsonOf(value: unknown): unknown {
  if (value === undefined) return null;
  if (value instanceof Uint8Array) return toHex(value);
  if (value instanceof Map) {
    return [...value].map(([name, part]) => [jsonOf(name), jsonOf(part)]);
  }
  if (Array.isArray(value)) return value.map(jsonOf);
  if (typeof value === "bigint") return value.toString();
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, jsonOf(part)]));
}

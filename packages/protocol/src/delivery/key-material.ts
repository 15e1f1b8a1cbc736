import type { Bytes } from "../bytes/index.ts";
import {
  checked,
  codec,
  enumeration,
  optional,
  struct,
  u16,
  variant,
  vector,
  versioned,
} from "../codec/index.ts";
import type { Codec } from "../codec/index.ts";
import { clientUriCodec, parseRoomUri, userUriCodec } from "../identifiers/index.ts";
import type { ClientUri, RoomUri, UserUri } from "../identifiers/index.ts";
import { LABELS, signedBytes } from "../labels/index.ts";
import { LIMITS } from "../limits.ts";
import type { Sign, Verify } from "./keys.ts";
import {
  capabilitiesCodec,
  credentialCodec,
  keyPackageCodec,
  PROTOCOL,
  requiredCapabilitiesCodec,
  signatureCodec,
  signatureKeyCodec,
} from "./mls-objects.ts";
import type { Capabilities, Credential, RequiredCapabilities } from "./mls-objects.ts";

export type UnsignedKeyMaterialRequest = {
  readonly requestingUser: UserUri;
  readonly targetUser: UserUri;
  /** The room to which the target will be added; consent may depend on it. */
  readonly room: RoomUri | undefined;
  /** By preference; at least one. */
  readonly acceptableCiphersuites: readonly number[];
  readonly requiredCapabilities: RequiredCapabilities;
  readonly requesterSignatureKey: Bytes;
  readonly requesterCredential: Credential;
};

/** Asks for one KeyPackage of each of a user's clients; signed by the asking client. */
export type KeyMaterialRequest = UnsignedKeyMaterialRequest & { readonly signature: Bytes };

const USER_STATUSES = {
  success: 0,
  partialSuccess: 1,
  incompatibleProtocol: 2,
  noCompatibleMaterial: 3,
  userUnknown: 4,
  noConsent: 5,
  noConsentForThisRoom: 6,
  userDeleted: 7,
} as const;

export type UserStatus = keyof typeof USER_STATUSES;

export type ClientKeyMaterial =
  | { readonly status: "success"; readonly client: ClientUri; readonly keyPackage: Bytes }
  | { readonly status: "keyMaterialExhausted"; readonly client: ClientUri }
  | {
      readonly status: "nothingCompatible";
      readonly client: ClientUri;
      readonly capabilities: Capabilities | undefined;
    };

export type KeyMaterialResponse = {
  readonly status: UserStatus;
  readonly user: UserUri;
  /** Empty unless the status is success, partialSuccess or noCompatibleMaterial. */
  readonly clients: readonly ClientKeyMaterial[];
};

/** A URI of zero length means "no room". */
const optionalRoomCodec: Codec<RoomUri | undefined> = codec<RoomUri | undefined>(
  (writer, room) => writer.ascii(room ?? ""),
  (reader) => {
    const text = reader.ascii(LIMITS.uriBytesMax);
    return text === "" ? undefined : parseRoomUri(text);
  },
);

const unsignedFields = {
  requestingUser: userUriCodec,
  targetUser: userUriCodec,
  room: optionalRoomCodec,
  acceptableCiphersuites: vector(u16, { countMax: LIMITS.ciphersuitesMax, countMin: 1 }),
  requiredCapabilities: requiredCapabilitiesCodec,
  requesterSignatureKey: signatureKeyCodec,
  requesterCredential: credentialCodec,
};

const unsignedCodec = versioned(PROTOCOL, struct<UnsignedKeyMaterialRequest>(unsignedFields));

export const keyMaterialRequestCodec: Codec<KeyMaterialRequest> = versioned(
  PROTOCOL,
  struct<KeyMaterialRequest>({ ...unsignedFields, signature: signatureCodec }),
);

export const clientKeyMaterialCodec: Codec<ClientKeyMaterial> = variant<
  ClientKeyMaterial,
  "status"
>("status", {
  success: { tag: 0, codec: struct({ client: clientUriCodec, keyPackage: keyPackageCodec }) },
  keyMaterialExhausted: { tag: 1, codec: struct({ client: clientUriCodec }) },
  nothingCompatible: {
    tag: 2,
    codec: struct({ client: clientUriCodec, capabilities: optional(capabilitiesCodec) }),
  },
});

const CLIENTS_ALLOWED: readonly UserStatus[] = [
  "success",
  "partialSuccess",
  "noCompatibleMaterial",
];

export const keyMaterialResponseCodec: Codec<KeyMaterialResponse> = versioned(
  PROTOCOL,
  checked(
    struct<KeyMaterialResponse>({
      status: enumeration(USER_STATUSES),
      user: userUriCodec,
      clients: vector(clientKeyMaterialCodec, { countMax: LIMITS.clientsPerUserMax }),
    }),
    ({ status, clients }) =>
      clients.length > 0 && !CLIENTS_ALLOWED.includes(status)
        ? "clients beside a refusal"
        : undefined,
  ),
);

/** Signs with the asking client's signature key. */
export function signKeyMaterialRequest(
  request: UnsignedKeyMaterialRequest,
  sign: Sign,
): KeyMaterialRequest {
  const message = signedBytes(LABELS.keyMaterialRequest, unsignedCodec.encode(request));
  return { ...request, signature: sign(message) };
}

/** Whether the key inside the request signed it; whose key it is must be checked apart. */
export function verifyKeyMaterialRequest(request: KeyMaterialRequest, verify: Verify): boolean {
  const message = signedBytes(LABELS.keyMaterialRequest, unsignedCodec.encode(request));
  return verify(request.requesterSignatureKey, message, request.signature);
}

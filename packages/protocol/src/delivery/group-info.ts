import type { Bytes } from "../bytes/index.ts";
import {
  codec,
  fixed,
  malformed,
  opaque,
  optional,
  struct,
  u16,
  u32,
  u64,
  vector,
  versioned,
} from "../codec/index.ts";
import type { Codec } from "../codec/index.ts";
import { roomUriCodec } from "../identifiers/index.ts";
import type { RoomUri } from "../identifiers/index.ts";
import { LABELS, signedBytes } from "../labels/index.ts";
import { LIMITS } from "../limits.ts";
import type { Sign, Verify } from "./keys.ts";
import {
  credentialCodec,
  groupInfoCodec,
  handshakeCodec,
  PROTOCOL,
  ratchetTreeCodec,
  signatureCodec,
  signatureKeyCodec,
} from "./mls-objects.ts";
import type { Credential } from "./mls-objects.ts";

export type UnsignedGroupInfoRequest = {
  /** Selects the signature and HPKE algorithms of this exchange alone. */
  readonly ciphersuite: number;
  readonly requestingSignatureKey: Bytes;
  readonly requestingCredential: Credential;
  /** A fresh HPKE key of the requester, to which the answer is sealed. */
  readonly groupInfoPublicKey: Bytes;
  readonly joiningCode: Bytes | undefined;
};

/** Asks for what an external commit needs. The room is in the path and under the signature. */
export type GroupInfoRequest = UnsignedGroupInfoRequest & { readonly signature: Bytes };

export type HpkeCiphertext = { readonly kemOutput: Bytes; readonly ciphertext: Bytes };

export type UnsignedGroupInfoSuccess = {
  readonly status: "success";
  readonly room: RoomUri;
  readonly ciphersuite: number;
  readonly hubKey: Bytes;
  readonly hubCredential: Credential;
  /** Of a GroupInfoPlaintext; label `groupInfoSealing`, context = the room's URI. */
  readonly sealed: HpkeCiphertext;
};

export type GroupInfoSuccess = UnsignedGroupInfoSuccess & { readonly signature: Bytes };

export type GroupInfoResponse =
  | GroupInfoSuccess
  | { readonly status: "notAuthorized" | "noSuchRoom"; readonly room: RoomUri };

/** How many times a join link was used, as the hub counts (FED-1085). */
export type LinkUses = { readonly key: Bytes; readonly uses: number };

export type PendingProposal = { readonly proposal: Bytes; readonly acceptedAt: number };

export type GroupInfoPlaintext = {
  readonly groupInfo: Bytes;
  /** `undefined`: to be fetched from the hub's tree path. */
  readonly ratchetTree: Bytes | undefined;
  readonly pendingProposals: readonly PendingProposal[];
  /** The head's position: entries after it are the joiner's to read. */
  readonly position: number;
  /** Of the room's join links, in their order; of none for whoever comes from outside. */
  readonly linkUses: readonly LinkUses[];
};

const requestFields = {
  ciphersuite: u16,
  requestingSignatureKey: signatureKeyCodec,
  requestingCredential: credentialCodec,
  groupInfoPublicKey: opaque({ max: 2048, min: 1 }),
  joiningCode: optional(opaque({ max: LIMITS.joiningCodeBytesMax })),
};

export const groupInfoRequestCodec: Codec<GroupInfoRequest> = versioned(
  PROTOCOL,
  struct<GroupInfoRequest>({ ...requestFields, signature: signatureCodec }),
);

const signedRequestCodec = versioned(
  PROTOCOL,
  struct<UnsignedGroupInfoRequest & { readonly room: RoomUri }>({
    ...requestFields,
    room: roomUriCodec,
  }),
);

const STATUSES = { success: 1, notAuthorized: 2, noSuchRoom: 3 } as const;
const TREE_FULL = 1;
const TREE_AT_HUB = 4;

const successCodec = struct<Omit<UnsignedGroupInfoSuccess, "status" | "room">>({
  ciphersuite: u16,
  hubKey: signatureKeyCodec,
  hubCredential: credentialCodec,
  sealed: struct<HpkeCiphertext>({
    kemOutput: opaque({ max: 2048 }),
    ciphertext: opaque({ max: LIMITS.responseBodyBytesMax }),
  }),
});

const signedSuccessCodec = versioned(
  PROTOCOL,
  codec<UnsignedGroupInfoSuccess>(
    (writer, response) => {
      roomUriCodec.write(writer, response.room);
      writer.u8(STATUSES.success);
      successCodec.write(writer, response);
    },
    (reader) => {
      const room = roomUriCodec.read(reader);
      if (reader.u8() !== STATUSES.success) throw malformed("not a success");
      return { status: "success", room, ...successCodec.read(reader) };
    },
  ),
);

export const groupInfoResponseCodec: Codec<GroupInfoResponse> = versioned(
  PROTOCOL,
  codec<GroupInfoResponse>(
    (writer, response) => {
      roomUriCodec.write(writer, response.room);
      writer.u8(STATUSES[response.status]);
      if (response.status !== "success") return;
      successCodec.write(writer, response);
      signatureCodec.write(writer, response.signature);
    },
    (reader) => {
      const room = roomUriCodec.read(reader);
      switch (reader.u8()) {
        case STATUSES.success: {
          const fields = successCodec.read(reader);
          return { status: "success", room, ...fields, signature: signatureCodec.read(reader) };
        }
        case STATUSES.notAuthorized:
          return { status: "notAuthorized", room };
        case STATUSES.noSuchRoom:
          return { status: "noSuchRoom", room };
        default:
          throw malformed("an unknown status");
      }
    },
  ),
);

/** What the answer seals: a GroupInfo, and whatever else an external commit needs. */
export const groupInfoPlaintextCodec: Codec<GroupInfoPlaintext> = struct<GroupInfoPlaintext>({
  groupInfo: groupInfoCodec,
  ratchetTree: codec<Bytes | undefined>(
    (writer, tree) => {
      writer.u8(tree === undefined ? TREE_AT_HUB : TREE_FULL);
      if (tree !== undefined) ratchetTreeCodec.write(writer, tree);
    },
    (reader) => {
      const representation = reader.u8();
      if (representation === TREE_FULL) return ratchetTreeCodec.read(reader);
      if (representation !== TREE_AT_HUB) throw malformed("an unknown tree representation");
      return undefined;
    },
  ),
  pendingProposals: vector(struct<PendingProposal>({ proposal: handshakeCodec, acceptedAt: u64 }), {
    countMax: LIMITS.proposalsPerCommitMax,
  }),
  position: u64,
  linkUses: vector(struct<LinkUses>({ key: fixed(32), uses: u32 }), {
    countMax: LIMITS.joinLinksMax,
  }),
});

/** Signs with the asking client's signature key; the room is signed, though not in the request. */
export function signGroupInfoRequest(
  request: UnsignedGroupInfoRequest,
  room: RoomUri,
  sign: Sign,
): GroupInfoRequest {
  return { ...request, signature: sign(requestMessage(request, room)) };
}

/** Whether the key inside the request signed it for this room. */
export function verifyGroupInfoRequest(
  request: GroupInfoRequest,
  room: RoomUri,
  verify: Verify,
): boolean {
  const message = requestMessage(request, room);
  return verify(request.requestingSignatureKey, message, request.signature);
}

/** Signs with the room's hub key. */
export function signGroupInfoResponse(
  response: UnsignedGroupInfoSuccess,
  sign: Sign,
): GroupInfoSuccess {
  return { ...response, signature: sign(responseMessage(response)) };
}

/** Whether the hub key inside the answer signed it; that it is the room's is checked apart. */
export function verifyGroupInfoResponse(response: GroupInfoSuccess, verify: Verify): boolean {
  return verify(response.hubKey, responseMessage(response), response.signature);
}

function requestMessage(request: UnsignedGroupInfoRequest, room: RoomUri): Bytes {
  return signedBytes(LABELS.groupInfoRequest, signedRequestCodec.encode({ ...request, room }));
}

function responseMessage(response: UnsignedGroupInfoSuccess): Bytes {
  return signedBytes(LABELS.groupInfoResponse, signedSuccessCodec.encode(response));
}

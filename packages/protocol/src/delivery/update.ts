import type { Bytes } from "../bytes/index.ts";
import { opaque, optional, struct, u64, utf8, variant, vector, versioned } from "../codec/index.ts";
import type { Codec } from "../codec/index.ts";
import { type Domain, domainCodec } from "../identifiers/index.ts";
import { LIMITS } from "../limits.ts";
import {
  type Endorsement,
  endorsementCodec,
  endorsementsCodec,
  type GenerationClaim,
  generationClaimCodec,
} from "../room/index.ts";
import { proposalsCodec } from "./encode-entry.ts";
import { signedHeadCodec } from "./head.ts";
import type { SignedHead } from "./head.ts";
import { signedHealthReportCodec } from "./health-report.ts";
import type { SignedHealthReport } from "./health-report.ts";
import {
  groupInfoCodec,
  handshakeCodec,
  PROTOCOL,
  ratchetTreeCodec,
  welcomeCodec,
} from "./mls-objects.ts";
import { submitMessageRequestCodec } from "./submit.ts";
import type { SubmitMessageRequest } from "./submit.ts";

/** A handshake on its way to the hub: accepted or refused as a whole. */
export type UpdateRequest =
  | {
      readonly kind: "commit";
      readonly commit: Bytes;
      readonly welcome: Bytes | undefined;
      /** Signed by the committer, for the epoch that the commit begins, without its tree. */
      readonly groupInfo: Bytes;
      /** A message in the new epoch, accepted right after the commit. */
      readonly firstMessage: SubmitMessageRequest | undefined;
    }
  | { readonly kind: "proposal"; readonly proposals: readonly Bytes[] }
  | { readonly kind: "report"; readonly report: SignedHealthReport }
  /** The room begins anew with this group (FED-1131). */
  | { readonly kind: "generation"; readonly groupInfo: Bytes; readonly ratchetTree: Bytes }
  /** An owner wants the room to go on at `hub`, for its own is gone: asks, or agrees (FED-1137). */
  | {
      readonly kind: "claim";
      readonly hub: Domain;
      readonly endorsement: Endorsement | undefined;
    };

/** The updates that consist of messages of MLS. */
export type HandshakeRequest = Extract<
  UpdateRequest,
  { readonly kind: "commit" } | { readonly kind: "proposal" }
>;

type Explanation = {
  /** A refusal code. */
  readonly reason: string;
  readonly description: string;
};

export type UpdateRoomResponse =
  | {
      readonly code: "success";
      readonly acceptedAt: number;
      readonly position: number;
      readonly head: SignedHead;
      readonly firstMessagePosition: number | undefined;
    }
  | (Explanation & { readonly code: "wrongEpoch"; readonly currentEpoch: number })
  | (Explanation & { readonly code: "notAllowed" })
  /** What is to be agreed to, and who has. */
  | {
      readonly code: "claim";
      readonly claim: GenerationClaim;
      /** Ascending by client. */
      readonly endorsements: readonly Endorsement[];
    }
  /** `refs` are the ProposalRefs; a proposal by value has none. */
  | (Explanation & { readonly code: "invalidProposal"; readonly refs: readonly Bytes[] });

export const updateRequestCodec: Codec<UpdateRequest> = versioned(
  PROTOCOL,
  variant<UpdateRequest, "kind">("kind", {
    commit: {
      tag: 1,
      codec: struct({
        commit: handshakeCodec,
        welcome: optional(welcomeCodec),
        groupInfo: groupInfoCodec,
        firstMessage: optional(submitMessageRequestCodec),
      }),
    },
    proposal: { tag: 2, codec: struct({ proposals: proposalsCodec }) },
    report: { tag: 3, codec: struct({ report: signedHealthReportCodec }) },
    claim: { tag: 5, codec: struct({ hub: domainCodec, endorsement: optional(endorsementCodec) }) },
    generation: {
      tag: 4,
      codec: struct({ groupInfo: groupInfoCodec, ratchetTree: ratchetTreeCodec }),
    },
  }),
);

const reason = utf8({ max: LIMITS.nameBytesMax });
const description = utf8({ max: LIMITS.descriptionBytesMax });

export const updateRoomResponseCodec: Codec<UpdateRoomResponse> = variant<
  UpdateRoomResponse,
  "code"
>("code", {
  success: {
    tag: 0,
    codec: struct({
      acceptedAt: u64,
      position: u64,
      head: signedHeadCodec,
      firstMessagePosition: optional(u64),
    }),
  },
  wrongEpoch: { tag: 1, codec: struct({ currentEpoch: u64, reason, description }) },
  claim: {
    tag: 4,
    codec: struct({
      claim: generationClaimCodec,
      endorsements: endorsementsCodec,
    }),
  },
  notAllowed: { tag: 2, codec: struct({ reason, description }) },
  invalidProposal: {
    tag: 3,
    codec: struct({
      refs: vector(opaque({ max: 64, min: 1 }), { countMax: LIMITS.proposalsPerCommitMax }),
      reason,
      description,
    }),
  },
});

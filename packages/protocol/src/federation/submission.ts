import type { Bytes } from "../bytes/index.ts";
import {
  opaque,
  optional,
  struct,
  u32,
  u64,
  utf8,
  variant,
  vector,
  versioned,
} from "../codec/index.ts";
import type { Codec } from "../codec/index.ts";
import { PROTOCOL } from "../delivery/index.ts";
import { clientUriCodec, domainCodec, parseDomain, roomUriCodec } from "../identifiers/index.ts";
import type { ClientUri, Domain, RoomUri } from "../identifiers/index.ts";
import { LIMITS } from "../limits.ts";
import { isRefusalCode, Refusal } from "../refusals/index.ts";

/** One client's message on its way to a room's hub. */
export type Submission = {
  readonly room: RoomUri;
  /** Who sends; its server vouches for it. */
  readonly client: ClientUri;
  /** The octets of a SubmitMessageRequest, as the client made them. */
  readonly request: Bytes;
};

/** Messages of many clients and rooms to one hub, in the order in which they are to be taken. */
export type SubmissionBatch = { readonly items: readonly Submission[] };

/** What became of one submission. */
export type SubmissionAnswer =
  /** The octets of a SubmitMessageResponse. */
  | { readonly status: "answered"; readonly response: Bytes }
  | {
      readonly status: "refused";
      /** A refusal code; a newer peer may know more than we do. */
      readonly code: string;
      readonly detail: string;
      readonly currentEpoch: number | undefined;
      readonly retryAfterMs: number | undefined;
      /** The hub that the room has now. */
      readonly hub: Domain | undefined;
    };

/** As many answers as there were submissions, in their order. */
export type SubmissionAnswers = { readonly answers: readonly SubmissionAnswer[] };

export const submissionBatchCodec: Codec<SubmissionBatch> = versioned(
  PROTOCOL,
  struct<SubmissionBatch>({
    items: vector(
      struct<Submission>({
        room: roomUriCodec,
        client: clientUriCodec,
        request: opaque({ max: LIMITS.submissionBytesMax, min: 1 }),
      }),
      { countMax: LIMITS.batchItemsMax, bytesMax: LIMITS.batchBytesMax },
    ),
  }),
);

export const submissionAnswersCodec: Codec<SubmissionAnswers> = versioned(
  PROTOCOL,
  struct<SubmissionAnswers>({
    answers: vector(
      variant<SubmissionAnswer, "status">("status", {
        answered: { tag: 0, codec: struct({ response: opaque({ max: 1024, min: 1 }) }) },
        refused: {
          tag: 1,
          codec: struct({
            code: utf8({ max: LIMITS.nameBytesMax }),
            detail: utf8({ max: LIMITS.descriptionBytesMax }),
            currentEpoch: optional(u64),
            retryAfterMs: optional(u32),
            hub: optional(domainCodec),
          }),
        },
      }),
      { countMax: LIMITS.batchItemsMax },
    ),
  }),
);

const U32_MAX = 0xffff_ffff;

/** The answer that carries a refusal; a long message is cut to what an answer may hold. */
export function refusedSubmission(refusal: Refusal): SubmissionAnswer {
  const { retryAfterMs, currentEpoch, hub } = refusal.data;
  const text = refusal.message.toWellFormed().replaceAll("\0", "");
  return {
    status: "refused",
    code: refusal.code,
    // A UTF-16 unit has at most three octets of UTF-8.
    detail: text.slice(0, Math.floor(LIMITS.descriptionBytesMax / 3)).toWellFormed(),
    currentEpoch,
    retryAfterMs:
      retryAfterMs === undefined
        ? undefined
        : Math.min(U32_MAX, Math.max(0, Math.ceil(retryAfterMs))),
    hub: hub === undefined ? undefined : parseDomain(hub),
  };
}

/** The refusal in an answer; a code that we do not know becomes "internal" (FED-503). */
export function refusalOfSubmission(answer: SubmissionAnswer & { status: "refused" }): Refusal {
  const { code, detail, currentEpoch, retryAfterMs, hub } = answer;
  return new Refusal(isRefusalCode(code) ? code : "internal", detail, {
    ...(currentEpoch === undefined ? {} : { currentEpoch }),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    ...(hub === undefined ? {} : { hub }),
  });
}

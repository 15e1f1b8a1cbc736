import { z } from "zod";
import { LIMITS } from "../limits.ts";
import { parseDomain } from "../identifiers/index.ts";
import { base64Url, count, domainField, roomField, time } from "./fields.ts";

/** A domain, or `*.` before one for all names below it. */
const ruleSubjectField = z
  .string()
  .min(1)
  .max(255)
  .refine((text) => {
    try {
      parseDomain(text.replace(/^\*\./, ""));
      return true;
    } catch {
      return false;
    }
  });

const reason = z.string().max(LIMITS.descriptionBytesMax);
const ruleActionSchema = z.enum(["allow", "deny", "limit"]);
const perMinute = z.int().min(1).max(100_000);

export const peerRuleRequestSchema = z.strictObject({
  action: ruleActionSchema,
  /** The operator's own note; no other server is told. */
  reason: reason.optional(),
  /** Requests each way, for `limit`. */
  perMinute: perMinute.optional(),
  expiresAt: time.optional(),
  /** Forgets the keys that are known, and believes those that the server shows now. */
  newKey: z.boolean().optional(),
});
export type PeerRuleRequest = z.output<typeof peerRuleRequestSchema>;

const peerRuleSchema = z.object({
  subject: ruleSubjectField,
  action: ruleActionSchema,
  reason,
  perMinute: perMinute.optional(),
  createdAt: time,
  expiresAt: time.optional(),
});
export type PeerRule = z.output<typeof peerRuleSchema>;

const peerShape = {
  domain: domainField,
  /** What holds for it now, by a rule or by the server's mode. */
  policy: ruleActionSchema,
  /** The rule that says so. */
  rule: peerRuleSchema.optional(),
  /** `frozen`: it shows a key that nothing vouches for; see `PeerRuleRequest.newKey`. */
  state: z.enum(["new", "known", "frozen"]),
  firstSeenAt: time.optional(),
  /** The last request of it that was signed validly. */
  inboundAt: time.optional(),
  /** The last request to it that it answered. */
  outboundAt: time.optional(),
  /** Items that wait for it. */
  backlog: count.optional(),
  breaker: z.enum(["closed", "open", "halfOpen"]).optional(),
  retryAt: time.optional(),
  /** When the oldest of the items was added. */
  waitingSince: time.optional(),
  /** What the last attempt to send them failed with. */
  lastFault: z.string().optional(),
};

const peerSummarySchema = z.object(peerShape);
export type PeerSummary = z.output<typeof peerSummarySchema>;

const peerKeySchema = z.object({
  kid: z.string().min(1).max(LIMITS.keyIdBytesMax),
  key: base64Url({ min: 32, max: 32 }),
  notBefore: time,
  expires: time.optional(),
  seenAt: time.optional(),
  /** Not believed, only shown by a server that is frozen, if false. */
  pinned: z.boolean(),
});

export const peerDetailSchema = z.object({
  ...peerShape,
  keys: z.array(peerKeySchema),
  /** What its directory said, if it is held just now. */
  directory: z
    .object({
      versions: z.array(z.string()),
      version: z.string().optional(),
      capabilities: z.array(z.string()),
      ageMs: count,
    })
    .optional(),
  /** What the last attempt to fetch its directory failed with. */
  fault: z.string().optional(),
  /** How far its clock is ahead of this server's, as far as that was noticed. */
  clockOffsetMs: z.int(),
  /** The newest items that it rejected for good. */
  rejected: z.array(
    z.object({
      form: z.string(),
      code: z.string(),
      at: time,
      room: roomField.optional(),
      position: count.optional(),
    }),
  ),
  /** The loopback URL at which it is reached, in development. */
  development: z.string().optional(),
});
export type PeerDetail = z.output<typeof peerDetailSchema>;

/** Rooms of one hub of which nothing more is taken, for it contradicted itself. */
export const frozenRoomsAnswerSchema = z.object({
  rooms: z.array(
    z.object({
      room: roomField,
      /** Of the last entry that was taken. */
      position: count,
    }),
  ),
});
export type FrozenRoomsAnswer = z.output<typeof frozenRoomsAnswerSchema>;

export const peersQuerySchema = z.strictObject({
  /** Goes on behind this domain. */
  after: z.string().max(255).optional(),
  limit: z.coerce.number().int().min(1).max(1000).default(500),
});

export const peersAnswerSchema = z.object({
  /** This server, as others see it. */
  own: z.object({
    domain: domainField,
    mode: z.enum(["open", "allow", "closed"]),
    authentication: z.enum(["signature", "mtls"]),
    keys: z.array(peerKeySchema),
  }),
  peers: z.array(peerSummarySchema),
  /** Every rule, in the order of the subjects. */
  rules: z.array(peerRuleSchema),
  /** There are more behind this one. */
  next: domainField.optional(),
});
export type PeersAnswer = z.output<typeof peersAnswerSchema>;

const probeStepSchema = z.object({
  step: z.enum([
    "policy",
    "name",
    "address",
    "connection",
    "certificate",
    "directory",
    "version",
    "key",
    "signature",
    "clock",
  ]),
  result: z.enum(["ok", "warning", "failed", "skipped"]),
  text: z.string(),
  /** What to do about it. */
  fix: z.string().optional(),
});
export type ProbeStep = z.output<typeof probeStepSchema>;

export const probeAnswerSchema = z.object({
  domain: domainField,
  /** Whether nothing failed. */
  works: z.boolean(),
  steps: z.array(probeStepSchema),
});
export type ProbeAnswer = z.output<typeof probeAnswerSchema>;

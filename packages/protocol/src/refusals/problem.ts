import { z } from "zod";
import { isHandshakeRule } from "./handshake-rules.ts";
import { Refusal } from "./refusal.ts";
import type { RefusalData } from "./refusal.ts";
import { refusalTable } from "./refusal-table.ts";
import type { RefusalCode } from "./refusal-table.ts";

/** Media type of a problem (RFC 9457 §3). */
export const MEDIA_TYPE_PROBLEM = "application/problem+json";

const TYPE_PREFIX = "urn:treehouse:problem:";
const count = z.int().nonnegative();

/** Problem details of RFC 9457 with our code; unknown members are ignored (RFC 9457 §3.2). */
export const problemSchema = z.object({
  type: z.string().max(256),
  title: z.string().max(256),
  status: z.int().min(100).max(599),
  detail: z.string().max(4096).optional(),
  advice: z.string().max(1024).optional(),
  currentEpoch: count.optional(),
  limitName: z.string().max(64).optional(),
  limit: count.optional(),
  retryAfterMs: count.optional(),
  oldest: count.optional(),
  serverTime: count.optional(),
  nonceStart: z.string().max(64).optional(),
  challenge: z.string().max(256).optional(),
  hub: z.string().max(256).optional(),
  leaves: z.array(count).max(65_536).optional(),
  rule: z.string().max(64).optional(),
});

export type Problem = z.infer<typeof problemSchema>;

export function isRefusalCode(text: string): text is RefusalCode {
  return Object.hasOwn(refusalTable, text);
}

/** The answer's body for a refusal; its `status` is the HTTP status. */
export function problemOf(refusal: Refusal): Problem {
  const { status, title, advice } = refusalTable[refusal.code];
  const { leaves, ...data } = refusal.data;
  return {
    type: TYPE_PREFIX + refusal.code,
    title,
    status,
    detail: refusal.message,
    advice,
    ...data,
    ...(leaves === undefined ? {} : { leaves: [...leaves] }),
  };
}

/**
 * Reads a problem that another program sent. An answer that is no problem of ours, or has a code
 * that this version does not know, becomes "internal" for 5xx and "malformed" otherwise, so that
 * the result is always a Refusal.
 */
export function parseProblem(json: unknown): Refusal {
  const parsed = problemSchema.safeParse(json);
  if (!parsed.success) return new Refusal("internal", "the answer is not understood");
  const { type, status, title, detail } = parsed.data;
  const code = type.startsWith(TYPE_PREFIX) ? type.slice(TYPE_PREFIX.length) : "";
  const known = isRefusalCode(code) ? code : status >= 500 ? "internal" : "malformed";
  return new Refusal(known, detail ?? title, dataOf(parsed.data));
}

function dataOf(problem: Problem): RefusalData {
  const { currentEpoch, limitName, limit, retryAfterMs, oldest, serverTime } = problem;
  const { nonceStart, challenge, hub, leaves, rule } = problem;
  return {
    ...(currentEpoch === undefined ? {} : { currentEpoch }),
    ...(limitName === undefined ? {} : { limitName }),
    ...(limit === undefined ? {} : { limit }),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    ...(oldest === undefined ? {} : { oldest }),
    ...(serverTime === undefined ? {} : { serverTime }),
    ...(nonceStart === undefined ? {} : { nonceStart }),
    ...(challenge === undefined ? {} : { challenge }),
    ...(hub === undefined ? {} : { hub }),
    ...(leaves === undefined ? {} : { leaves }),
    ...(rule === undefined || !isHandshakeRule(rule) ? {} : { rule }),
  };
}

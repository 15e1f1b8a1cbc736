import { LIMITS, Refusal, type UserUri } from "@treehouse/protocol";
import type { HostedRoom } from "../room/index.ts";
import type { StoredVoid } from "./store.ts";

/** Refuses with `suspended` commits of a user whose commit was void a short while ago (FED-1105). */
export function checkSuspended(
  { voids, group }: Pick<HostedRoom, "voids" | "group">,
  user: UserUri,
  at: number,
): void {
  const last = voids.findLast((one) => one.user === user);
  if (last === undefined || last.until <= at) return;
  if (last.lenient && group.epoch > last.epoch) return;
  throw new Refusal("suspended", "A commit of this user could be applied by nobody.", {
    retryAfterMs: last.until - at,
  });
}

const dayMs = 24 * 60 * 60 * 1000;

/**
 * What a void means to its committer, after those of the last day. Whoever comes by an external commit
 * may be the victim of whoever made the GroupInfo: it may try again much sooner.
 */
export function suspensionAfter(
  earlier: readonly StoredVoid[],
  { user, external }: { readonly user: UserUri; readonly external: boolean },
  at: number,
): Pick<StoredVoid, "until" | "lenient"> {
  const before = earlier.filter((one) => one.user === user && one.voidedAt > at - dayMs).length;
  const { suspensionMs, suspensionMaxMs, returnAfterVoidMs } = LIMITS;
  const ms =
    external && before > 0
      ? returnAfterVoidMs * 4 ** Math.min(before - 1, 16)
      : suspensionMs * 2 ** Math.min(before, 16);
  return { until: at + Math.min(suspensionMaxMs, ms), lenient: before === 0 };
}

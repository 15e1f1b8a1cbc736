import type { GroupUri } from "@treehouse/protocol";
import { parseGroupUri, Refusal, utf8Decode } from "@treehouse/protocol";
import type { GroupContext } from "ts-mls/groupContext.js";

import type { GroupProfile } from "../profile/index.ts";
import { readGroupExtensions, SUITE } from "../profile/index.ts";
import { broken } from "../wire/index.ts";

export type ContextView = GroupProfile & { group: GroupUri; epoch: number };

const views = new WeakMap<GroupContext, ContextView>();

/**
 * What a GroupContext says. Refuses versions, suites and extensions that our groups do not have.
 * Refusals: malformed, invalidCommit, limitExceeded.
 */
export function readContext(context: GroupContext): ContextView {
  const known = views.get(context);
  if (known !== undefined) return known;
  if (context.version !== "mls10" || context.cipherSuite !== SUITE) {
    throw broken("groupSuite");
  }
  if (context.epoch > BigInt(Number.MAX_SAFE_INTEGER)) {
    throw broken("groupEpoch", "malformed");
  }
  const view = {
    ...readGroupExtensions(context.extensions),
    group: groupOf(context.groupId),
    epoch: Number(context.epoch),
  };
  views.set(context, view);
  return view;
}

function groupOf(groupId: Uint8Array): GroupUri {
  try {
    return parseGroupUri(utf8Decode(groupId));
  } catch (cause) {
    if (!(cause instanceof Refusal)) throw cause;
    throw broken("groupUri", "malformed", {}, { cause });
  }
}

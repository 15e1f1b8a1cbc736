import { domainOf, LIMITS, userUri } from "@treehouse/protocol";
import { mayFind } from "../privacy/index.ts";
import { hasTooManyRooms, hear, type Relation, type Said } from "./relation.ts";
import type { Side } from "./store.ts";
import type { Turn } from "./turn.ts";

/**
 * What one user says reaches another one, who is of this server: from here or from a peer, alike.
 * Words to users that there are not, requests of users who are blocked, requests that the user does
 * not want or whose sender may not find the user, and those beyond the bounds are dropped. Who speaks
 * learns nothing of it, and as much is read in each case.
 */
export async function receive(turn: Turn, side: Side, said: Said): Promise<void> {
  const { context, tx } = turn;
  const account = await context.store.account(tx, side.owner);
  const blockedSince = await context.contacts.blockedSince(tx, side);
  const rows = await turn.rows(side);
  const crowded = await isCrowded(turn, side, rows);
  const { requests } = await context.privacy.of(tx, side.owner);
  const owner = userUri(context.domain, side.owner);
  const known = await mayFind(context, tx, owner, { kind: "user", user: side.user });
  if (account === undefined) return;
  if (blockedSince !== undefined && said.operation === "request") return;
  // The request of somebody who was asked is an answer.
  const invited = rows.some(({ asked }) => asked);
  if (said.operation === "request" && !invited && (requests === "nobody" || !known)) return;
  const outcome = hear(rows, said);
  if (hasTooManyRooms(outcome.rows)) return;
  if (crowded && countWaiting(outcome.rows) > countWaiting(rows)) return;
  await turn.settle(side, rows, outcome);
}

/** Whether the owner has as many requests waiting, or as many contacts, as one user may. */
async function isCrowded(
  { context, tx }: Turn,
  { owner, user }: Side,
  rows: Relation,
): Promise<boolean> {
  const { contacts, domain } = context;
  const { users, waiting } = await contacts.count(tx, owner);
  const fromPeer = await contacts.countWaitingFrom(tx, owner, domainOf(user));
  return (
    (rows.length === 0 && users >= LIMITS.contactsPerUserMax) ||
    waiting >= LIMITS.contactRequestsWaitingMax ||
    (domainOf(user) !== domain && fromPeer >= LIMITS.contactRequestsWaitingPerPeerMax)
  );
}

function countWaiting(rows: Relation): number {
  return rows.filter(({ waiting }) => waiting).length;
}

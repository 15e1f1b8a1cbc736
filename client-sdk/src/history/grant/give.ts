import {
  encodeContent,
  type GrantPiece,
  HISTORY_LIMITS,
  type HistoryGrant,
  historyGrantContent,
  historySegmentCodec,
  formatAssetLink,
  Refusal,
  userOfClient,
} from "@treehouse/protocol";

import type { HistoryGranting, Newcomers } from "../../groups/index.ts";
import type { HistoryContext } from "../context.ts";
import { sealPiece } from "../piece.ts";
import { segmentsOf } from "../segments.ts";
import { holdsMessage } from "../take-row.ts";
import { openGranted } from "./open-granted.ts";
import { owedAt, settleOwed, toldAt } from "./owed.ts";
import type { GrantPorts } from "./ports.ts";
import { grantedSince, withinGrant } from "./within-grant.ts";

/** The first in the order of leaves sends at once, and each one after it waits so much longer. */
const turnMs = 20_000;
const firstMs = 500;
/** More would never be there in time to be of use. */
const turnsMax = 10;

/** What somebody has told longer ago than this may be gone, and is believed to have been there. */
const lookedAtMs = 60 * 60 * 1000;

/**
 * Sends newcomers what their room grants them, if that is this client's turn and nobody else has. Turns
 * are counted from the commit, so that who was away when its turn came does not wait once more. `ended`
 * is called when nothing of this is under way any more; what failed stays owed.
 */
export async function grantLater(
  context: HistoryContext,
  ports: GrantPorts,
  newcomers: Newcomers,
  ended: () => void,
): Promise<void> {
  const turn = await turnIn(ports, newcomers);
  if (turn === undefined) {
    await settle(context, newcomers);
    ended();
    return;
  }
  const since = Math.max(0, context.env.now() - newcomers.acceptedAt);
  ports.later(Math.max(0, firstMs + turn * turnMs - since), () => {
    grant(context, ports, newcomers)
      .catch((error: unknown) => {
        if (ports.life.aborted) return;
        context.env.log.warn("history.notGranted", { error: String(error) });
      })
      .finally(ended);
  });
}

/** How many are before this client; undefined where it has nothing to tell. */
async function turnIn(ports: GrantPorts, { room, users }: Newcomers): Promise<number | undefined> {
  const granting = await ports.granting(room).catch((error: unknown) => {
    if (error instanceof Refusal && error.code === "removed") return undefined;
    throw error;
  });
  if (granting === undefined || granting.days === 0) return undefined;
  const there = granting.clients.filter((client) => !users.includes(userOfClient(client)));
  const turn = there.indexOf(ports.client);
  return turn === -1 || turn >= turnsMax ? undefined : turn;
}

const settle = ({ store }: HistoryContext, newcomers: Newcomers): Promise<void> =>
  store.transaction((tx) => settleOwed(tx, newcomers));

async function grant(
  context: HistoryContext,
  ports: GrantPorts,
  newcomers: Newcomers,
): Promise<void> {
  const { env, self } = context;
  const { acceptedAt, position, room, users } = newcomers;
  const { clients, days } = await ports.granting(room);
  if (days === 0 || (await areTold(context, ports, newcomers, { clients, days }))) {
    return settle(context, newcomers);
  }
  const since = grantedSince(newcomers, days);
  const [id, key] = [env.random(16), env.random(32)];
  const pieces: GrantPiece[] = [];
  const wanted = { from: since, to: acceptedAt, rooms: [room], newestFirst: true };
  for await (const { segment } of segmentsOf(context, { ...wanted, messagesOnly: true })) {
    if (pieces.length === HISTORY_LIMITS.historyGrantSegmentsMax) break;
    const place = { kind: "grant", owner: room, id, number: pieces.length } as const;
    const sealed = sealPiece(env.random, key, place, historySegmentCodec.encode(segment));
    if (pieces.length === 0 && sealed.length <= HISTORY_LIMITS.historyGrantInlineMax) {
      pieces.push({ kind: "inline", sealed });
      continue;
    }
    const access = { kind: "room", room } as const;
    const link = await ports.assets.upload(sealed, { access, signal: ports.life });
    pieces.push({ kind: "asset", link: formatAssetLink(link) });
  }
  if (pieces.length === 0) return settle(context, newcomers);
  const to = users.slice(0, HISTORY_LIMITS.historyGrantUsersMax);
  const told: HistoryGrant = { to, position, since, id, key, pieces };
  const content = historyGrantContent({
    grant: told,
    salt: env.random(16),
    senderUri: self,
    roomUri: room,
  });
  await ports.send(room, encodeContent(content));
  await settle(context, newcomers);
}

/** FED-1071: whether newcomers wait no more, for one of these clients' users has told them something. */
async function areTold(
  { env, store }: HistoryContext,
  ports: GrantPorts,
  newcomers: Newcomers,
  { clients, days }: HistoryGranting,
): Promise<boolean> {
  const heard = await store.transaction((tx) =>
    owedAt(tx, newcomers) === undefined ? undefined : toldAt(tx, newcomers),
  );
  if (heard === undefined) return true;
  const { room } = newcomers;
  const users = new Set(clients.map((client) => userOfClient(client)));
  for (const told of heard.filter(({ user }) => users.has(user))) {
    if (env.now() - newcomers.acceptedAt > lookedAtMs) return true;
    ports.life.throwIfAborted();
    // What this client cannot fetch may be of no use to them either.
    const first = await openGranted(ports, room, told.grant, 0).catch(() => undefined);
    const { since } = told.grant;
    const within = first && withinGrant(first, { ...newcomers, days, since });
    if (within?.rows.some((row) => holdsMessage(room, row, env.now())) === true) return true;
  }
  return false;
}

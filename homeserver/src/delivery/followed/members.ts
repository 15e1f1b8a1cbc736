import {
  decodeEntry,
  equalBytes,
  Refusal,
  signedHeadCodec,
  userOfClient,
  verifyHead,
} from "@treehouse/protocol";
import type { Bytes, ClientUri, CommitEntry, VoidEntry } from "@treehouse/protocol";
import { sha256 } from "../../platform/index.ts";
import type { Tx } from "../../platform/index.ts";
import type { FollowedContext } from "./context.ts";
import type { EntryItem } from "./receive.ts";
import type { FollowedRoom } from "./room.ts";

/** How a client of this server came into a room hosted elsewhere. */
type Coming = "welcome" | "external" | "back";

/** The entries that change who is in a room. */
export type MembershipEntry = CommitEntry | VoidEntry;

/**
 * The clients of this server that come by a commit and are expected to (FED-953): added with a
 * KeyPackage that this server gave out for this room or for none in particular, or by an external
 * commit of their own that this server has sent to the hub. What a hub says beyond that is not believed.
 */
export async function believedOf(
  context: FollowedContext,
  tx: Tx,
  { additions }: EntryItem,
  entry: MembershipEntry,
): Promise<ReadonlyMap<ClientUri, Coming>> {
  if (entry.kind === "void") return backBy(context, tx, entry);
  const { store, handedOut, accounts } = context;
  const { room, commit, leafChanges } = entry;
  const believed = new Map<ClientUri, Coming>();
  if (additions === undefined) return believed;
  const { joiner } = additions;
  for (const { client, change } of leafChanges) {
    if (change !== "added" || !accounts.isLocal(userOfClient(client))) continue;
    if (client === joiner) {
      const hash = sha256(commit);
      if (await store.wasForwarded(tx, { hash, room, client })) believed.set(client, "external");
      continue;
    }
    const ref = additions.added.find((one) => one.client === client)?.keyPackageRef;
    const receivers = ref === undefined ? [] : await handedOut.receivers(tx, ref);
    // Whoever was given it for no room in particular may use it in any.
    if (receivers.some((given) => given.room === room || given.room === undefined)) {
      believed.set(client, "welcome");
    }
  }
  return believed;
}

/** Those whom a void brings back (FED-1104): they went with a commit that it takes back. */
async function backBy(
  { roomLog, accounts }: FollowedContext,
  tx: Tx,
  { room, voided, position, leafChanges }: VoidEntry,
): Promise<ReadonlyMap<ClientUri, Coming>> {
  const added = leafChanges.filter(({ change }) => change === "added");
  const local = added.filter(({ client }) => accounts.isLocal(userOfClient(client)));
  if (local.length === 0) return new Map();
  const range = { after: voided - 1, upTo: position - 1, handshakesOnly: true };
  const { entries } = await roomLog.readLog(tx, room, range);
  const gone = new Set<ClientUri>();
  for (const { bytes } of entries) {
    const entry = decodeEntry(bytes, "sliced");
    if (entry.kind !== "commit") continue;
    for (const { client, change } of entry.leafChanges) {
      if (change === "removed") gone.add(client);
    }
  }
  return new Map(
    local.flatMap(({ client }) => (gone.has(client) ? [[client, "back" as const]] : [])),
  );
}

/** Lets own clients who came read what follows, and those who went nothing after this commit. */
export async function changeSubscriptions(
  context: FollowedContext,
  tx: Tx,
  followed: FollowedRoom,
  item: EntryItem,
  entry: MembershipEntry,
): Promise<void> {
  const { roomLog, accounts } = context;
  const { room, position, leafChanges } = entry;
  const local = leafChanges.filter(({ client }) => accounts.isLocal(userOfClient(client)));
  if (local.length === 0) return;
  const added = new Set(
    local.filter(({ change }) => change === "added").map(({ client }) => client),
  );
  for (const { client, change } of local) {
    if (change !== "removed" || added.has(client)) continue;
    await roomLog.unsubscribe(tx, { client, room, upTo: position });
  }
  const believed = await believedOf(context, tx, item, entry);
  for (const client of added) {
    const coming = believed.get(client);
    if (coming === undefined) {
      context.count("joinNotBelieved");
    } else if (coming !== "welcome" || entry.kind === "void") {
      await roomLog.subscribe(tx, { client, room, after: position - 1 });
    } else {
      await welcome(context, tx, followed, item, entry, client);
    }
  }
}

/**
 * Puts the Welcome into the client's inbox, before everything that follows (FED-954). Without one
 * that can be used the client is given the commit itself: it sees that it was added, cannot follow,
 * and comes in by a commit of its own.
 */
async function welcome(
  context: FollowedContext,
  tx: Tx,
  followed: FollowedRoom,
  item: EntryItem,
  entry: CommitEntry,
  client: ClientUri,
): Promise<void> {
  const { room, position } = entry;
  const found = item.delivery.welcomes.find(({ clients }) => clients.includes(client));
  const head = headAt(context, followed, item, entry);
  if (found === undefined || head === undefined) {
    context.count("welcomeInvalid");
    await context.roomLog.subscribe(tx, { client, room, after: position - 1 });
    return;
  }
  try {
    const awaitsInbox = await context.roomLog.deliverWelcome(tx, {
      client,
      room,
      generation: entry.generation,
      epoch: entry.epoch + 1,
      position,
      acceptedAt: entry.acceptedAt,
      welcome: found.welcome,
      head,
    });
    await context.roomLog.subscribe(tx, { client, room, after: position, awaitsInbox });
  } catch (error) {
    // A client that does not read its inbox must not hold up the room for the others.
    if (!(error instanceof Refusal)) throw error;
    await context.roomLog.subscribe(tx, { client, room, after: position - 1 });
  }
}

/** The encoded head that came with the commit, if the hub signed it for just this entry. */
function headAt(
  { crypto }: FollowedContext,
  { hubKey }: FollowedRoom,
  { delivery, hash }: EntryItem,
  { room, position, term }: CommitEntry,
): Bytes | undefined {
  const signed = delivery.head;
  if (signed === undefined) return undefined;
  const { head } = signed;
  const fits =
    head.room === room &&
    head.position === position &&
    head.term === term &&
    equalBytes(head.hash, hash) &&
    verifyHead(signed, hubKey, (key, message, signature) => crypto.verify(key, message, signature));
  return fits ? signedHeadCodec.encode(signed) : undefined;
}

import {
  type Bytes,
  LIMITS,
  Refusal,
  type RoomUri,
  treeResponseCodec,
  Writer,
} from "@treehouse/protocol";
import { type HostedRoom, notHosted } from "../room/index.ts";
import type { DeliveryContext } from "../context.ts";
import type { Caller } from "../ports.ts";
import type { StoredTree } from "../store/index.ts";

/**
 * Answers the tree of an epoch as an encoded `TreeResponse`, to members, and to clients that this
 * epoch's Welcome named (FED-927). Nobody else learns whether the room is there.
 *
 * Refusals: unknownRoom, notFound (the epoch is not kept), unavailable.
 */
export async function readTree(
  context: DeliveryContext,
  caller: Caller,
  room: RoomUri,
  epoch: number,
): Promise<Bytes> {
  const hosted = await context.rooms.get(room);
  const welcomed = await isWelcomed(context, hosted, caller, epoch);
  if (!hosted.leafOf.has(caller.client) && !welcomed) {
    throw notHosted();
  }
  const answer =
    epoch === hosted.group.epoch
      ? currentTree(hosted)
      : encode(
          epoch,
          await context.database.read((tx) => context.store.tree(tx, hosted.id, epoch)),
        );
  if (welcomed) await noteFetched(context, hosted, caller, epoch);
  return answer;
}

async function isWelcomed(
  { database, store, env }: DeliveryContext,
  { id }: HostedRoom,
  { client }: Caller,
  epoch: number,
): Promise<boolean> {
  const kept = await database.read((tx) => store.treeKeptFor(tx, { roomId: id, epoch, client }));
  return kept !== undefined && kept > env.now();
}

/**
 * The tree is kept a while longer after it was fetched: the answer may be lost on its way, and
 * the client asks again.
 */
async function noteFetched(
  { database, store, env }: DeliveryContext,
  { id }: HostedRoom,
  { client }: Caller,
  epoch: number,
): Promise<void> {
  const until = env.now() + LIMITS.treeKeptAfterFetchMs;
  await database.transaction((tx) => store.shortenKept(tx, { roomId: id, epoch, client }, until), {
    frees: true,
  });
}

function currentTree({ group }: HostedRoom): Bytes {
  return treeResponseCodec.encode({
    epoch: group.epoch,
    treeHash: group.treeHash,
    nodes: group.ratchetTree(),
  });
}

function encode(epoch: number, tree: StoredTree | undefined): Bytes {
  if (tree === undefined) throw new Refusal("notFound", "The tree of this epoch is not kept.");
  return treeResponseCodec.encode({ epoch, treeHash: tree.treeHash, nodes: ratchetTreeOf(tree) });
}

/** `optional<Node> ratchet_tree<V>`, without the blank nodes at its end (RFC 9420 §12.4.3.3). */
export function ratchetTreeOf({ nodes }: Pick<StoredTree, "nodes">): Bytes {
  const last = [...nodes.keys()].reduce((highest, index) => Math.max(highest, index), -1);
  const writer = new Writer();
  writer.vector(() => {
    for (let index = 0; index <= last; index += 1) {
      const node = nodes.get(index);
      writer.u8(node === undefined ? 0 : 1);
      if (node !== undefined) writer.raw(node);
    }
  });
  return writer.finish();
}

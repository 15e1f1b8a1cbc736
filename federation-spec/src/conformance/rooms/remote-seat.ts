import {
  decodeEntry,
  chainHashOf,
  submissionAnswersCodec,
  submissionBatchCodec,
  treeRequestCodec,
  treeResponseCodec,
} from "@treehouse/protocol";
import type {
  Bytes,
  Entry,
  EntryDelivery,
  RoomUri,
  Submission,
  SubmissionAnswer,
} from "@treehouse/protocol";
import type { MlsGroup } from "../driver.ts";
import { ensure, present } from "../outcome.ts";
import type { PeerServer, PeerUser } from "../peers/server.ts";
import type { World } from "../world.ts";
import { Seat } from "./seat.ts";

/** An entry of a room as one of the suite's servers has got it. */
export interface ReceivedEntry {
  readonly entry: Entry;
  readonly delivery: EntryDelivery;
  readonly sequence: number;
}

/** What the server has got of a room, in the order of its stream. */
export function entriesAt(peer: PeerServer, room: RoomUri): readonly ReceivedEntry[] {
  return peer.incoming.items.flatMap(({ body, sequence }) => {
    if (body?.kind !== "entry") return [];
    const { kind: _, ...delivery } = body;
    const entry = decodeEntry(delivery.entry);
    return entry.room === room ? [{ entry, delivery, sequence }] : [];
  });
}

/** Waits until the server has got the entry at that position. */
export async function entryAt(
  world: World,
  peer: PeerServer,
  room: RoomUri,
  position: number,
): Promise<ReceivedEntry> {
  return world.until(`the entry at ${position} of a room`, () =>
    entriesAt(peer, room).find(({ entry }) => entry.position === position),
  );
}

/** A client of one of the suite's servers in a room that the tested server orders. */
export class RemoteSeat extends Seat {
  readonly peer: PeerServer;

  constructor(
    user: PeerUser,
    peer: PeerServer,
    place: { readonly room: RoomUri; readonly hubKey: Bytes },
    group: MlsGroup,
    last: { readonly position: number; readonly hash: Bytes | undefined },
  ) {
    super(user, place, group, last);
    this.peer = peer;
  }

  /** Applies what the server has got, up to a position. */
  async syncTo(world: World, position: number): Promise<void> {
    while (this.position < position) {
      const { delivery } = await entryAt(world, this.peer, this.room, this.position + 1);
      await this.apply(delivery.entry);
    }
  }

  /** The item of a batch of submissions that says this text. */
  async submission(text: string): Promise<Submission> {
    return { room: this.room, client: this.member.client, request: await this.message(text) };
  }
}

/** Sends submissions to the tested server and answers what became of each. */
export async function submit(
  peer: PeerServer,
  items: readonly Submission[],
): Promise<readonly SubmissionAnswer[]> {
  const body = submissionBatchCodec.encode({ items });
  const answer = await peer.ask({ endpoint: "submitMessage", body });
  const { answers } = answer.struct("a batch of submissions", submissionAnswersCodec);
  ensure(answers.length === items.length, `${items.length} items have ${answers.length} answers`);
  return answers;
}

/** Joins by the Welcome that came with the commit at that position. */
export async function joinRemotely(
  world: World,
  user: PeerUser,
  peer: PeerServer,
  room: RoomUri,
  position: number,
): Promise<RemoteSeat> {
  const { entry, delivery } = await entryAt(world, peer, room, position);
  const welcome = delivery.welcomes.find(({ clients }) => clients.includes(user.client))?.welcome;
  const { hubKey } = present(delivery.introduction, "the commit came without an introduction");
  const { epoch } = present(delivery.head, "the commit came without a head").head;
  const { group } = await user.driver.joinWelcome(user.identity, {
    welcome: present(welcome, "the commit came without the Welcome"),
    ratchetTree: await treeOf(peer, user, room, epoch),
    secrets: user.secretOf,
    at: entry.acceptedAt,
  });
  const last = { position, hash: chainHashOf(entry, delivery.entry) };
  return new RemoteSeat(user, peer, { room, hubKey }, group, last);
}

/** The tree of an epoch, as the hub gives it to the client's server. */
async function treeOf(
  peer: PeerServer,
  user: PeerUser,
  room: RoomUri,
  epoch: number,
): Promise<Bytes> {
  const body = treeRequestCodec.encode({ client: user.client, epoch });
  const answer = await peer.ask({ endpoint: "tree", value: room, body });
  return answer.struct("a tree", treeResponseCodec).nodes;
}

import {
  chainHashOf,
  decodeEntry,
  encodeEntry,
  encodeRoomState,
  eventsRequestCodec,
  eventsResponseCodec,
  firstPrevious,
  groupUriOf,
  mintRoomUri,
  rosterHash,
  signHead,
  template,
  treeResponseCodec,
} from "@treehouse/protocol";
import type {
  Bytes,
  ClientUri,
  Domain,
  Entry,
  EntryDelivery,
  EntryHeader,
  Introduction,
  LeafChange,
  Roster,
  RoomUri,
  SignedHead,
  WelcomeDelivery,
} from "@treehouse/protocol";
import type { Member } from "../clients/member.ts";
import { newKey, random } from "../clients/person.ts";
import { present } from "../outcome.ts";
import type { MlsGroup, PreparedCommit } from "../driver.ts";
import { refusal, tls } from "../peers/reply.ts";
import type { Whole } from "../peers/reply.ts";
import type { SigningKey } from "../../signing-keys.ts";
import { Seat } from "./seat.ts";

/**
 * A room that one of the suite's servers orders, made of what its founder does. It judges nothing:
 * it says whatever the check wants a hub to say.
 */
export class HubRoom {
  readonly room: RoomUri;
  readonly hubKey: SigningKey;
  readonly seat: Seat;
  /** Items as they are for a server that is in the room from the beginning. */
  readonly log: EntryDelivery[] = [];
  term = 1;
  position = 0;
  hash: Bytes = firstPrevious;
  roster: Roster;
  /** Who was in the room after each commit. */
  readonly #introductions = new Map<number, Introduction>();

  private constructor(room: RoomUri, hubKey: SigningKey, seat: Seat) {
    this.room = room;
    this.hubKey = hubKey;
    this.seat = seat;
    this.roster = rosterOf(seat.group);
  }

  static async found(domain: Domain, founder: Member): Promise<HubRoom> {
    const room = mintRoomUri(domain, random);
    const hubKey = newKey();
    const state = template("group", { founder: founder.user, hub: domain, term: 1 });
    const { group } = await founder.driver.createGroup(founder.identity, {
      group: groupUriOf(room, 0),
      roomState: encodeRoomState(state),
      hubKey: hubKey.publicKey,
      hubDomain: domain,
    });
    const place = { room, hubKey: hubKey.publicKey };
    const last = { position: 0, hash: firstPrevious };
    return new HubRoom(room, hubKey, new Seat(founder, place, group, last));
  }

  /** The founder's commit, accepted; the Welcome goes to the named clients. */
  async commit(
    intent: { readonly add?: readonly Bytes[]; readonly remove?: readonly number[] },
    welcomed: readonly ClientUri[] = [],
  ): Promise<EntryDelivery> {
    const { group } = this.seat;
    const prepared = await this.seat.prepare(intent);
    const { epoch } = group;
    const before = rosterOf(group);
    await group.adopt(prepared);
    return this.#commitEntry(prepared, { epoch, before, welcomed });
  }

  /** A commit that somebody else sent; the founder's client applies it. */
  async accept(prepared: PreparedCommit): Promise<EntryDelivery> {
    const { group } = this.seat;
    const { epoch } = group;
    const before = rosterOf(group);
    await group.processCommit(prepared.commit, { acceptedAt: Date.now() });
    return this.#commitEntry(prepared, { epoch, before, welcomed: [] });
  }

  async say(text: string): Promise<EntryDelivery> {
    const message = await this.seat.group.encrypt(new TextEncoder().encode(text), this.seat.aad());
    return this.message(message);
  }

  /** An entry that could come next, and does not: the log stays as it is. */
  draft(): EntryDelivery {
    const entry = { ...this.#header("application"), message: random(64), frank: undefined };
    return bare(encodeEntry(entry));
  }

  /** An application message, whoever sent it. */
  message(message: Bytes): EntryDelivery {
    return this.append({
      ...this.#header("application"),
      kind: "application",
      message,
      frank: undefined,
    });
  }

  /** The tree of the epoch that is now. */
  tree(): Whole {
    const { group } = this.seat;
    const [treeHash, nodes] = [group.treeHash(), group.ratchetTree()].map((each) =>
      Uint8Array.from(each),
    );
    if (treeHash === undefined || nodes === undefined) return refusal("internal");
    return tls(treeResponseCodec, { epoch: group.epoch, treeHash, nodes });
  }

  /** What a follower missed, from the beginning on. */
  events(body: Bytes): Whole {
    const { after, limit, flags } = eventsRequestCodec.decode(body);
    const missed = this.log
      .map(({ entry }) => ({ entry, position: decodeEntry(entry).position }))
      .filter(({ position }) => position > after)
      .slice(0, limit);
    const commit = missed.find(({ position }) => this.#introductions.has(position));
    const introduction = commit && this.#introductions.get(commit.position);
    return tls(eventsResponseCodec, {
      oldest: missed[0]?.position ?? this.position + 1,
      last: this.position,
      entries: missed.map(({ entry }) => entry),
      head: this.head(),
      introduction: flags.introduce ? introduction : undefined,
    });
  }

  /** Puts the entry at the end of the log. */
  append(entry: Entry, parcel: Partial<EntryDelivery> = {}): EntryDelivery {
    const bytes = encodeEntry(entry);
    this.position = entry.position;
    this.hash = chainHashOf(entry, bytes);
    this.seat.position = entry.position;
    this.seat.hash = this.hash;
    const delivery = { ...bare(bytes), ...parcel };
    this.log.push(delivery);
    return delivery;
  }

  /** Of the end of the log, or an altered one. */
  head(change: Partial<SignedHead["head"]> = {}, key: SigningKey = this.hubKey): SignedHead {
    const { room, term, position, hash } = this;
    const { epoch } = this.seat.group;
    const treeHash = Uint8Array.from(this.seat.group.treeHash());
    return signHead(
      { room, generation: 0, term, position, hash, epoch, treeHash, ...change },
      key.sign,
    );
  }

  introduction(): Introduction {
    return { hubKey: this.hubKey.publicKey, roster: this.roster };
  }

  /** The header of the entry that would come next. */
  next(): Omit<EntryHeader, "kind"> {
    return {
      ephemeral: false,
      room: this.room,
      generation: 0,
      term: this.term,
      position: this.position + 1,
      previous: this.hash,
      acceptedAt: Date.now(),
    };
  }

  leafOf(client: ClientUri): number {
    const found = this.roster.find((each) => each.client === client);
    return present(found, `${client} is not in the room`).leaf;
  }

  #header<K extends Entry["kind"]>(kind: K) {
    return { ...this.next(), kind };
  }

  #commitEntry(
    { commit, welcome, groupInfo }: PreparedCommit,
    at: {
      readonly epoch: number;
      readonly before: Roster;
      readonly welcomed: readonly ClientUri[];
    },
  ): EntryDelivery {
    this.roster = rosterOf(this.seat.group);
    const entry: Entry = {
      ...this.#header("commit"),
      epoch: at.epoch,
      leafChanges: changesBetween(at.before, this.roster),
      rosterHash: rosterHash(this.roster),
      commit,
      externalProposals: [],
    };
    const welcomes: readonly WelcomeDelivery[] =
      welcome === undefined || at.welcomed.length === 0 ? [] : [{ clients: at.welcomed, welcome }];
    const delivery = this.append(entry, { groupInfo, welcomes });
    const complete = { ...delivery, head: this.head() };
    this.log[this.log.length - 1] = complete;
    this.#introductions.set(entry.position, this.introduction());
    return complete;
  }
}

function bare(entry: Bytes): EntryDelivery {
  return { entry, head: undefined, groupInfo: undefined, welcomes: [], introduction: undefined };
}

/** The same item with another entry; what the founder's own log says stays. */
export function altered(delivery: EntryDelivery, change: Partial<Entry>): EntryDelivery {
  // A forgery: it may carry fields of another kind, which the encoder leaves out.
  const forged: Entry = Object.assign({}, decodeEntry(delivery.entry), change);
  return { ...delivery, entry: encodeEntry(forged) };
}

function rosterOf(group: MlsGroup): Roster {
  return group
    .members()
    .map(({ leaf, client }) => ({ leaf, client }))
    .toSorted((left, right) => left.leaf - right.leaf);
}

function changesBetween(before: Roster, after: Roster): readonly LeafChange[] {
  const isIn = (roster: Roster, { leaf, client }: Roster[number]): boolean =>
    roster.some((each) => each.leaf === leaf && each.client === client);
  return [
    ...before
      .filter((each) => !isIn(after, each))
      .map((each) => ({ ...each, change: "removed" as const })),
    ...after
      .filter((each) => !isIn(before, each))
      .map((each) => ({ ...each, change: "added" as const })),
  ];
}

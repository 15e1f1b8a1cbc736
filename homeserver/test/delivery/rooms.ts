import assert from "node:assert/strict";
import { createGroup, joinWelcome } from "@treehouse/mls/member";
import type { MemberGroup } from "@treehouse/mls/member";
import {
  encodeRoomState,
  entriesPageCodec,
  foundRoomRequestCodec,
  foundRoomResponseCodec,
  inboxEntryCodec,
  parseGroupUri,
  parseRoomUri,
  paths,
  acknowledgementCodec,
  fromBase64Url,
  reserveRoomAnswerSchema,
  template,
  toHex,
  treeResponseCodec,
} from "@treehouse/protocol";
import type { Bytes, GroupUri, RoomTemplate, RoomUri } from "@treehouse/protocol";
import type { Person } from "./person.ts";
import { accepted } from "./person.ts";
import { Seat } from "./seat.ts";

/** What a room's clients know of it from its reservation or a Welcome. */
export type RoomNames = {
  readonly room: RoomUri;
  readonly group: GroupUri;
  readonly hubKey: Bytes;
};

export async function reserve(person: Person, kind: RoomTemplate = "group"): Promise<RoomNames> {
  const answer = await person.request("POST", paths.rooms(), { template: kind });
  assert.equal(answer.status, 201);
  const json: unknown = JSON.parse(new TextDecoder().decode(answer.body));
  const { room, group, hubKey } = reserveRoomAnswerSchema.parse(json);
  return {
    room: parseRoomUri(room),
    group: parseGroupUri(group),
    hubKey: fromBase64Url(hubKey),
  };
}

/** The request that founds a reserved room, and the group that it is made of. */
export async function prepareFounding(
  person: Person,
  names: RoomNames,
  roomState: Bytes = groupState(person),
): Promise<{ readonly group: MemberGroup; readonly request: Bytes }> {
  const { group, groupInfo, ratchetTree } = await createGroup(person.context, person.identity, {
    group: names.group,
    roomState,
    hubKey: names.hubKey,
    hubDomain: person.rig.domain,
  });
  return { group, request: foundRoomRequestCodec.encode({ groupInfo, ratchetTree }) };
}

export function directState({ user, rig }: Person, peer: Person): Bytes {
  const founding = { founder: user, hub: rig.domain, term: 1 };
  return encodeRoomState(template("direct", { ...founding, peer: peer.user }));
}

export function groupState({ user, rig }: Person): Bytes {
  return encodeRoomState(template("group", { founder: user, hub: rig.domain, term: 1 }));
}

/** Reserves and founds a room: a group, or with a peer a direct one. */
export async function foundRoom(person: Person, peer?: Person): Promise<Seat> {
  const names = await reserve(person, peer === undefined ? "group" : "direct");
  const state = peer === undefined ? groupState(person) : directState(person, peer);
  const { group, request } = await prepareFounding(person, names, state);
  const answer = await person.request("POST", paths.found(names.room), request);
  accepted(answer);
  const seat = new Seat(person, names, group, 0);
  assert.ok(seat.verifies(foundRoomResponseCodec.decode(answer.body).head));
  return seat;
}

/** Reads the last Welcome of the inbox, fetches its tree, joins, and acknowledges. */
export async function joinByWelcome(person: Person, hubKey: Bytes): Promise<Seat> {
  const welcomes = await readInbox(person);
  const entry = welcomes.at(-1);
  if (entry === undefined || entry.kind !== "welcome") throw new Error("no Welcome");
  const { room, epoch, position, welcome, head } = entry.welcome;
  const tree = await person.request("GET", paths.tree(room, epoch));
  accepted(tree);
  const { group, keyPackageRef } = await joinWelcome(person.context, person.identity, {
    welcome,
    ratchetTree: treeResponseCodec.decode(tree.body).nodes,
    secrets: (ref) => person.secrets.get(toHex(ref)),
    at: entry.acceptedAt,
  });
  person.secrets.delete(toHex(keyPackageRef));
  const cursors = [{ stream: person.client, position: entry.position }];
  await person.request("POST", paths.acknowledgements(), acknowledgementCodec.encode(cursors));
  person.inboxPosition = entry.position;
  const seat = new Seat(person, { room, hubKey }, group, position);
  seat.hash = head.head.hash;
  assert.ok(seat.verifies(head));
  return seat;
}

export async function readInbox(person: Person) {
  const answer = await person.request(
    "GET",
    paths.entries(person.client, { after: person.inboxPosition, limit: 256 }),
  );
  accepted(answer);
  return entriesPageCodec.decode(answer.body).entries.map((bytes) => inboxEntryCodec.decode(bytes));
}

/** A founder's room with the others in it, all in the same epoch. */
export async function openRoom(
  founder: Person,
  others: readonly Person[],
): Promise<{ readonly first: Seat; readonly rest: readonly Seat[] }> {
  const first = await foundRoom(founder);
  const add = await Promise.all(others.map((other) => other.keyPackage()));
  if (add.length > 0) await first.commit({ add });
  const rest: Seat[] = [];
  for (const other of others) rest.push(await joinByWelcome(other, first.hubKey));
  return { first, rest };
}

export async function openPair(founder: Person, other: Person): Promise<readonly [Seat, Seat]> {
  const first = await foundRoom(founder);
  await first.commit({ add: [await other.keyPackage()] });
  return [first, await joinByWelcome(other, first.hubKey)];
}

export async function openTrio(
  founder: Person,
  second: Person,
  third: Person,
): Promise<readonly [Seat, Seat, Seat]> {
  const first = await foundRoom(founder);
  await first.commit({ add: [await second.keyPackage(), await third.keyPackage()] });
  return [
    first,
    await joinByWelcome(second, first.hubKey),
    await joinByWelcome(third, first.hubKey),
  ];
}

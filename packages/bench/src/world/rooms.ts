import { createGroup, createKeyPackage, type MemberGroup } from "@treehouse/mls/member";
import {
  type Bytes,
  domainOf,
  encodeRoomState,
  encodeSafeAad,
  foundRoomRequestCodec,
  fromBase64Url,
  LIMITS,
  MEDIA_TYPE_TLS,
  paths,
  reserveRoomAnswerSchema,
  type RoomUri,
  template,
  updateRequestCodec,
  updateRoomResponseCodec,
} from "@treehouse/protocol";
import { request } from "undici";

import { crypto, type Person } from "./people.ts";

export const memberContext = { crypto, now: () => Date.now() };

export type Room = { readonly uri: RoomUri; readonly group: MemberGroup };

/** A room with these members, the first of them its founder; all others added by one commit. */
export async function createRoom(server: string, people: readonly Person[]): Promise<Room> {
  const [founder, ...others] = people;
  if (founder === undefined) throw new Error("a room has a founder");
  const room = await foundRoom(server, founder);
  if (others.length > 0) await addMembers(server, founder, room, await makePackages(others));
  return room;
}

/** A room in which the founder is alone. */
export async function foundRoom(server: string, founder: Person): Promise<Room> {
  const reserved = reserveRoomAnswerSchema.parse(
    JSON.parse(
      new TextDecoder().decode(
        await post(
          server,
          founder,
          paths.rooms(),
          "application/json",
          jsonBody({ template: "group" }),
        ),
      ),
    ),
  );
  const hubKey = fromBase64Url(reserved.hubKey);
  const hub = domainOf(reserved.room);
  const state = template("group", { founder: founder.user, hub, term: reserved.term, hubKey });
  const created = await createGroup(memberContext, founder.identity, {
    group: reserved.group,
    roomState: encodeRoomState(state),
    hubKey,
    hubDomain: hub,
  });
  const found = foundRoomRequestCodec.encode(created);
  await post(server, founder, paths.found(reserved.room), MEDIA_TYPE_TLS, found);
  return { uri: reserved.room, group: created.group };
}

/** KeyPackages that no server has seen: one of each person. */
export async function makePackages(
  people: readonly Pick<Person, "identity">[],
): Promise<readonly Bytes[]> {
  const lifetimeMs = LIMITS.keyPackageLifetimeMaxMs / 2;
  const made = people.map(({ identity }) =>
    createKeyPackage(memberContext, identity, { lifetimeMs, lastResort: false }),
  );
  return (await Promise.all(made)).map(({ keyPackage }) => keyPackage);
}

/** Adds the clients of these KeyPackages by one commit of the founder. */
export async function addMembers(
  server: string,
  founder: Person,
  { uri, group }: Room,
  add: readonly Bytes[],
): Promise<void> {
  const prepared = await group.prepareCommit({ add }, authenticatedData(group));
  const body = updateRequestCodec.encode({
    kind: "commit",
    commit: prepared.commit,
    welcome: prepared.welcome,
    groupInfo: prepared.groupInfo,
    firstMessage: undefined,
  });
  const answer = await post(server, founder, paths.update(uri), MEDIA_TYPE_TLS, body);
  const response = updateRoomResponseCodec.decode(answer);
  if (response.code !== "success") throw new Error(`the commit was not accepted: ${response.code}`);
  await group.adopt(prepared);
}

export function authenticatedData(group: MemberGroup): Uint8Array<ArrayBuffer> {
  return encodeSafeAad({
    treehouse: { epoch: group.epoch, forkTag: new Uint8Array(16), lastPosition: 0 },
    others: [],
  });
}

export async function post(
  server: string,
  person: Person,
  path: string,
  contentType: string,
  body: Uint8Array,
): Promise<Uint8Array<ArrayBuffer>> {
  const response = await request(server + path, {
    method: "POST",
    headers: { authorization: `Bearer ${person.token}`, "content-type": contentType },
    body,
  });
  const answer = new Uint8Array(await response.body.arrayBuffer());
  if (response.statusCode >= 300) {
    throw new Error(`${path} answered ${response.statusCode}: ${new TextDecoder().decode(answer)}`);
  }
  return answer;
}

export function jsonBody(value: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value));
}

import { createGroup } from "@treehouse/mls/member";
import {
  encodeRoomState,
  firstPrevious,
  foundRoomRequestCodec,
  foundRoomResponseCodec,
  fromBase64Url,
  LIMITS,
  type OpenEndedTemplate,
  domainOf,
  paths,
  Refusal,
  type RoomUri,
  reserveRoomAnswerSchema,
  template,
  type UserUri,
  utf8Encode,
} from "@treehouse/protocol";

import { beginAudit } from "../audit/index.ts";
import { encodeUsers } from "./commit-intent.ts";
import type { GroupsContext } from "../room/index.ts";
import { named, sealMetadata, decodeDetails, encodeDetails } from "../about/index.ts";

export type NewRoom = {
  readonly name: string;
  readonly kind:
    | { readonly template: OpenEndedTemplate }
    | { readonly template: "direct"; readonly peer: UserUri };
  readonly members: readonly UserUri[];
};

/**
 * Reserves a room at the hub, makes its group, and stores both together with the intent to add
 * the members, who may be nobody; nothing was founded yet. A crash before `finishFounding` loses
 * nothing: the pump goes on from what is stored.
 */
export async function prepareRoom(
  context: GroupsContext,
  wanted: NewRoom,
): Promise<{ readonly room: RoomUri; readonly addIntent: number }> {
  if (utf8Encode(wanted.name).length > LIMITS.nameBytesMax) {
    throw new Refusal("limitExceeded", `a name has at most ${LIMITS.nameBytesMax} octets`, {
      limitName: "nameBytesMax",
      limit: LIMITS.nameBytesMax,
    });
  }
  const body = { template: wanted.kind.template };
  const reserved = await context.api.json("POST", paths.rooms(), reserveRoomAnswerSchema, body);
  const { room } = reserved;
  const hubKey = fromBase64Url(reserved.hubKey);
  const hub = domainOf(room);
  const metadataKey = context.env.random(32);
  const about = named(wanted.name);
  const founding = { founder: context.self.user, hub, term: reserved.term, hubKey };
  const state =
    wanted.kind.template === "direct"
      ? template("direct", { ...founding, peer: wanted.kind.peer })
      : template(wanted.kind.template, founding);
  const metadata = sealMetadata(room, metadataKey, about, context.env.random);
  const created = await createGroup(context.member, context.identity, {
    group: reserved.group,
    roomState: encodeRoomState({ ...state, metadata }),
    hubKey,
    hubDomain: hub,
  });
  const foundRequest = foundRoomRequestCodec.encode({
    groupInfo: created.groupInfo,
    ratchetTree: created.ratchetTree,
  });
  const addIntent = await context.store.transaction((tx) => {
    const createdAt = context.env.now();
    tx.rooms.put({
      room,
      template: wanted.kind.template,
      status: "founding",
      createdAt,
      details: encodeDetails({
        version: 1,
        ...about,
        metadataKey,
        joinedEpoch: 0,
        foundRequest,
      }),
    });
    tx.rooms.changeGroupRows(room, created.group.takeChanges());
    beginAudit(tx, room);
    // With the user's own other clients.
    const members = encodeUsers([...new Set([...wanted.members, context.self.user])]);
    return tx.intents.add({ room, kind: "add", createdAt, body: members });
  });
  return { room, addIntent };
}

/** Sends the stored founding request; the hub answers a repetition like the first time. */
export async function finishFounding(context: GroupsContext, room: RoomUri): Promise<void> {
  const row = await context.store.transaction((tx) => tx.rooms.get(room));
  if (row?.status !== "founding") return;
  const details = decodeDetails(row.details);
  const { foundRequest } = details;
  if (foundRequest === undefined) return;
  const answer = await context.api.tls(paths.found(room), foundRequest);
  const { head } = foundRoomResponseCodec.decode(answer).head;
  await context.store.transaction((tx) => {
    const kept = encodeDetails({ ...details, foundRequest: undefined });
    tx.rooms.put({ ...row, status: "joined", details: kept });
    if (tx.cursors.get(room) === undefined) {
      tx.cursors.set({ stream: room, position: head.position, hash: firstPrevious });
    }
  });
}

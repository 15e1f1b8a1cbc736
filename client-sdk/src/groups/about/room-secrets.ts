import {
  type AuditHead,
  auditHeadCodec,
  type CodecValue,
  fixed,
  optional,
  struct,
  u8,
} from "@treehouse/protocol";

import type { GroupsContext, Room } from "../room/index.ts";
import { decodeDetails } from "./room-details.ts";

/**
 * Extension of the GroupInfo inside a Welcome: what new members must know beyond MLS. Servers
 * never see it, for the Welcome's GroupInfo is encrypted to the joiners.
 */
export const ROOM_SECRETS_EXTENSION = 0xf002;

const secretsCodec = struct({
  version: u8,
  metadataKey: fixed(32),
  /** FED-1148: where the record of acts stands after the commit; absent where it is not known. */
  audit: optional(auditHeadCodec),
});

export type RoomSecrets = CodecValue<typeof secretsCodec>;

export function decodeRoomSecrets(data: Uint8Array): RoomSecrets {
  return secretsCodec.decode(data);
}

/** What goes into the Welcome of a commit that adds clients. */
export async function welcomeExtensions(
  context: GroupsContext,
  room: Room,
  audit: AuditHead | undefined,
) {
  const row = await context.store.transaction((tx) => tx.rooms.get(room.uri));
  if (row === undefined) return [];
  const { metadataKey } = decodeDetails(row.details);
  const data = secretsCodec.encode({ version: 1, metadataKey, audit });
  return [{ extensionType: ROOM_SECRETS_EXTENSION, data }];
}

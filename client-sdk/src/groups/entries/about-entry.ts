import {
  CAPABILITIES,
  equalBytes,
  hasCapability,
  roleOf,
  type RoomState,
  type RoomView,
  type UserUri,
} from "@treehouse/protocol";

import type { LocalTx } from "../../storage/index.ts";
import {
  aboutDifference,
  fieldCapabilities,
  openMetadata,
  type RoomAbout,
  type RoomAboutField,
  aboutOf,
  decodeDetails,
  encodeDetails,
} from "../about/index.ts";
import type { GroupsContext, Room, AboutTold } from "../room/index.ts";

/** What a commit makes of what the room says of itself. */
export type AboutEntry = {
  /** The fields that are different now. */
  readonly told: AboutTold;
  /** Those that the committer's role did not permit, and that stay as they were here (FED-1143). */
  readonly forbidden: readonly RoomAboutField[];
  write(tx: LocalTx): void;
};

/**
 * Reads the metadata that a commit has put in the place of another; undefined where it put none, or
 * none that opens.
 */
export async function aboutEntry(
  context: GroupsContext,
  { uri }: Room,
  before: RoomView,
  { after, by }: { readonly after: RoomState; readonly by: UserUri },
): Promise<AboutEntry | undefined> {
  if (equalBytes(before.state.metadata, after.metadata)) return undefined;
  const row = await context.store.transaction((tx) => tx.rooms.get(uri));
  if (row === undefined) return undefined;
  const details = decodeDetails(row.details);
  const opened = openMetadata(uri, details.metadataKey, after.metadata);
  if (opened === undefined) return undefined;
  const known = aboutOf(details);
  const role = roleOf(before, by);
  const different = aboutDifference(known, opened);
  const forbidden = different.filter(
    (field) => !hasCapability(before.state, role, CAPABILITIES[fieldCapabilities[field]]),
  );
  const kept = Object.fromEntries(forbidden.map((field) => [field, known[field]]));
  const about: RoomAbout = { ...opened, ...kept };
  return {
    told: toldOf(
      about,
      different.filter((field) => !forbidden.includes(field)),
    ),
    forbidden,
    write(tx) {
      const now = tx.rooms.get(uri);
      if (now === undefined) return;
      const changed = { ...decodeDetails(now.details), ...about };
      tx.rooms.put({ ...now, details: encodeDetails(changed) });
    },
  };
}

function toldOf(about: RoomAbout, fields: readonly RoomAboutField[]): AboutTold {
  const has = (field: RoomAboutField): boolean => fields.includes(field);
  return {
    ...(has("name") ? { name: about.name } : {}),
    ...(has("description") ? { description: about.description } : {}),
    ...(has("topic") ? { topic: about.topic } : {}),
    ...(has("picture") ? { picture: about.picture.length > 0 } : {}),
  };
}

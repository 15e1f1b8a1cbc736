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
import type { AboutTold, Room } from "../room/index.ts";

/** What a commit has made of what the room says of itself. */
export type AboutSeen = {
  /** The fields that are different now. */
  readonly told: AboutTold;
  /** Those that the committer's role did not permit, and that stay as they were here (FED-1143). */
  readonly forbidden: readonly RoomAboutField[];
};

/**
 * Takes over the metadata that a commit has put in the place of another; undefined where it put none, or
 * none that opens.
 */
export function writeAbout(
  tx: LocalTx,
  { uri }: Room,
  before: RoomView,
  { after, by }: { readonly after: RoomState; readonly by: UserUri },
): AboutSeen | undefined {
  if (equalBytes(before.state.metadata, after.metadata)) return undefined;
  const row = tx.rooms.get(uri);
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
  tx.rooms.put({ ...row, details: encodeDetails({ ...details, ...about }) });
  const permitted = different.filter((field) => !forbidden.includes(field));
  return { told: toldOf(about, permitted), forbidden };
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

import {
  type Act,
  formatAddress,
  HISTORY_POLICY_COMPONENT,
  LEAF_LIFETIME_COMPONENT,
  MESSAGE_EXPIRATION_COMPONENT,
  parseUserUri,
  roleDefinition,
  ROOM_COMPONENTS,
  type RoomState,
} from "@treehouse/protocol";
import { z } from "zod";

import type { ActShown } from "../../events/index.ts";

const parts: ReadonlyMap<number, string> = new Map<number, string>([
  [ROOM_COMPONENTS.safeAad, "safeAad"],
  [ROOM_COMPONENTS.rolesList, "roles"],
  [ROOM_COMPONENTS.basePolicy, "policy"],
  [ROOM_COMPONENTS.roomRecord, "hub"],
  [ROOM_COMPONENTS.roleAssignments, "defaultRole"],
  [ROOM_COMPONENTS.roomMetadata, "about"],
  [ROOM_COMPONENTS.sanctions, "sanctions"],
  [ROOM_COMPONENTS.joinLinks, "links"],
  [LEAF_LIFETIME_COMPONENT, "unseen"],
  [HISTORY_POLICY_COMPONENT, "history"],
  [MESSAGE_EXPIRATION_COMPONENT, "messageLifetime"],
]);

const notesSchema = z.object({
  fields: z.array(z.string()).optional(),
  banned: z.array(z.string()).optional(),
  silenced: z.array(z.string()).optional(),
  unsilenced: z.array(z.string()).optional(),
});

/** What a client that was there has seen of an act, and the record does not say. */
export type ActNotes = z.output<typeof notesSchema>;

export function encodeNotes(notes: ActNotes): string {
  return JSON.stringify(notes);
}

export function decodeNotes(text: string): ActNotes {
  return text === "" ? {} : notesSchema.parse(JSON.parse(text));
}

export function describeActs(
  acts: readonly Act[],
  state: RoomState | undefined,
  notes: ActNotes = {},
): readonly ActShown[] {
  const nameOf = (index: number): string =>
    (state && roleDefinition(state, index)?.name) ?? String(index);
  return acts.map(({ kind, subject, from, to, component }) => ({
    kind,
    ...(subject === "" ? {} : { address: formatAddress(parseUserUri(subject)) }),
    ...(kind === "role" ? { from: nameOf(from), to: nameOf(to) } : {}),
    ...(kind === "kick" ? { clients: from } : {}),
    ...(kind === "state" ? { part: parts.get(component) ?? `0x${component.toString(16)}` } : {}),
    ...(kind === "state" ? notesOf(component, notes) : {}),
  }));
}

function notesOf(component: number, { fields, ...sanctioned }: ActNotes): Partial<ActShown> {
  if (component === ROOM_COMPONENTS.roomMetadata) return fields === undefined ? {} : { fields };
  if (component !== ROOM_COMPONENTS.sanctions) return {};
  const told = Object.entries(sanctioned).filter(([, whom = []]) => whom.length > 0);
  return Object.fromEntries(told);
}

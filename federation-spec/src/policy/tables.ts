import {
  BANNED_ROLE,
  CAPABILITIES,
  OUTSIDER_ROLE,
  ROOM_TEMPLATES,
  type RoomTemplate,
  TEMPLATE_ROLES,
} from "@treehouse/protocol";

import { aligned } from "../page-tables.ts";
import { acts, judge } from "./acts.ts";
import { actors, actorsIn, roomOf } from "./cast.ts";

export const templates = [
  "direct",
  "group",
  "announcement",
  "open",
] as const satisfies readonly (keyof typeof ROOM_TEMPLATES)[];

/** Each capability, and the roles of each template that have it. */
export function capabilityTable(): string {
  const rows = Object.entries(CAPABILITIES).map(([name, number]) => [
    `\`${name}\``,
    `0x${number.toString(16).padStart(4, "0")}`,
    isSeenByClientsAlone(number) ? "C" : "H",
    ...templates.map((kind) => holders(kind, number)),
  ]);
  return aligned([["Capability", "Number", "H/C", ...templates], ...rows]);
}

/** Whether it is about what stands inside messages or metadata, which no server can read. */
export function isSeenByClientsAlone(capability: number): boolean {
  return (
    (capability >= 0x0102 && capability < 0x0400) || (capability >= 0xf008 && capability <= 0xf00a)
  );
}

function holders(kind: RoomTemplate, capability: number): string {
  const names = TEMPLATE_ROLES[kind]
    .filter(({ capabilities }) => capabilities.includes(capability))
    .map(({ name }) => name);
  const ranks = TEMPLATE_ROLES[kind].filter(
    ({ index }) => index !== OUTSIDER_ROLE && index !== BANNED_ROLE,
  );
  return names.length > 1 && names.length === ranks.length ? "all" : names.join(", ");
}

/** What the engine answers to each act of each role, in a room of each template. */
export function decisionTables(): string {
  return templates.map((kind) => `### ${kind}\n\n${decisionTable(kind)}`).join("\n");
}

function decisionTable(kind: RoomTemplate): string {
  const view = roomOf(kind);
  const names = actorsIn(kind);
  const rows = acts.map((act) => [
    act.name,
    act.capability === undefined ? "" : `\`${act.capability}\``,
    ...names.map((name) => {
      const verdict = judge(act, view, actors[name]);
      if (verdict === undefined) return "";
      return verdict.allowed ? "yes" : `\`${verdict.code}\``;
    }),
  ]);
  return aligned([["Act", "Capability", ...names], ...rows]);
}

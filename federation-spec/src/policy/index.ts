/** What the policy engine decides, told as tables: who tries what in a room of each template. */
export { type Act, acts, judge } from "./acts.ts";
export { type ActorName, actors, actorsIn, others, roomOf } from "./cast.ts";
export { capabilityTable, decisionTables, isSeenByClientsAlone, templates } from "./tables.ts";

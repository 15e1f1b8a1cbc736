/**
 * A room that goes on with another group: who begins it, how everybody else comes into it, and by what
 * they know that it is the one that follows.
 */
export { createGenerations, type Generations } from "./generations.ts";
export { noteBegun } from "./note-begun.ts";
export { comeAlong } from "./come-along.ts";
export { checkSuccession } from "./check-succession.ts";
export { renewedBy, type Renewal, tellRenewal, writeRenewal } from "./renewal.ts";

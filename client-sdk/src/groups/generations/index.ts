/**
 * A room that goes on with another group: who begins it, how everybody else comes into it, and by what
 * they know that it is the one that follows.
 */
export { type Claimed } from "./claim-room.ts";
export { createGenerations, type Generations } from "./generations.ts";

/**
 * How a room is doing: commits that cannot be applied, what others say of them, other continuations of
 * a room, and what of all that a program is told.
 */
export { awaitsReturn, forgetReturn, isOfLostKeys, isOfOwnLeaf, noteReturn } from "./own-return.ts";
export { isRenewalOf, wishRenewal } from "./renewal.ts";
export { endReturn, endWaiting, isStuck } from "./returning.ts";
export { faceHalt, faceTrouble } from "./face-trouble.ts";
export { forkTagLength, forkTagOf, isOfOtherFork, otherForkText } from "./fork-tag.ts";
export { observe } from "./observe.ts";
export { noteReport } from "./report-entry.ts";
export { healthOf, readSuspect, tellHealth, writeSuspect } from "./state.ts";
export { type Trouble, troubleOf } from "./trouble.ts";
export { passedOver, type Passing, voidEntry } from "./void-entry.ts";

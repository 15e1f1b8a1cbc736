/** What a program hands to the face is looked at before anything is done with it. */
export { type CallsOf, AtOnce, checkedCalls } from "./checked-calls.ts";
export { checkedInput } from "./checked-input.ts";
export * as input from "./input.ts";
export * as shapes from "./shapes.ts";

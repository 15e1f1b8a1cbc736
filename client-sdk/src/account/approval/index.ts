/** A new client that another one of its user lets in, by a code that is carried from one to the other. */
export { meetNewClient, type WaitingClient } from "./approve.ts";
export type { CodeKind } from "./code.ts";
export { type ApprovalEnd, ApprovalFault } from "./fault.ts";
export { joinByApproval, type ShownCode } from "./join.ts";

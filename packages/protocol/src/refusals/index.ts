export { handshakeRules, isHandshakeRule } from "./handshake-rules.ts";
export type { HandshakeRule } from "./handshake-rules.ts";
export {
  isRefusalCode,
  MEDIA_TYPE_PROBLEM,
  parseProblem,
  problemOf,
  problemSchema,
} from "./problem.ts";
export type { Problem } from "./problem.ts";
export { refusalTable } from "./refusal-table.ts";
export type { RefusalCode } from "./refusal-table.ts";
export { Refusal } from "./refusal.ts";
export type { RefusalData } from "./refusal.ts";

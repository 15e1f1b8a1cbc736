/** Who has logged in: tokens that are kept as hashes, and end at once. */
export { sessionRoutes } from "./session-routes.ts";
export {
  createSessions,
  type EndedSession,
  type OpenedSession,
  type Sessions,
} from "./sessions.ts";
export { hashToken, looksLikeToken, mintId, mintToken } from "./token.ts";

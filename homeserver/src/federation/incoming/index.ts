/** What peers send and ask. */
export { createEphemeralsAnswerer, type EphemeralsAnswerer } from "./answer-ephemerals.ts";
export {
  callerOf,
  createSubmissionsAnswerer,
  type SubmissionsAnswerer,
} from "./answer-submissions.ts";
export { createUsersAnswerer, type UsersAnswerer } from "./answer-users.ts";
export { createReceiver, type Receiver } from "./receive.ts";

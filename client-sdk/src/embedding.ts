/** For programs that bring what a client needs of its machine themselves: clock, network and store. */
export {
  type Client,
  type ClientOptions,
  type ConversationInfo,
  openClient,
  type Platform,
} from "./client/index.ts";
export { toSdkError } from "./errors/index.ts";
export {
  type CreateSeal,
  type SqlDatabase,
  type SqlTx,
  type SqlValue,
  StoreFault,
} from "./storage/index.ts";
export { openSqlite } from "./storage-sqlite/index.ts";

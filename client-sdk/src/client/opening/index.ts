/** How a client is opened and closed, and a lost account reset. */
export { checkedOptions } from "./checked-options.ts";
export { closeAll } from "./close-all.ts";
export { createLifetimes } from "./lifetimes.ts";
export { openAccount, type OpenedAccount } from "./open-account.ts";
export type { ClientOptions } from "./options.ts";
export type { Platform } from "./platform.ts";
export { createReset, requestReset, type ResetRequest } from "./reset.ts";
export { overBy } from "./over.ts";

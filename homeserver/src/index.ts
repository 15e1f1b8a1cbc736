/** A Treehouse homeserver, to be started from a program: `createHomeserver`. */
export { defaultConfig, loadConfig } from "./config/index.ts";
export type { Config } from "./config/index.ts";
export { createHomeserver } from "./homeserver.ts";
export type { Homeserver, HomeserverOptions } from "./homeserver.ts";
export type { Machine } from "./machine.ts";
export type { OutboundAnswer, OutboundClient, OutboundRequest } from "./peers/index.ts";
export { createNodeEnv } from "./platform/index.ts";
export type { NodeEnv } from "./platform/index.ts";

/** What the operator can set: one TOML file, environment variables, defaults for everything. */
export { describeSettings } from "./describe.ts";
export { ConfigRefused, defaultConfig, loadConfig } from "./load-config.ts";
export { isLoopbackHost } from "./loopback.ts";
export type { Config } from "./settings.ts";

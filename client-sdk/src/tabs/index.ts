/**
 * One client for all tabs of an origin: the leading tab's worker runs it, every tab has its face.
 *
 * Web Locks choose who leads and tell when a tab is gone; channels carry calls, steps of
 * iterations and events. Another tab takes over when the leading one closes or dies.
 */
export { createPlace, type Place } from "./channels.ts";
export type { NotCrossing } from "./face.ts";
export { createHost, type Host, type HostEars, type HostParts } from "./host.ts";
export { type Leading, openInTab, type TabParts } from "./tab.ts";

/**
 * The conformance suite: a black box around any homeserver, with homeservers and people of its own.
 * It imports the protocol alone, so that it says what the specification says.
 */
export { conformance, developmentPeers, peersAt } from "./command.ts";
export type { Launcher, OwnServer } from "./command.ts";
export type { Driver } from "./driver.ts";
export { PeerHost } from "./peers/host.ts";
export { peerSigningKey } from "./peers/peer-key.ts";
export { linesOf } from "./report.ts";
export type { Report, Verdict } from "./report.ts";
export type { RuleId } from "./rule.ts";
export { ruleIds } from "./rules/index.ts";
export { testServer } from "./test-server.ts";
export type { TestOptions } from "./test-server.ts";

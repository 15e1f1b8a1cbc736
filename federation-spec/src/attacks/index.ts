/**
 * The attack kit: numbered attacks on any homeserver, by hostile users and hostile servers. It is
 * the conformance suite's machinery, and borrows its checks where they are the attack.
 */
import { runSuite } from "../conformance/command.ts";
import type { Launcher } from "../conformance/command.ts";
import type { Attack } from "./attack.ts";
import { hostilePeer } from "./hostile-peer.ts";
import { hostileUser } from "./hostile-user.ts";

export type { Attack, AttackId } from "./attack.ts";

export const attacks: readonly Attack[] = [...hostileUser, ...hostilePeer];

const usage = `Usage: npm run attack -- [<url>] [options]

Attacks the homeserver at the URL, or without one our own; without a URL our SDK too, by servers, members
and clients that lie. PASS: it was refused, or bounded, and nothing came of it.`;

/** Runs the kit against a server; resolves with the exit code. */
export function attackServer(args: readonly string[], launcher: Launcher): Promise<0 | 1 | 2> {
  const suite = { usage, list: "attacks", example: "T-12,H-03", rules: attacks };
  return runSuite(suite, args, launcher);
}

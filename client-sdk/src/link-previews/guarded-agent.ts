import { lookup } from "node:dns";
import { isIP, type LookupFunction } from "node:net";

import { Agent } from "undici";

import type { Permit } from "./permit.ts";

/**
 * Connects to permitted addresses only. The name is resolved once and the connection made to what was
 * judged, so that no second answer of the name's server can lead elsewhere.
 */
export function createGuardedAgent(permit: Permit, timeoutMs: number): Agent {
  const guarded: LookupFunction = (host, options, done) => {
    lookup(host, { ...options, all: true }, (error, found) => {
      const judged = error === null ? found.filter(({ address }) => permit(address)) : [];
      const [first] = judged;
      if (first === undefined) {
        done(error ?? new Error("the name leads to no public address"), [], 0);
      } else if (options.all === true) done(null, judged);
      else done(null, first.address, first.family);
    });
  };
  return new Agent({
    connect: { lookup: guarded, timeout: timeoutMs },
    headersTimeout: timeoutMs,
    bodyTimeout: timeoutMs,
    connections: 1,
    keepAliveTimeout: 1,
  });
}

/** What a name server is not asked for: an address that stands in the link itself. */
export function isForbiddenHost(host: string, permit: Permit): boolean {
  const address = host.replace(/^\[(.*)\]$/, "$1");
  return isIP(address) !== 0 && !permit(address);
}

import type { Client } from "@treehouse/client-sdk";

import { failureOf } from "../failure-of.ts";
import { CliFailure } from "../failure.ts";

/** Runs what asks other servers for people; one that cannot be asked is told by its name. */
export async function namingServers<T>(
  client: Client,
  addresses: readonly string[],
  run: () => Promise<T>,
): Promise<T> {
  try {
    return await run();
  } catch (error) {
    const { exit, code, message, help, data } = failureOf(error);
    const domains = new Set(addresses.map(domainIn));
    domains.delete(domainIn(client.me.address));
    if (!/^peer[A-Z]/.test(code) || domains.size === 0) throw error;
    const which = [...domains].join(" or ");
    throw new CliFailure(exit, code, `${message.replace(/\.$/, "")}: ${which}`, { help, data });
  }
}

function domainIn(address: string): string {
  return address.slice(address.indexOf("@") + 1);
}

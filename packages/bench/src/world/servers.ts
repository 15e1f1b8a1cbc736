import { freePort } from "./free-port.ts";
import { type ServerProcess, startServer } from "./server-process.ts";

/** A homeserver among others, all of which know each other. */
export type FederatedServer = {
  readonly domain: string;
  readonly url: string;
  readonly process: ServerProcess;
};

/** Homeservers on one core; `others` are servers of a bench's own that all of them know. */
export async function startFederation(
  domains: readonly string[],
  others: Readonly<Record<string, string>> = {},
): Promise<readonly FederatedServer[]> {
  const ports = new Map<string, number>();
  for (const domain of domains) ports.set(domain, await freePort());
  const urlOf = (domain: string): string => `http://127.0.0.1:${ports.get(domain)}`;
  const servers: FederatedServer[] = [];
  for (const domain of domains) {
    const known = domains.filter((other) => other !== domain);
    const peers = Object.fromEntries(known.map((other) => [other, urlOf(other)]));
    const process = await startServer("world", {
      domain,
      port: ports.get(domain) ?? 0,
      peers: { ...peers, ...others },
    });
    servers.push({ domain, url: urlOf(domain), process });
  }
  return servers;
}

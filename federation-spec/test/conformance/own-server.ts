import { createHomeserver, createNodeEnv, defaultConfig } from "@treehouse/homeserver";
import { parseDomain } from "@treehouse/protocol";
import type { Domain } from "@treehouse/protocol";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Our own server in this process, whose clock can be moved on. */
export interface OwnServer extends AsyncDisposable {
  readonly url: URL;
  readonly domain: Domain;
  /** The first administrator's. */
  readonly invite: string;
  /** Where it finds other servers; may be changed while it runs. */
  readonly peers: Map<Domain, URL>;
  /** Lets time pass for everything that waits for a while, and not for what tells the time. */
  pass(ms: number): Promise<void>;
}

export async function startOwnServer(): Promise<OwnServer> {
  const directory = mkdtempSync(join(tmpdir(), "treehouse-conformance-"));
  const base = defaultConfig();
  const domain = parseDomain("tested.test");
  const peers = new Map<Domain, URL>();
  const env = createNodeEnv({ log: { level: "silent" } });
  let passedMs = 0;
  const server = await createHomeserver({
    config: {
      ...base,
      server: { ...base.server, domain, port: 0 },
      storage: { directory: join(directory, "data"), reserve_mib: 1 },
      metrics: { ...base.metrics, enabled: false },
      // Everybody here comes from one address, and tests claim as fast as they can.
      limits: {
        registrations_per_address: 10_000,
        key_package_uploads: 10_000,
        claims_per_pair: 10_000,
      },
      registration: { ...base.registration, mode: "open" },
    },
    env: { ...env, monotonic: () => env.monotonic() + passedMs },
    developmentPeers: peers,
  });
  const { url, adminInvite } = server;
  if (adminInvite === undefined) throw new Error("the first start makes an admin invite");
  return {
    url: new URL(url),
    domain,
    invite: adminInvite,
    peers,
    async pass(ms) {
      passedMs += ms;
    },
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

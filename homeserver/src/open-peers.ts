import { parseDomain } from "@treehouse/protocol";
import type { Domain } from "@treehouse/protocol";
import type { Config } from "./config/index.ts";
import { createPeers } from "./peers/index.ts";
import type { Peers, PeersOptions } from "./peers/index.ts";
import { openTlsFiles } from "./platform/index.ts";
import type { Jobs, TlsFiles } from "./platform/index.ts";

/** How soon a renewed certificate is taken. */
const tlsLookMs = 10_000;
const dayMs = 86_400_000;

/** Certificates and authorities, as the settings name them; followed while the server runs. */
export function openTls(
  { tls, federation }: Config,
  env: PeersOptions["env"],
  jobs: Pick<Jobs, "every">,
): TlsFiles {
  const files = openTlsFiles(
    {
      ...(tls.certificate === "" ? {} : { own: tls }),
      ...(federation.ca === "" ? {} : { authorities: federation.ca }),
    },
    env,
  );
  if (tls.certificate !== "" || federation.ca !== "") {
    jobs.every("reloadCertificate", tlsLookMs, () => void files.reload());
  }
  return files;
}

type Rest = Omit<
  PeersOptions,
  "domain" | "mode" | "authentication" | "port" | "keyAgeMs" | "development" | "credentials"
>;

/** Peers as the settings say. */
export function openPeers(
  { server, federation }: Config,
  tls: TlsFiles,
  rest: Rest,
  development: ReadonlyMap<Domain, URL> = developmentPeers(federation),
): Promise<Peers> {
  return createPeers({
    ...rest,
    domain: server.domain,
    mode: federation.mode,
    authentication: federation.authentication,
    port: federation.port,
    keyAgeMs: federation.key_age_days * dayMs,
    development,
    credentials: () => ({
      trusted: tls.current.trusted,
      own: federation.authentication === "mtls" ? tls.current.own : undefined,
    }),
  });
}

function developmentPeers({ development }: Config["federation"]): ReadonlyMap<Domain, URL> {
  const entries = Object.entries(development.peers);
  return new Map(entries.map(([domain, url]) => [parseDomain(domain), new URL(url)]));
}

import {
  LIMITS,
  PEER_CAPABILITIES,
  peerRoutes,
  PROFILE,
  toBase64Url,
  VERSIONS,
} from "@treehouse/protocol";
import type { DirectoryDocument, EndpointName } from "@treehouse/protocol";
import type { PeersContext } from "./context.ts";
import { CERTIFICATE_CAPABILITY } from "./post.ts";

/** What this server tells of itself (FED-902). */
export function ownDirectory(context: PeersContext): DirectoryDocument {
  const { domain, port, authentication, ownKeys, ownCountersigners } = context;
  const base = `https://${domain}${port === 443 ? "" : `:${port}`}`;
  const at = (endpoint: EndpointName): string => base + peerRoutes[endpoint];
  return {
    profile: PROFILE,
    versions: [...VERSIONS],
    domain,
    capabilities: [
      ...PEER_CAPABILITIES,
      ...(authentication === "mtls" ? [CERTIFICATE_CAPABILITY] : []),
    ],
    keys: ownKeys.published().map(({ kid, publicKey, notBefore, expires, certified }) => ({
      kid,
      kty: "OKP",
      crv: "Ed25519",
      x: toBase64Url(publicKey),
      notBefore,
      ...(expires === undefined ? {} : { exp: expires }),
      ...(certified === undefined
        ? {}
        : { certifiedBy: certified.by, certificate: toBase64Url(certified.certificate) }),
    })),
    countersigners: ownCountersigners().map(({ kid, key }) => ({ kid, x: toBase64Url(key) })),
    endpoints: {
      keyMaterial: at("keyMaterial"),
      update: at("update"),
      notify: at("notify"),
      submitMessage: at("submitMessage"),
      groupInfo: at("groupInfo"),
      tree: at("tree"),
      leave: at("leave"),
      ephemeral: at("ephemeral"),
      asset: at("asset"),
      assetsForgotten: at("assetsForgotten"),
      hubOffer: at("hubOffer"),
      takeOver: at("takeOver"),
      events: at("events"),
      standing: at("standing"),
      identifierQuery: at("identifierQuery"),
    },
    limits: {
      maxBody: LIMITS.peerBodyBytesMax,
      maxNotifyBody: LIMITS.notifyBodyBytesMax,
      maxTakeOverBody: LIMITS.takeOverBodyBytesMax,
      eventRetentionSeconds: LIMITS.entryKeptReadMs / 1_000,
    },
  };
}

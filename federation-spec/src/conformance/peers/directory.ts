import { endpointNames, ENDPOINTS, LIMITS, PROFILE, toBase64Url } from "@treehouse/protocol";
import type { DirectoryDocument, Domain, EndpointName } from "@treehouse/protocol";
import type { SigningKey } from "../../signing-keys.ts";
import { listed } from "./peer-key.ts";
import type { PeerKey } from "./peer-key.ts";

/** Under which id the suite's servers countersign. */
export const countersignerKid = "vouch-1";

/**
 * The directory of one of the suite's servers. Its paths are none of ours, so that a server which
 * does not read the templates is noticed.
 */
export function directoryOf(
  domain: Domain,
  keys: readonly PeerKey[],
  countersigner: SigningKey,
): DirectoryDocument {
  const url = (name: EndpointName) => `https://${domain}${pathOf(name)}`;
  return {
    profile: PROFILE,
    versions: [PROFILE],
    domain,
    capabilities: [
      "batches",
      "submissions",
      "events",
      "standing",
      "consent",
      "ephemeral",
      "assets",
      "moves",
    ],
    keys: keys.map(listed),
    countersigners: [{ kid: countersignerKid, x: toBase64Url(countersigner.publicKey) }],
    endpoints: {
      keyMaterial: url("keyMaterial"),
      update: url("update"),
      notify: url("notify"),
      submitMessage: url("submitMessage"),
      groupInfo: url("groupInfo"),
      tree: url("tree"),
      leave: url("leave"),
      ephemeral: url("ephemeral"),
      asset: url("asset"),
      assetsForgotten: url("assetsForgotten"),
      hubOffer: url("hubOffer"),
      takeOver: url("takeOver"),
      events: url("events"),
      standing: url("standing"),
      identifierQuery: url("identifierQuery"),
    },
    limits: {
      maxBody: LIMITS.peerBodyBytesMax,
      maxNotifyBody: LIMITS.notifyBodyBytesMax,
      eventRetentionSeconds: 86_400,
    },
  };
}

/** The endpoint of a path, and the value of its variable. */
export function endpointAt(
  path: string,
): { readonly endpoint: EndpointName; readonly value: string | undefined } | undefined {
  for (const endpoint of endpointNames) {
    const [before = "", after] = pathOf(endpoint).split(/\{[a-zA-Z]+\}/);
    if (after === undefined && path === before) return { endpoint, value: undefined };
    if (after === undefined || !path.startsWith(before) || !path.endsWith(after)) continue;
    const segment = path.slice(before.length, path.length - after.length);
    if (segment !== "" && !segment.includes("/")) {
      return { endpoint, value: decodeURIComponent(segment) };
    }
  }
  return undefined;
}

function pathOf(endpoint: EndpointName): string {
  const variable = ENDPOINTS[endpoint];
  return `/between/${endpoint}${variable === undefined ? "" : `/{${variable}}/now`}`;
}

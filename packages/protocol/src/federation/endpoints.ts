/**
 * What servers ask each other, and the variable of each path: a URI, percent-encoded as one
 * segment. A batch and a batch of submissions are of many rooms, so their paths have none.
 */
export const ENDPOINTS = {
  keyMaterial: "targetUser",
  update: "roomId",
  notify: undefined,
  submitMessage: undefined,
  groupInfo: "roomId",
  tree: "roomId",
  leave: "roomId",
  ephemeral: undefined,
  asset: undefined,
  assetsForgotten: undefined,
  hubOffer: "roomId",
  takeOver: "roomId",
  events: "roomId",
  standing: "roomId",
  identifierQuery: "domain",
} as const;

export type EndpointName = keyof typeof ENDPOINTS;

/** The names of all endpoints. */
export const endpointNames: readonly EndpointName[] = namesOf(ENDPOINTS);

/** Where our own server has them; another's are in its directory. */
export const peerRoutes = {
  keyMaterial: "/federation/v1/key-material/{targetUser}",
  update: "/federation/v1/rooms/{roomId}/update",
  notify: "/federation/v1/notify",
  submitMessage: "/federation/v1/submit",
  groupInfo: "/federation/v1/rooms/{roomId}/group-info",
  tree: "/federation/v1/rooms/{roomId}/tree",
  leave: "/federation/v1/rooms/{roomId}/leave",
  ephemeral: "/federation/v1/ephemeral",
  asset: "/federation/v1/assets/read",
  assetsForgotten: "/federation/v1/assets/forgotten",
  hubOffer: "/federation/v1/rooms/{roomId}/hub-offer",
  takeOver: "/federation/v1/rooms/{roomId}/take-over",
  events: "/federation/v1/rooms/{roomId}/events",
  standing: "/federation/v1/rooms/{roomId}/standing",
  identifierQuery: "/federation/v1/identifiers/{domain}",
} as const satisfies Record<EndpointName, string>;

/** Where every server has its directory. */
export const DIRECTORY_PATH = "/.well-known/mimi-protocol-directory";

function namesOf<K extends string>(table: Readonly<Record<K, unknown>>): readonly K[] {
  const names: K[] = [];
  for (const name in table) names.push(name);
  return names;
}

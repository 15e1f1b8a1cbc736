/**
 * The servers that the suite plays, by the first label of their names. A server believes the keys
 * that it sees first for good, so each story about first contact, or about a server that is not
 * honest, has a name of its own.
 */
export const peerLabels = [
  "a",
  "ahead",
  "answering",
  "asking",
  "b",
  "cached",
  "doubled",
  "elsewhere",
  "endless",
  "extended",
  "foreign",
  "greedy",
  "hasty",
  "forged",
  "formless",
  "judged",
  "later",
  "misnamed",
  "moved",
  "mover",
  "plain",
  "redeemed",
  "rotated",
  "seized",
  "slow",
  "squeezed",
  "swapped",
  "timed",
  "twin",
  "twofold",
  "unheard",
  "waiting",
  "weak",
] as const;

export type PeerLabel = (typeof peerLabels)[number];

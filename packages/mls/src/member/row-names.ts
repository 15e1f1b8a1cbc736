/**
 * Names of rows. Rows of an epoch keep their names when the epoch becomes a past one, so that a
 * commit rewrites nothing that stays the same.
 */
export const ROW = {
  head: "head",
  context: "context",
  secrets: "secrets",
  keys: "keys",
  prepared: "prepared",
  node: (index: number) => `node/${index}`,
  proposal: (refHex: string) => `proposal/${refHex}`,
  /** A secret of the secret tree that was not split yet. */
  inner: (epoch: bigint, node: number) => `epoch/${epoch}/inner/${node}`,
  /** The ratchets of one sender. */
  sender: (epoch: bigint, node: number) => `epoch/${epoch}/sender/${node}`,
  /** Key and nonce of a message that was overtaken. */
  skipped: (epoch: bigint, node: number, kind: "application" | "handshake", generation: number) =>
    `epoch/${epoch}/skipped/${node}/${kind}/${generation}`,
  past: (epoch: bigint) => `epoch/${epoch}/past`,
  /** What stood at a leaf until the commit that ended this epoch. */
  was: (epoch: bigint, leaf: number) => `epoch/${epoch}/was/${leaf}`,
} as const;

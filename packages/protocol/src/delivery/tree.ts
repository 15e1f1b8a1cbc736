import type { Bytes } from "../bytes/index.ts";
import { struct, u64 } from "../codec/index.ts";
import type { Codec } from "../codec/index.ts";
import { ratchetTreeCodec, suiteHashCodec } from "./mls-objects.ts";

/** The public tree of one epoch; whoever receives it computes the tree hash itself. */
export type TreeResponse = {
  readonly epoch: number;
  readonly treeHash: Bytes;
  /** Content of a ratchet_tree extension (RFC 9420 §12.4.3.3). */
  readonly nodes: Bytes;
};

export const treeResponseCodec: Codec<TreeResponse> = struct<TreeResponse>({
  epoch: u64,
  treeHash: suiteHashCodec,
  nodes: ratchetTreeCodec,
});

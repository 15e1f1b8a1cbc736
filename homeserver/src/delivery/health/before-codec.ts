import { opaque, struct, u32, u64, vector, versioned } from "@treehouse/protocol";
import { LIMITS } from "@treehouse/protocol";
import type { Before } from "./store.ts";

const leaves = vector(u32, { countMax: LIMITS.treeLeavesMax });
const proposal = struct({
  ref: opaque({ max: 64 }),
  message: opaque({ max: LIMITS.handshakeBytesMax }),
  acceptedAt: u64,
});

/** The stored form. */
export const beforeCodec = versioned(
  1,
  struct<Before>({
    removals: leaves,
    held: leaves,
    proposals: vector(proposal, { countMax: LIMITS.treeLeavesMax }),
  }),
);

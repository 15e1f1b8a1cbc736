import type { Bytes } from "../bytes/index.ts";
import { fixed, opaque, optional, struct, vector } from "../codec/index.ts";
import type { Codec } from "../codec/index.ts";
import { groupInfoCodec, rosterCodec, signedHeadCodec, welcomeCodec } from "../delivery/index.ts";
import type { Roster, SignedHead } from "../delivery/index.ts";
import { clientUriCodec } from "../identifiers/index.ts";
import type { ClientUri } from "../identifiers/index.ts";
import { LIMITS } from "../limits.ts";

/** A Welcome for clients of the server that receives it. */
export type WelcomeDelivery = { readonly clients: readonly ClientUri[]; readonly welcome: Bytes };

/** What a server must know of a room in which it had nobody before. */
export type Introduction = {
  /** The room's hub key, which the follower pins. */
  readonly hubKey: Bytes;
  /** After the entry that comes with it. */
  readonly roster: Roster;
};

/** An entry on its way to one follower, with what is for that follower alone. */
export type EntryDelivery = {
  /** The octets of an Entry, exactly as the hub made them. */
  readonly entry: Bytes;
  /** The head at this entry; always there with a commit. */
  readonly head: SignedHead | undefined;
  /** The committer's, for the epoch that a commit begins: always there with a commit. */
  readonly groupInfo: Bytes | undefined;
  readonly welcomes: readonly WelcomeDelivery[];
  readonly introduction: Introduction | undefined;
};

export const welcomeDeliveryCodec: Codec<WelcomeDelivery> = struct<WelcomeDelivery>({
  clients: vector(clientUriCodec, { countMin: 1, countMax: LIMITS.welcomesPerItemMax }),
  welcome: welcomeCodec,
});

export const introductionCodec: Codec<Introduction> = struct<Introduction>({
  hubKey: fixed(32),
  roster: rosterCodec,
});

export const entryDeliveryCodec: Codec<EntryDelivery> = struct<EntryDelivery>({
  entry: opaque({ max: LIMITS.entryBytesMax, min: 1 }),
  head: optional(signedHeadCodec),
  groupInfo: optional(groupInfoCodec),
  welcomes: vector(welcomeDeliveryCodec, { countMax: LIMITS.welcomesPerItemMax }),
  introduction: optional(introductionCodec),
});

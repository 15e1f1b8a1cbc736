import type { Bytes } from "../bytes/index.ts";
import { fixed, flags, optional, struct, u32, u64, vector, versioned } from "../codec/index.ts";
import type { Codec } from "../codec/index.ts";
import { groupInfoCodec, PROTOCOL, ratchetTreeCodec } from "../delivery/index.ts";
import { clientUriCodec, domainCodec, userUriCodec } from "../identifiers/index.ts";
import type { ClientUri, Domain, UserUri } from "../identifiers/index.ts";
import { LIMITS } from "../limits.ts";
import { hubConsentCodec } from "../room/index.ts";
import type { HubConsent, NamedHub } from "../room/index.ts";

/** A member asks a server to become the hub of the room in the path. */
export type HubOfferRequest = { readonly client: ClientUri };

/** What the commit that names the hub has to say. */
export type HubOffer = NamedHub & { readonly consent: HubConsent };

/** What a hub gives the one that is to follow it, before it accepts the commit that says so. */
export type TakeOverRequest = {
  /** Of the epoch that the commit begins. */
  readonly groupInfo: Bytes;
  readonly ratchetTree: Bytes;
  /** Leaves that are still to be removed, ascending. */
  readonly removals: readonly DueRemoval[];
  /** Which entries other servers may read. */
  readonly ranges: readonly PeerRangeOf[];
  /** Uses of the room's join links so far (FED-1085). */
  readonly linkUses: readonly UsedLink[];
};

export type UsedLink = {
  /** Of the commit that used it. */
  readonly position: number;
  readonly link: Bytes;
  /** Who came by it and has not taken its role yet. */
  readonly owedTo: UserUri | undefined;
};

export type DueRemoval = {
  readonly leaf: number;
  /** `held`: it is not to be proposed yet (FED-970). */
  readonly flags: { readonly held: boolean };
};

/** Both ends inclusive; open while the server has members. */
export type PeerRangeOf = {
  readonly peer: Domain;
  readonly since: number;
  readonly until: number | undefined;
};

export const hubOfferRequestCodec: Codec<HubOfferRequest> = versioned(
  PROTOCOL,
  struct<HubOfferRequest>({ client: clientUriCodec }),
);

export const hubOfferCodec: Codec<HubOffer> = versioned(
  PROTOCOL,
  struct<HubOffer>({
    hub: domainCodec,
    hubKey: fixed(32),
    term: u64,
    consent: hubConsentCodec,
  }),
);

export const takeOverRequestCodec: Codec<TakeOverRequest> = versioned(
  PROTOCOL,
  struct<TakeOverRequest>({
    groupInfo: groupInfoCodec,
    ratchetTree: ratchetTreeCodec,
    removals: vector(struct<DueRemoval>({ leaf: u32, flags: flags({ held: 0 }) }), {
      countMax: LIMITS.treeLeavesMax,
    }),
    ranges: vector(struct<PeerRangeOf>({ peer: domainCodec, since: u64, until: optional(u64) }), {
      countMax: LIMITS.treeLeavesMax,
    }),
    linkUses: vector(
      struct<UsedLink>({ position: u64, link: fixed(32), owedTo: optional(userUriCodec) }),
    ),
  }),
);

/** Has no field: the new hub is ready. */
export const takeOverResponseCodec: Codec<object> = versioned(PROTOCOL, struct<object>({}));

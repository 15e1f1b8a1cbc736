import type { FederationKey } from "@treehouse/protocol";
import { hubDomain, time } from "./sample-values.ts";
import { signingKeys } from "./signing-keys.ts";

const DAY = 86_400_000;

/** The first federation key of a.example. */
export const federationKey: FederationKey = {
  domain: hubDomain,
  kid: "2026-1",
  key: signingKeys.federation.publicKey,
  notBefore: time,
  expires: 0,
};

/** The one that follows it. */
export const nextFederationKey: FederationKey = {
  domain: hubDomain,
  kid: "2026-2",
  key: signingKeys.nextFederation.publicKey,
  notBefore: time + 90 * DAY,
  expires: time + 187 * DAY,
};

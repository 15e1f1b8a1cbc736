import type { Bytes } from "../bytes/index.ts";
import type { Verify } from "../delivery/index.ts";
import type { UserUri } from "../identifiers/index.ts";
import { Refusal } from "../refusals/index.ts";
import {
  checkClientList,
  signedClientListCodec,
  verifyClientListCountersignature,
} from "./client-list.ts";
import type { SignedClientList } from "./client-list.ts";

/** What a server tells of one of its users. */
export type ToldClientList = {
  /** A `SignedClientList`. */
  readonly clientList: Bytes;
  /** The keys with which that server vouches for client lists, by id. */
  readonly countersigners: readonly { readonly kid: string; readonly key: Bytes }[];
};

/**
 * The client list that a server tells of a user (FED-308). Refuses with "identityInvalid" another
 * user's, one that is not signed right, and one for which the server does not vouch. Whether the
 * identity key is the user's, the caller compares with what is pinned.
 */
export function readVouchedClientList(
  user: UserUri,
  { clientList, countersigners }: ToldClientList,
  verify: Verify,
): SignedClientList {
  const signed = signedClientListCodec.decode(clientList);
  if (signed.list.user !== user) throw invalid("the server tells another user's client list");
  checkClientList(signed, { verify });
  const countersigner = countersigners.find(({ kid }) => kid === signed.countersigner);
  if (
    countersigner === undefined ||
    !verifyClientListCountersignature(signed, countersigner.key, verify)
  ) {
    throw invalid("the user's server does not vouch for the client list");
  }
  return signed;
}

function invalid(what: string): Refusal {
  return new Refusal("identityInvalid", what);
}

import {
  attestationCodec,
  checkClientList,
  checkLeafIdentity,
  equalBytes,
  Refusal,
  signedClientListCodec,
} from "@treehouse/protocol";
import type { Bytes, ClientUri, ListedClient, SignedClientList, Verify } from "@treehouse/protocol";
import type { CheckedIdentity } from "./check-identity.ts";

/** The next client list and the attestation of the client that it adds, encoded. */
export type ClaimedAddition = { readonly clientList: Bytes; readonly attestation: Bytes };

/**
 * Checks that the next list is the one before and one client more, signed with a device-signing key
 * that has not been replaced, under the same identity key (T-09). All others stay as they were: who
 * adds a client can neither drop nor change another one.
 *
 * Refuses `malformed`, `conflict` when another version came first, and `identityInvalid`.
 */
export function checkAddition(
  claimed: ClaimedAddition,
  checks: {
    readonly previous: SignedClientList;
    readonly client: ClientUri;
    readonly at: number;
    readonly verify: Verify;
  },
): CheckedIdentity {
  const { previous, client, at, verify } = checks;
  const signedList = signedClientListCodec.decode(claimed.clientList);
  const attestation = attestationCodec.decode(claimed.attestation);
  if (signedList.list.version <= previous.list.version) {
    throw new Refusal("conflict", "the client list was changed meanwhile");
  }
  checkClientList(signedList, { verify, previous });
  const added = signedList.list.clients.find((one) => one.client === client);
  const others = signedList.list.clients.filter((one) => one.client !== client);
  const before = previous.list.clients;
  if (added === undefined) throw invalid("the client list does not name the new client");
  if (before.some((one) => one.client === client)) throw invalid("the client is listed already");
  const same =
    others.length === before.length &&
    others.every((one, index) => isSameClient(one, before[index]));
  if (!same) throw invalid("the client list changes another client");
  if (!isSameClient(attestation, added))
    throw invalid("the attestation differs from the client list");
  const { certificate } = signedList;
  const countersignature = new Uint8Array(0);
  checkLeafIdentity(
    { certificate, attestation, countersignature, countersigner: "" },
    { client, signatureKey: added.signatureKey, at, verify },
  );
  return { signedList, attestation };
}

/** Whether a list, or an attestation, says the same of a client. */
export function isSameClient(one: ListedClient, other: ListedClient | undefined): boolean {
  return (
    other !== undefined &&
    one.client === other.client &&
    equalBytes(one.signatureKey, other.signatureKey) &&
    one.addedAt === other.addedAt &&
    one.expiresAt === other.expiresAt
  );
}

function invalid(what: string): Refusal {
  return new Refusal("identityInvalid", what);
}

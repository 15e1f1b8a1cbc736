import {
  attestationCodec,
  checkClientList,
  checkLeafIdentity,
  Refusal,
  signedClientListCodec,
} from "@treehouse/protocol";
import type { Attestation, Bytes, ClientUri, SignedClientList, Verify } from "@treehouse/protocol";
import { isSameClient } from "./check-addition.ts";
import type { CheckedIdentity } from "./check-identity.ts";

/** The next client list and new attestations of the clients that stay, encoded. */
export type ClaimedRevocation = {
  readonly clientList: Bytes;
  readonly attestations: readonly Bytes[];
};

/**
 * Checks that the next list is the one before without this client, signed with the next
 * device-signing key, and that all others are attested under that key: so whoever holds the revoked
 * client can certify nothing more, not even with a copy of the key before. Answers the identities of
 * those that stay, in the order of the list.
 *
 * Refuses `malformed`, `unknownClient`, `conflict` when another version came first, and
 * `identityInvalid`.
 */
export function checkRevocation(
  claimed: ClaimedRevocation,
  checks: {
    readonly previous: SignedClientList;
    readonly client: ClientUri;
    readonly at: number;
    readonly verify: Verify;
  },
): readonly CheckedIdentity[] {
  const { previous, client, at, verify } = checks;
  const signedList = signedClientListCodec.decode(claimed.clientList);
  const attestations = claimed.attestations.map((bytes) => attestationCodec.decode(bytes));
  if (signedList.list.version <= previous.list.version) {
    throw new Refusal("conflict", "the client list was changed meanwhile");
  }
  const staying = previous.list.clients.filter((one) => one.client !== client);
  if (staying.length === previous.list.clients.length) {
    throw new Refusal("unknownClient", "the client list does not name this client");
  }
  checkClientList(signedList, { verify, previous });
  const { certificate, list } = signedList;
  // What the revoked client had may certify nothing more, not even once.
  if (certificate.number !== previous.certificate.number + 1) {
    throw invalid("a revocation begins the next device-signing key");
  }
  const same =
    list.clients.length === staying.length &&
    list.clients.every((one, index) => isSameClient(one, staying[index]));
  if (!same) throw invalid("the client list changes more than one client");
  if (attestations.length !== staying.length) throw invalid("each client takes one attestation");
  return staying.map((listed) => {
    const attestation = attestations.find((one) => one.client === listed.client);
    if (attestation === undefined || !isSameClient(attestation, listed)) {
      throw invalid("an attestation differs from the client list");
    }
    checkAttested(signedList, attestation, { at, verify });
    return { signedList, attestation };
  });
}

/** A client whose time is over stays listed, and is nobody's business any more. */
function checkAttested(
  { certificate }: SignedClientList,
  attestation: Attestation,
  { at, verify }: { readonly at: number; readonly verify: Verify },
): void {
  const { client, signatureKey, expiresAt } = attestation;
  const leaf = { certificate, attestation, countersignature: new Uint8Array(0), countersigner: "" };
  checkLeafIdentity(leaf, { client, signatureKey, at: Math.min(at, expiresAt - 1), verify });
}

function invalid(what: string): Refusal {
  return new Refusal("identityInvalid", what);
}

import { countersignAttestation, countersignClientList } from "@treehouse/protocol";
import type { LeafIdentity, SignedClientList } from "@treehouse/protocol";
import type { CheckedIdentity } from "./check-identity.ts";
import type { CountersignatureKey, Signatures } from "./countersignature-key.ts";

/** This server's word for a checked identity: on the list for contacts, in the leaf for rooms. */
export function countersign(
  keys: { readonly signatures: Signatures; readonly countersignatureKey: CountersignatureKey },
  identity: CheckedIdentity,
): { readonly signedList: SignedClientList; readonly leafIdentity: LeafIdentity } {
  const { kid, privateKey } = keys.countersignatureKey;
  const sign = (message: Uint8Array) => keys.signatures.sign(privateKey, message);
  const { attestation, signedList } = identity;
  return {
    signedList: countersignClientList(signedList, kid, sign),
    leafIdentity: {
      certificate: signedList.certificate,
      attestation,
      countersignature: countersignAttestation(attestation, sign),
      countersigner: kid,
    },
  };
}

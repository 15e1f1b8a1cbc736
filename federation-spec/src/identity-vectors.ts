import {
  attestation,
  certificate,
  countersignedList,
  firstList,
  leafIdentity,
  secondList,
  signedList,
} from "./identity-samples.ts";
import { octets } from "./sample-values.ts";
import { vectorOf } from "./vector-of.ts";

export const identityVectors = [
  vectorOf("DeviceSigningCertificate", "certificate", certificate),
  vectorOf("Attestation", "attestation", attestation),
  vectorOf("LeafIdentity", "leaf identity", leafIdentity),
  vectorOf("ClientList", "first list", firstList),
  vectorOf("ClientList", "second list", secondList),
  vectorOf("SignedClientList", "not countersigned", signedList),
  vectorOf("SignedClientList", "countersigned", countersignedList),
  vectorOf("TreehouseAad", "our component of SafeAAD", {
    epoch: 7,
    forkTag: octets(16),
    lastPosition: 42,
  }),
];

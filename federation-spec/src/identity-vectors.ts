import { maskSenderLink, senderChainCodec } from "@treehouse/protocol";

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

/** The salt is that of the content vectors. */
const hiddenLink = senderChainCodec.decode(
  maskSenderLink(
    { counter: 1, messageId: octets(32), previous: new Uint8Array(32) },
    octets(16),
    octets(16),
  ),
);

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
  vectorOf("SenderLink", "the first message of a client", {
    counter: 1,
    messageId: octets(32),
    previous: new Uint8Array(32),
  }),
  vectorOf("SenderChain", "the same, hidden", hiddenLink),
];

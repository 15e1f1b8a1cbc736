import { contactSafetyNumber, groupSafetyNumber, parseGroupUri, toHex } from "@treehouse/protocol";
import { alice, bob, octets, room } from "./sample-values.ts";
import { signingKeys } from "./signing-keys.ts";

const alicesKey = signingKeys.identity.publicKey;

/** Numbers of contacts (FED-340) and of a group's state (FED-341), as digits and as scanned. */
export function safetyNumberVectors() {
  const group = parseGroupUri(`${room.replace("/r/", "/g/")}.1`);
  return {
    contacts: [octets(32, 0x44), alicesKey].map((identityKey) => ({
      one: { user: alice, identityKey: toHex(alicesKey) },
      other: { user: bob, identityKey: toHex(identityKey) },
      ...contactSafetyNumber({ user: alice, identityKey: alicesKey }, { user: bob, identityKey }),
    })),
    groups: [0, 7].map((epoch) => {
      const state = { group, epoch, treeHash: octets(32), epochAuthenticator: octets(32, 0x80) };
      return {
        group,
        epoch,
        treeHash: toHex(state.treeHash),
        epochAuthenticator: toHex(state.epochAuthenticator),
        ...groupSafetyNumber(state),
      };
    }),
  };
}

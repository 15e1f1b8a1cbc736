import { copyBytes, LEAF_IDENTITY_EXTENSION, leafIdentityCodec } from "@treehouse/protocol";
import { createCommit } from "ts-mls/createCommit.js";
import { encodeMlsMessage } from "ts-mls/message.js";
import type { Proposal } from "ts-mls/proposal.js";

import { toTsMls } from "../../src/crypto/index.ts";
import { clientConfig } from "../../src/profile/index.ts";
import type { Room } from "../world/room.ts";
import { none } from "../world/room.ts";
import { anyone, forgeCommit, forgeKeyPackage, stateOf } from "./forge.ts";
import { refusalOf, refuse } from "./refused-by-all.ts";

/** T-01, T-09: a leaf enters only with a certification of its own user. */
export async function wrongIdentity(room: Room): Promise<void> {
  const { world } = room;
  const victim = anyone(room);
  const { keyPackage } = await forgeKeyPackage(room, (one) => {
    const { identity } = victim;
    const extensionData = world.random.pick([identity.leafIdentity, new Uint8Array([1])]);
    const swapped = [{ extensionType: LEAF_IDENTITY_EXTENSION, extensionData }];
    const extensions = world.random.pick([swapped, []]);
    return { ...one, leafNode: { ...one.leafNode, extensions } };
  });
  const proposals: Proposal[] = [{ proposalType: "add", add: { keyPackage } }];
  const made = await forgeCommit(room, anyone(room), { proposals });
  await refuse(room, made, "identityInvalid", "invalidCommit");
}

/** A member may not turn into another client in its own commit. */
export async function stolenIdentity(room: Room): Promise<void> {
  const attacker = anyone(room);
  const other = room.world.client(attacker.user, {
    keys: {
      privateKey: attacker.identity.signaturePrivateKey,
      publicKey: attacker.identity.signaturePublicKey,
    },
  });
  const state = { ...stateOf(attacker), clientConfig: clientConfig(0) };
  const made = await createCommit(
    { state, cipherSuite: toTsMls(room.world.crypto) },
    {
      wireAsPublicMessage: true,
      authenticatedData: none,
      leafNode: {
        credential: {
          credentialType: "basic",
          identity: new TextEncoder().encode(other.client),
        },
        extensions: [{ extensionType: LEAF_IDENTITY_EXTENSION, extensionData: other.leafIdentity }],
      },
    },
  );
  await refuse(room, copyBytes(encodeMlsMessage(made.commit)), "invalidCommit");
}

/** A device-signing key that was replaced certifies nothing more; nor does one that expired. */
export async function staleIdentity(room: Room): Promise<void> {
  const attacker = anyone(room);
  const expired = room.world.leafIdentity(attacker.user, attacker.identity, {
    expiresAt: room.world.context.now(),
  });
  const leafIdentity = leafIdentityCodec.encode(expired);
  const code = await refusalOf("An expired attestation", () =>
    attacker.group.prepareCommit({ updateLeafIdentity: leafIdentity }, none),
  );
  if (code !== "identityInvalid") throw new Error(`Refused as ${code}.`);
}

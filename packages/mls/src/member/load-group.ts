import type { Bytes } from "@treehouse/protocol";
import { equalBytes, Refusal } from "@treehouse/protocol";

import { leafAt, readLeaf } from "../tree/index.ts";
import { refuseOn } from "../wire/index.ts";
import type { ClientIdentity, MemberContext, MemberGroup } from "./face.ts";
import { Group } from "./group.ts";
import { restoreSnapshot } from "./restore-snapshot.ts";

/**
 * The group that rows of `takeChanges` describe, including a commit that was prepared and neither
 * adopted nor discarded. Refusals: malformed (rows are missing or damaged), clientMismatch.
 */
export async function loadGroup(
  context: MemberContext,
  identity: ClientIdentity,
  rows: ReadonlyMap<string, Bytes>,
): Promise<MemberGroup> {
  const snapshot = await refuseOn("malformed", () => restoreSnapshot(rows));
  if (snapshot.kind === "live") {
    const { ratchetTree, privatePath } = snapshot.state;
    const leaf = leafAt(ratchetTree, privatePath.leafIndex);
    const own = leaf && readLeaf(leaf);
    if (own === undefined) throw new Refusal("malformed", "the own leaf is missing");
    const sameKey = equalBytes(own.signatureKey, identity.signaturePublicKey);
    if (own.client !== identity.client || !sameKey) {
      throw new Refusal("clientMismatch", "the group is of another client");
    }
  }
  return new Group(context, identity, snapshot, snapshot);
}

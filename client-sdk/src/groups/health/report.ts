import {
  type HealthReport,
  Refusal,
  refusalOfResponse,
  roomOfGroup,
  signHealthReport,
  updateRequestCodec,
} from "@treehouse/protocol";

import { type GroupsContext, type Room, loadGroup } from "../room/index.ts";

/**
 * Tells the hub, and with it everybody, whether this leaf could apply a commit (FED-1100). Refuses
 * `wrongEpoch` when the commit stands or is void already, and `conflict` when enough has been said.
 */
export async function sendReport(
  context: GroupsContext,
  room: Room,
  said: Pick<HealthReport, "verdict" | "position" | "hash" | "epoch">,
): Promise<void> {
  const { member, identity, link } = context;
  const place = await room.serial.run(async () => {
    const { group, ownLeaf: leaf } = await loadGroup(context, room);
    return { ...roomOfGroup(group), leaf };
  });
  const report = signHealthReport({ ...said, ...place }, (message) =>
    member.crypto.sign(identity.signaturePrivateKey, message),
  );
  const response = await link.update(
    room.uri,
    updateRequestCodec.encode({ kind: "report", report }),
  );
  if (response.code === "success") return;
  throw refusalOfResponse(response) ?? new Refusal("notAllowed", "the hub refused the report");
}

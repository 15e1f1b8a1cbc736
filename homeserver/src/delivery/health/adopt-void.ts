import type { VoidEntry } from "@treehouse/protocol";
import type { DeliveryContext } from "../context.ts";
import type { HostedRoom } from "../room/index.ts";
import { formerOf } from "./unsettled.ts";
import { roomAfterVoid } from "./void-commit.ts";

/** The room after a void of this hub's own log that a restore had lost. */
export async function adoptVoid(
  context: DeliveryContext,
  hosted: HostedRoom,
  { voided, acceptedAt, position }: VoidEntry,
): Promise<HostedRoom> {
  const commit = hosted.unsettled.find((one) => one.position === voided);
  const former = commit && (await formerOf(context, hosted, commit));
  if (commit === undefined || former === undefined) {
    throw new Error("The log voids a commit that the room does not have.");
  }
  const { plain, record } = roomAfterVoid(hosted, { commit, former }, acceptedAt);
  return { ...plain, voids: [...hosted.voids, { ...record, position }] };
}

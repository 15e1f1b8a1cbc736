import { type GroupUri, mayReturn, parseGroupUri, Refusal, roomOfGroup } from "@treehouse/protocol";
import type { Caller } from "../ports.ts";
import type { HostedRoom } from "../room/index.ts";

/**
 * FED-1135: what is of an earlier generation of the room comes too late, and its sender goes on once it
 * has read that. The epoch that is named is one that the former group never came to. Who was not in that
 * one learns nothing.
 */
export function refuseFormer(
  { room, generation, view, leafOf }: Pick<HostedRoom, "room" | "generation" | "view" | "leafOf">,
  { user, client }: Caller,
  { groupId, epoch }: { readonly groupId: string; readonly epoch: number },
  code: "wrongEpoch" | "epochTooOld",
): void {
  if (!leafOf.has(client) && !mayReturn(view.state.predecessor, user)) return;
  const former = read(groupId);
  if (former === undefined) return;
  const of = roomOfGroup(former);
  if (of.room !== room || of.generation >= generation) return;
  throw new Refusal(code, "The room has begun anew with another group.", {
    currentEpoch: epoch + 1,
  });
}

function read(groupId: string): GroupUri | undefined {
  try {
    return parseGroupUri(groupId);
  } catch (error) {
    if (error instanceof Refusal) return undefined;
    throw error;
  }
}

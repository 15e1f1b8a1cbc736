import { readStateOf } from "@treehouse/mls/public";
import { decodeRoomState, updateRequestCodec } from "@treehouse/protocol";
import type { Domain } from "@treehouse/protocol";
import type { GenerationUpload } from "./begin-anew.ts";

/** Whether the room is to go on at another hub than before. */
export function isElsewhere(upload: Pick<GenerationUpload, "groupInfo">): boolean {
  return claimIn(upload)?.reason === "hubGone";
}

/** The server that a request is for because the room is to go on there; undefined: the room's hub. */
export function hubWanted(request: Uint8Array): Domain | undefined {
  const decoded = updateRequestCodec.decode(request);
  if (decoded.kind === "claim") return decoded.hub;
  return decoded.kind === "generation" && isElsewhere(decoded) ? claimIn(decoded)?.hub : undefined;
}

function claimIn({ groupInfo }: Pick<GenerationUpload, "groupInfo">) {
  return decodeRoomState(readStateOf(groupInfo).roomState).predecessor?.claim;
}

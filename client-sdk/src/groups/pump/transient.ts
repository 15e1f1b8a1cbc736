import { NetworkFault, Refusal } from "@treehouse/protocol";

import { type IntentRow, StoreFault } from "../../storage/index.ts";
import { UnreachableUser } from "../changing/index.ts";
import { isPassing, isSessionOver, type Room } from "../room/index.ts";

/** What says nothing about the wish, which is tried again. */
export function isTransient(error: unknown): boolean {
  if (error instanceof NetworkFault || error instanceof StoreFault) return true;
  if (error instanceof UnreachableUser) return false;
  if (isHubBehind(error)) return true;
  return error instanceof Refusal && (isPassing(error) || isSessionOver(error));
}

/**
 * The hub was put back to before the epoch that this client is in. It is about to say so in the stream
 * (FED-957), and what was wished is done once this client has come back.
 */
export function isHubBehind(error: unknown): boolean {
  return error instanceof Refusal && error.code === "epochAhead";
}

/**
 * Of what was built upon a commit that is void by now, and whose void is still on its way, the hub says
 * that it is invalid. Answers so once for each intent: by then this client knows, and has come back.
 */
export function isDoubtful(room: Room, { serial }: IntentRow, error: unknown): boolean {
  const isInvalid = error instanceof Refusal && error.code === "invalidCommit";
  if (!isInvalid || room.doubted === serial) return false;
  room.doubted = serial;
  return true;
}

/** A final no is an answer like a yes; everything else says nothing about the request. */
export function refusalFor(error: unknown): Refusal {
  if (error instanceof Refusal && !isTransient(error)) return error;
  throw error;
}

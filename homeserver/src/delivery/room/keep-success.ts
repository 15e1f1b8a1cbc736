import { updateRoomResponseCodec } from "@treehouse/protocol";
import type { Bytes, SignedHead } from "@treehouse/protocol";
import type { Tx } from "../../platform/index.ts";
import type { DeliveryContext } from "../context.ts";
import { answerExpiry } from "./request.ts";

/** The answer to an update that was accepted without a message, kept for whoever asks again. */
export async function keepSuccess(
  { store }: Pick<DeliveryContext, "store">,
  tx: Tx,
  key: Bytes,
  accepted: { readonly at: number; readonly head: SignedHead },
): Promise<Bytes> {
  const { at, head } = accepted;
  const answer = updateRoomResponseCodec.encode({
    code: "success",
    acceptedAt: at,
    position: head.head.position,
    head,
    firstMessagePosition: undefined,
  });
  await store.keepAnswer(tx, key, answer, answerExpiry(at));
  return answer;
}

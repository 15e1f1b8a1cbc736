import { isRefusalCode, Refusal } from "../refusals/index.ts";
import type { SubmitMessageResponse } from "./submit.ts";
import type { UpdateRoomResponse } from "./update.ts";

/** The refusal that a response carries, or `undefined` if it was accepted. */
export function refusalOfResponse(
  response: UpdateRoomResponse | SubmitMessageResponse,
): Refusal | undefined {
  return "code" in response ? refusalOfUpdate(response) : refusalOfSubmit(response);
}

function refusalOfUpdate(response: UpdateRoomResponse): Refusal | undefined {
  if (response.code === "success" || response.code === "claim") return undefined;
  if (response.code === "wrongEpoch") {
    const { currentEpoch, description } = response;
    return new Refusal("wrongEpoch", description, { currentEpoch });
  }
  return new Refusal(known(response.reason, response.code), response.description);
}

function refusalOfSubmit(response: SubmitMessageResponse): Refusal | undefined {
  if (response.status === "accepted") return undefined;
  if (response.status === "notAllowed") {
    return new Refusal(known(response.reason, "notAllowed"), "the hub refused the message");
  }
  const { currentEpoch } = response;
  return new Refusal("epochTooOld", "the message's epoch is over", { currentEpoch });
}

/** A code that a newer hub knows and we do not is the generic refusal of its kind. */
function known(reason: string, fallback: "notAllowed" | "invalidProposal") {
  return isRefusalCode(reason) ? reason : fallback;
}

import type { RoomUri } from "@treehouse/protocol";
import { errorFields } from "../../platform/index.ts";
import type { DeliveryContext } from "../context.ts";
import { settleDepartures } from "./departures.ts";
import type { FollowedContext } from "../followed/index.ts";
import { settleRevocations } from "./revocations.ts";

/** Settles departures and revocations one run after another; what fails is tried again by the job. */
export function settling(
  context: DeliveryContext & FollowedContext,
  isUnsettled: (room: RoomUri) => boolean,
): {
  soon(): void;
  idle(): Promise<void>;
} {
  let running: Promise<void> = Promise.resolve();
  const run = async (): Promise<void> => {
    try {
      await settleDepartures(context, isUnsettled);
      await settleRevocations(context, isUnsettled);
    } catch (error) {
      context.env.log.warn("departuresFailed", errorFields(error));
    }
  };
  return {
    soon() {
      running = running.then(run);
    },
    idle: () => running,
  };
}

import type { DeliveryContext } from "../context.ts";
import type { FollowedContext } from "../followed/index.ts";

/** Rooms move between the two halves of this module: those hosted here, and those followed. */
export type MovesContext = DeliveryContext & FollowedContext;

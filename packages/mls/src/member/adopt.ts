import { Refusal } from "@treehouse/protocol";
import { addHistoricalReceiverData } from "ts-mls/clientState.js";

import type { Live } from "./snapshot.ts";
import { liveWith } from "./snapshot.ts";

/**
 * The prepared commit takes effect. The epoch that ends is kept as it is now, with the messages
 * that were read and sent since the commit was prepared.
 */
export function adopt(live: Live): Live {
  const { prepared, state } = live;
  if (prepared === undefined) throw new Refusal("conflict", "no commit is prepared");
  if (prepared.next === undefined) return liveWith(state, []);
  const [historicalReceiverData] = addHistoricalReceiverData(state);
  return liveWith({ ...prepared.next, historicalReceiverData }, []);
}

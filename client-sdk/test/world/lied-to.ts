import type { ServerFrame } from "@treehouse/protocol";

import type { Client } from "../../src/node.ts";
import type { RunningServer } from "./server.ts";
import { openTampered } from "./tampered.ts";

/** A client whose server tells it something else for as long as a test wants that. */
export interface LiedTo {
  readonly client: Client;
  /** `change`: what it is told in the place of a frame, until `act` is done. */
  tell(
    change: (frame: ServerFrame) => readonly ServerFrame[],
    act: () => Promise<void>,
  ): Promise<void>;
}

export async function openLiedTo(server: RunningServer, name: string): Promise<LiedTo> {
  const truth = (frame: ServerFrame): readonly ServerFrame[] => [frame];
  let told = truth;
  const client = await openTampered(server, name, { frame: (frame) => told(frame) });
  return {
    client,
    async tell(change, act) {
      told = change;
      try {
        await act();
      } finally {
        told = truth;
      }
    },
  };
}

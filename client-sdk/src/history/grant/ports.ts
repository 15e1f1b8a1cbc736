import type { Bytes, ClientUri, RoomUri } from "@treehouse/protocol";

import type { Assets } from "../../assets/index.ts";
import type { HistoryGranting } from "../../groups/index.ts";

/** What granting history to those who join needs; met by the client. */
export type GrantPorts = {
  readonly assets: Pick<Assets, "upload" | "open">;
  readonly client: ClientUri;
  /** What the room grants now, and who may. Refuses `removed`. */
  readonly granting: (room: RoomUri) => Promise<HistoryGranting>;
  /** Stores the wish to send a content. */
  readonly send: (room: RoomUri, content: Bytes) => Promise<void>;
  /** Runs something once after so long. */
  readonly later: (delayMs: number, run: () => void) => void;
  readonly life: AbortSignal;
};

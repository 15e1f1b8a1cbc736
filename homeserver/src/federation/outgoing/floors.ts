import { LIMITS } from "@treehouse/protocol";
import type { RoomUri } from "@treehouse/protocol";
import type { FederationContext } from "../context.ts";
import type { PeerTable } from "./peer-table.ts";
import type { PeerStream } from "./stream.ts";
import type { ReadTx } from "../../platform/index.ts";

/** How much sooner a room is held than its entries may go: floors are renewed now and then. */
const marginMs = 60 * 60 * 1000;
const pageRows = 5_000;

/**
 * Which entries must be kept because peers have not been sent them. A peer that is reached sooner
 * than entries go by themselves holds nothing, so that only the rows of slow ones are read.
 */
export interface Floors {
  /** The lowest position of each room that a slow peer still needs. */
  readonly current: ReadonlyMap<RoomUri, number>;
  renew(): Promise<void>;
}

export function createFloors(context: FederationContext, lines: PeerTable): Floors {
  const { env, database, store } = context;
  let current: ReadonlyMap<RoomUri, number> = new Map();

  async function read(stream: PeerStream, floors: Map<RoomUri, number>): Promise<void> {
    const { id, acked, committed } = stream;
    const before = env.now() - LIMITS.entryKeptReadMs + marginMs;
    for (let after = acked; after < committed;) {
      const range = { peer: id, after, upTo: committed, limit: pageRows };
      const page = await database.read((tx: ReadTx) => store.pointers(tx, range));
      for (const { room, position, addedAt } of page) {
        if (addedAt > before) return;
        if (room === undefined) continue;
        const floor = floors.get(room);
        if (floor === undefined || position < floor) floors.set(room, position);
      }
      after = page.at(-1)?.sequence ?? committed;
      // Others go first: a long backlog takes many pages.
      await new Promise<void>((resolve) => env.soon(resolve));
    }
  }

  return {
    get current() {
      return current;
    },
    async renew() {
      const floors = new Map<RoomUri, number>();
      for (const { stream } of lines.all()) {
        if (stream.backlog > 0) await read(stream, floors);
      }
      current = floors;
    },
  };
}

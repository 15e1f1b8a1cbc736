/** The last days of a conversation for those who join it, where the conversation's rules grant them. */
import type { RoomUri } from "@treehouse/protocol";

import type { Newcomers } from "../../groups/index.ts";
import type { LocalTx } from "../../storage/index.ts";
import { createSerial } from "../../transport/index.ts";
import type { HistoryContext } from "../context.ts";
import { grantLater } from "./give.ts";
import type { Heard } from "./heard-grant.ts";
import { allOwed, noteOwed, noteTold } from "./owed.ts";
import type { GrantPorts } from "./ports.ts";
import { keepGrant, pendingGrants, takeGrant } from "./take.ts";

export interface Grants {
  /** Users came into a room; answers what is to be done after the transaction. */
  came(tx: LocalTx, newcomers: Newcomers): () => void;
  /** A member tells newcomers what was said before; answers what is to be done after the transaction. */
  heard(tx: LocalTx, said: Heard): () => void;
  /** The connection is there. */
  live(): void;
}

export function createGrants(context: HistoryContext, ports: GrantPorts): Grants {
  const serial = createSerial();
  const inBackground = (work: () => Promise<unknown>): void => {
    serial.run(work).catch((error: unknown) => {
      if (ports.life.aborted) return;
      context.env.log.warn("history.grantFailed", { error: String(error) });
    });
  };
  const take = (room: RoomUri) => inBackground(() => takeGrant(context, ports, room));
  /** Commits whose newcomers have a turn of this process ahead. */
  const telling = new Set<string>();
  const tell = (newcomers: Newcomers): void => {
    const commit = `${newcomers.room} ${newcomers.position}`;
    if (telling.has(commit)) return;
    telling.add(commit);
    const ended = () => telling.delete(commit);
    inBackground(() => grantLater(context, ports, newcomers, ended).catch(ended));
  };
  return {
    came(tx, newcomers) {
      noteOwed(tx, newcomers);
      return () => tell(newcomers);
    },
    heard(tx, heard) {
      noteTold(tx, heard);
      return keepGrant(tx, context, heard) ? () => take(heard.room) : () => undefined;
    },
    live() {
      inBackground(async () => {
        for (const room of await pendingGrants(context)) take(room);
        for (const newcomers of await context.store.transaction(allOwed)) tell(newcomers);
      });
    },
  };
}

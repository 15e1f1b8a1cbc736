import type { Env } from "@treehouse/protocol";

import { dropDraftsAbout, notesOf } from "../../account/index.ts";
import type { ClientEvents, Events } from "../../events/index.ts";
import type { Alarm, GroupsContext } from "../../groups/index.ts";
import { createExpiry, type Expiry } from "../../messages/index.ts";
import type { LocalStore, LocalTx, MessageRow } from "../../storage/index.ts";
import type { Api } from "../../transport/index.ts";

/** When messages go by themselves: for who shows them, and for who takes them in. */
export function createLifetimes(parts: {
  readonly env: Pick<Env, "now" | "log">;
  readonly store: LocalStore;
  readonly events: Events<ClientEvents>;
  readonly alarm: Alarm;
  readonly api: Pick<Api, "serverTime">;
  readonly expire: (tx: LocalTx, message: MessageRow) => void;
}): { readonly expiry: Expiry; readonly lifetimes: GroupsContext["lifetimes"] } {
  const { alarm, api, env, events, expire, store } = parts;
  let hubTime = 0;
  const expiry = createExpiry({
    env,
    store,
    events,
    alarm,
    serverTime: () => Math.max(hubTime, api.serverTime()),
    readPosition: (tx, room) => notesOf(tx, room).readPosition,
    erase: expire,
  });
  // What was read on another client begins to go here.
  events.on("accountData", () => expiry.look());
  return {
    expiry,
    lifetimes: {
      isGone: (expiresAt) => expiry.isGone(expiresAt),
      noted: () => expiry.look(),
      told(time) {
        hubTime = Math.max(hubTime, time);
      },
      erased: (tx, room, messageId) => dropDraftsAbout(tx, room, messageId, env.now()),
    },
  };
}

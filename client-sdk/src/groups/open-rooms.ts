import { firstPrevious, type RoomUri } from "@treehouse/protocol";

import { createSerial } from "../transport/index.ts";
import { type GroupsContext, type Room, readHubRecord, endOf, noEpoch } from "./room/index.ts";
import { readSuspect } from "./health/index.ts";

/** The rooms that this process has looked at; each is held once, for as long as it runs. */
export interface OpenRooms {
  open(uri: RoomUri): Promise<Room>;
  list(): readonly Room[];
}

export function createOpenRooms(context: GroupsContext): OpenRooms {
  const rooms = new Map<RoomUri, Room>();
  return {
    async open(uri) {
      const known = rooms.get(uri);
      if (known !== undefined) return known;
      const { stored, hub, suspect, ended } = await context.store.transaction((tx) => ({
        stored: tx.cursors.get(uri),
        hub: readHubRecord(tx, uri),
        suspect: readSuspect(tx, uri),
        ended: endOf(tx, uri) !== undefined,
      }));
      const opened = rooms.get(uri);
      if (opened !== undefined) return opened;
      const room: Room = {
        uri,
        serial: createSerial(),
        group: undefined,
        peopleEpoch: noEpoch,
        cursor: stored ?? { stream: uri, position: 0, hash: firstPrevious },
        pumping: undefined,
        again: false,
        waiters: new Map(),
        joiners: [],
        tidying: context.alarms.create(),
        retry: context.alarms.create(),
        unreached: 0,
        forked: false,
        stopped: false,
        halt: undefined,
        ended,
        lost: false,
        claimed: new Map(),
        epochAtHub: 0,
        hub,
        rollback: undefined,
        repeating: context.alarms.create(),
        warned: false,
        postponed: new Set(),
        postponement: context.alarms.create(),
        postponements: 0,
        unreachable: new Map(),
        doubted: undefined,
        forgotten: false,
        late: undefined,
        heldTold: false,
        trouble: undefined,
        passing: undefined,
        readAgainFrom: undefined,
        unreadTo: undefined,
        outAt: undefined,
        commits: new Map(),
        forkTags: new Map(),
        suspect,
        suspendedUntil: undefined,
        returning: [],
        begun: undefined,
        founded: undefined,
        vouching: context.alarms.create(),
        renewal: undefined,
        renewing: context.alarms.create(),
        healthTold: "ok",
        contained: new Set(),
        ephemeral: { clockOffsetMs: 0, pausedUntil: 0 },
      };
      rooms.set(uri, room);
      return room;
    },
    list: () => [...rooms.values()],
  };
}

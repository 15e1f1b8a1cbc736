import {
  type ClientUri,
  clientUriCodec,
  optional,
  type RoomUri,
  struct,
  u64,
  u8,
  type UserUri,
  userUriCodec,
  vector,
} from "@treehouse/protocol";

import type { LocalTx } from "../../storage/index.ts";

/** What a client remembers of a room's hub beyond the group. */
export type HubRecord = {
  /** The highest term that the hub's key has signed for, as far as this client knows. */
  readonly term: number;
  /** When this client went back behind its own epoch because the hub did, in ms; the newest last. */
  readonly rollbacks: readonly number[];
  /** The intent that comes before all others: somebody is to be out before anything is said. */
  readonly first: number | undefined;
  /** The first position that the hub forgot last, and when this client learned of it, in ms. */
  readonly setBack: { readonly from: number; readonly at: number } | undefined;
  /** Intents that do again what a hub forgot: they wait for what is missing at first. */
  readonly again: readonly number[];
  /** Had been removed, and came back with a hub's old data: nothing of before is sent to them. */
  readonly returned: readonly UserUri[];
  /** The positions of what members who came back cannot have read, and are owed. */
  readonly missedBy: { readonly from: number; readonly upTo: number } | undefined;
  /** Clients that are owed no repetition of what came since `setBack`: they had it, or will. */
  readonly served: readonly ClientUri[];
  /** The end of a gap in which a commit may be lost, or the removal of this client. */
  readonly doubt: number | undefined;
  /** The term of the hub that a commit has named, until the former one has closed its log. */
  readonly moving: number | undefined;
  /** How often this client repeated lately what it had said, and when it did so last, in ms. */
  readonly repeats: { readonly count: number; readonly at: number };
};

const first = {
  term: u64,
  rollbacks: vector(u64, { countMax: 16 }),
  first: optional(u64),
  setBack: optional(struct({ from: u64, at: u64 })),
  again: vector(u64, { countMax: 1024 }),
};

const firstCodec = struct({ version: u8, ...first });
const rest = {
  served: vector(clientUriCodec, { countMax: 256 }),
  repeats: struct({ count: u8, at: u64 }),
};
const returned = vector(userUriCodec);
const secondMissedBy = optional(struct({ epoch: u64, from: optional(u64), upTo: u64 }));
const secondCodec = struct({ version: u8, ...first, returned, missedBy: secondMissedBy, ...rest });
const missedBy = optional(struct({ from: u64, upTo: u64 }));
const third = { version: u8, ...first, returned, missedBy, ...rest, doubt: optional(u64) };
const thirdCodec = struct(third);
const recordCodec = struct({ ...third, moving: optional(u64) });

const none: HubRecord = {
  term: 0,
  rollbacks: [],
  first: undefined,
  setBack: undefined,
  again: [],
  returned: [],
  missedBy: undefined,
  served: [],
  doubt: undefined,
  moving: undefined,
  repeats: { count: 0, at: 0 },
};

/** What is remembered of a hub that this client meets for the first time, by a head it signed. */
export function newHubRecord(term: number): HubRecord {
  return { ...none, term };
}

/** The hub has gone back; what is owed from before stays owed. */
export function withSetBack(hub: HubRecord, setBack: HubRecord["setBack"]): HubRecord {
  return { ...hub, setBack, served: [], repeats: none.repeats };
}

const place = (room: RoomUri) => `hub ${room}`;

export function readHubRecord(tx: LocalTx, room: RoomUri): HubRecord {
  const stored = tx.settings.get(place(room));
  if (stored === undefined) return none;
  return { ...none, ...decode(stored) };
}

function decode(stored: Uint8Array): Partial<HubRecord> {
  if (stored[0] === 1) return firstCodec.decode(stored);
  if (stored[0] === 3) return thirdCodec.decode(stored);
  if (stored[0] !== 2) return recordCodec.decode(stored);
  const { missedBy: owed, ...record } = secondCodec.decode(stored);
  const { from, upTo } = { from: undefined, upTo: 0, ...owed };
  return { ...record, missedBy: from === undefined ? undefined : { from, upTo } };
}

export function writeHubRecord(tx: LocalTx, room: RoomUri, record: HubRecord): void {
  tx.settings.put(place(room), recordCodec.encode({ version: 4, ...record }));
}

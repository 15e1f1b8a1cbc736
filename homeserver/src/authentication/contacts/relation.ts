import { LIMITS } from "@treehouse/protocol";
import type { Contact, ConsentEntry, RoomUri, UserUri } from "@treehouse/protocol";

/** What stands between an owner and another user about any room, or about one. */
export type Row = {
  /** Undefined: any room. */
  readonly room: RoomUri | undefined;
  /** The owner asks: until taken back, whatever was answered. */
  readonly asked: boolean;
  /** The other one asks, and the owner has not answered. */
  readonly waiting: boolean;
  /** The owner lets the other one add them: this decides who gets the owner's KeyPackages. */
  readonly given: boolean;
  /** The other one lets the owner; told by the other one's server, which decides. */
  readonly received: boolean;
  /** Beside a request that waits. */
  readonly note: string;
  readonly changedAt: number;
};

/**
 * All rows between two, seen by the owner; each room once, none of them empty. The two halves of a
 * relation are kept apart, each at its user's server, also when that is the same: what one side
 * declines, withdraws or hides never shows at the other unless it is said.
 */
export type Relation = readonly Row[];

/** What one side says to the other. Who is requester and who target follows from the operation. */
export type Said = Pick<ConsentEntry, "operation" | "room" | "note">;

/** The owner's rows after an act or a word, and what is said about it to the other one. */
export type Outcome = { readonly rows: Relation; readonly said: readonly Said[] };

/** How the owner sees the other one. */
export function contactOf(
  user: UserUri,
  rows: Relation,
  blockedSince: number | undefined,
): Contact {
  if (blockedSince !== undefined) {
    // The same whatever the other one does meanwhile.
    const shut = { mayAdd: false, mayBeAdded: false, changedAt: blockedSince };
    return { user, state: "blocked", ...shut };
  }
  if (rows.length === 0) return { user, state: "none", mayAdd: false, mayBeAdded: false };
  const base = {
    user,
    mayAdd: rows.some(({ received }) => received),
    mayBeAdded: rows.some(({ given }) => given),
    changedAt: Math.max(...rows.map((row) => row.changedAt)),
  };
  const waiting = rows.filter((row) => row.waiting);
  if (waiting.length > 0) {
    const note = waiting.find((row) => row.note !== "")?.note;
    const told = note === undefined ? {} : { note };
    return { ...base, state: "incoming", ...told, ...roomsOf(waiting) };
  }
  const asked = rows.filter(isOpen);
  if (asked.length > 0) return { ...base, state: "requested", ...roomsOf(asked) };
  return {
    ...base,
    state: base.mayAdd && base.mayBeAdded ? "mutual" : "granted",
    ...roomsOf(rows),
  };
}

/** Whether more rooms are named, one by one, than two users may name. */
export function hasTooManyRooms(rows: Relation): boolean {
  return rows.filter(({ room }) => room !== undefined).length > LIMITS.contactRoomsMax;
}

/** Whether a request of the owner has no answer, or none that still holds. */
export function isOpen(row: Row, _place: number, rows: Relation): boolean {
  return row.asked && !row.received && at(rows, undefined)?.received !== true;
}

function roomsOf(rows: Relation): { rooms?: RoomUri[] } {
  const rooms = rows.flatMap(({ room }) => room ?? []);
  return rooms.length < rows.length ? {} : { rooms };
}

/**
 * The owner asks. For any room this lets the other one add the owner, too, so that they may answer
 * by doing so; and where the other one has asked already, it is the answer.
 */
export function ask(rows: Relation, room: RoomUri | undefined, note: string): Outcome {
  if (room === undefined && at(rows, room)?.waiting === true) return accept(rows, undefined);
  const said: Said = { operation: "request", room, note };
  if (room !== undefined) {
    return { rows: change(rows, room, { asked: true, received: false }), said: [said] };
  }
  const answered = rows.map((row) => ({ ...row, waiting: false, note: "" }));
  const open = { asked: true, received: false, given: true };
  return { rows: change(answered, room, open), said: [said] };
}

/**
 * The owner answers what waits: all of it as it was asked, or with a room for that room alone.
 * Without anything that waits it changes nothing.
 */
export function accept(rows: Relation, room: RoomUri | undefined): Outcome {
  const open = rows.filter(
    (row) => row.waiting && (room === undefined || row.room === undefined || row.room === room),
  );
  const scopes = open.length > 0 && room !== undefined ? [room] : open.map((row) => row.room);
  let answered: Relation = rows.map((row) => (open.includes(row) ? withoutRequest(row) : row));
  for (const scope of scopes) answered = change(answered, scope, { given: true });
  return {
    rows: tidy(answered),
    said: scopes.map((scope) => ({ operation: "grant", room: scope, note: "" })),
  };
}

/** The owner does not want to. Nothing is said: who asked learns nothing of it. */
export function decline(rows: Relation): Outcome {
  const answered = rows.map(withoutRequest);
  // What came with the request alone, the leave to add the other one, is put aside with it.
  const stays = answered.some((row) => row.given || row.asked);
  return { rows: stays ? tidy(answered) : [], said: [] };
}

/** The owner takes back every request and every leave. What the other one asks still waits. */
export function withdraw(rows: Relation): Outcome {
  const said = rows.flatMap(({ asked, given, room }): Said[] => [
    ...(asked ? [{ operation: "cancel", room, note: "" } as const] : []),
    ...(given ? [{ operation: "revoke", room, note: "" } as const] : []),
  ]);
  const kept = rows.map((row) => ({
    ...row,
    asked: false,
    given: false,
    received: row.received && row.waiting,
  }));
  return { rows: tidy(kept), said };
}

/** The other one says something. Hearing it twice is hearing it once. */
export function hear(rows: Relation, { operation, room, note }: Said): Outcome {
  switch (operation) {
    case "request":
      return hearRequest(rows, room, note);
    case "cancel":
      return { rows: change(rows, room, { waiting: false, note: "" }), said: [] };
    case "grant":
      // Nobody is put on a list by somebody whom they do not know.
      if (rows.length === 0) return { rows, said: [] };
      return { rows: change(rows, room, { received: true }), said: [] };
    case "revoke": {
      const taken = rows.map((row) =>
        room === undefined || row.room === room ? { ...row, received: false } : row,
      );
      return { rows: tidy(taken), said: [] };
    }
  }
}

function hearRequest(rows: Relation, room: RoomUri | undefined, note: string): Outcome {
  // A request for any room lets the owner add who asks.
  const implied = room === undefined ? { received: true } : {};
  const given = [at(rows, undefined), at(rows, room)].find((row) => row?.given);
  if (given === undefined) {
    return { rows: change(rows, room, { ...implied, waiting: true, note }), said: [] };
  }
  // Whoever asks for what is given has lost the answer, or never got it.
  const answer: Said = { operation: "grant", room: given.room, note: "" };
  return { rows: change(rows, room, implied), said: [answer] };
}

function withoutRequest(row: Row): Row {
  return { ...row, waiting: false, note: "" };
}

function at(rows: Relation, room: RoomUri | undefined): Row | undefined {
  return rows.find((row) => row.room === room);
}

function change(rows: Relation, room: RoomUri | undefined, changes: Partial<Row>): Relation {
  const empty: Row = {
    room,
    asked: false,
    waiting: false,
    given: false,
    received: false,
    note: "",
    changedAt: 0,
  };
  const changed = { ...(at(rows, room) ?? empty), ...changes };
  const others = rows.filter((row) => row.room !== room);
  const all = room === undefined ? [changed, ...others] : [...others, changed];
  return tidy(all);
}

function tidy(rows: Relation): Relation {
  return rows
    .filter(({ asked, waiting, given, received }) => asked || waiting || given || received)
    .toSorted((a, b) => ((a.room ?? "") < (b.room ?? "") ? -1 : 1));
}

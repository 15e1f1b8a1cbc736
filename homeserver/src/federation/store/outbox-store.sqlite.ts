import { parseDomain, parseRoomUri } from "@treehouse/protocol";
import type { Bytes, RoomUri } from "@treehouse/protocol";
import { Assertion } from "../../platform/index.ts";
import type { Database, Drizzle, ReadTx } from "../../platform/index.ts";
import type { ItemForm, OutboxStore, Pointer, StoredPeer, StoredRow } from "./store.ts";

/** The numbers of the forms in a row. */
const numbers = {
  entry: 1,
  delivery: 2,
  tombstone: 3,
  consent: 4,
  userDeleted: 5,
  gone: 6,
  clientRevoked: 7,
  userReset: 8,
} as const satisfies Record<ItemForm, number>;
const forms: readonly ItemForm[] = [
  "entry",
  "delivery",
  "tombstone",
  "consent",
  "userDeleted",
  "gone",
  "clientRevoked",
  "userReset",
];

export function numberOfForm(form: ItemForm): number {
  return numbers[form];
}

export function formOfNumber(number: number): ItemForm {
  const form = forms[number - 1];
  if (form === undefined) throw new Assertion("An item of the outbox has an unknown form.");
  return form;
}

/**
 * The outbox, in SQL of our own: a row is written and deleted for every message and peer, where the
 * query builder's prepared form costs half as much again.
 */
export function createSqliteOutboxStore(database: Database): OutboxStore {
  const statements = database.prepare(prepareOutbox);
  const room = (tx: ReadTx, name: RoomUri): number | undefined => statements(tx).room.get(name)?.id;
  return {
    peers: async (tx) => statements(tx).peers.all().map(peerOf),
    peer: async (tx, domain) => {
      const row = statements(tx).peer.get(domain);
      return row === undefined ? undefined : peerOf(row);
    },
    createPeer: async (tx, domain, incarnation) => {
      statements(tx).createPeer.run(domain, incarnation);
      const row = statements(tx).peer.get(domain);
      if (row === undefined) throw new Assertion("A peer just added is not there.");
      return peerOf(row);
    },
    deletePeer: async (tx, peer) => {
      const { deleteRows, deleteAttached, deleteDead, deletePeer } = statements(tx);
      deleteRows.run(peer, Number.MAX_SAFE_INTEGER);
      deleteAttached.run(peer, Number.MAX_SAFE_INTEGER);
      deleteDead.run(peer);
      deletePeer.run(peer);
    },
    roomNumber: async (tx, name) => {
      const known = room(tx, name);
      if (known !== undefined) return known;
      statements(tx).createRoom.run(name);
      return room(tx, name) ?? 0;
    },
    add: async (tx, { peer, sequence, form, room: number, position, addedAt, body }) => {
      const { add, attach } = statements(tx);
      add.run(peer, sequence, numbers[form], number, position, Math.floor(addedAt / 1000));
      if (body !== undefined) attach.run(peer, sequence, body);
    },
    page: async (tx, { peer, after, limit, bytesMax }) => {
      const page: StoredRow[] = [];
      let length = 0;
      // The loop ends before it returns to the event loop: an open cursor would hold up checkpoints.
      for (const row of statements(tx).page.iterate(peer, after, limit)) {
        const body = row.body === null ? undefined : new Uint8Array(row.body);
        length += body?.length ?? 0;
        if (length > bytesMax && page.length > 0) break;
        page.push({ ...pointerOf(row), body });
      }
      return page;
    },
    pointers: async (tx, { peer, after, upTo, limit }) =>
      statements(tx).pointers.all(peer, after, upTo, limit).map(pointerOf),
    keep: async (tx, peer, kept) => {
      statements(tx).keep.run(kept, peer);
    },
    deleteThese: async (tx, peer, sequences) => {
      const { deleteRow, detach } = statements(tx);
      for (const sequence of sequences) {
        deleteRow.run(peer, sequence);
        detach.run(peer, sequence);
      }
    },
    blank: async (tx, peer, sequence) => {
      const { blank, detach } = statements(tx);
      blank.run(peer, sequence);
      detach.run(peer, sequence);
    },
    deleteUpTo: async (tx, peer, upTo) => {
      const { deleteRows, deleteAttached } = statements(tx);
      deleteRows.run(peer, upTo);
      deleteAttached.run(peer, upTo);
    },
    renumber: async (tx, peer, { incarnation, base }) => {
      statements(tx).renumber.run(incarnation, base, peer);
    },
    renumberAll: async (tx, incarnation) => {
      const { peers, renumber } = statements(tx);
      for (const { id, kept } of peers.all()) renumber.run(incarnation(), kept, id);
    },
  };
}

type PeerRow = Pick<StoredPeer, "id" | "base" | "kept"> & {
  readonly domain: string;
  readonly incarnation: Buffer;
  readonly last: number | null;
  readonly first: number | null;
  readonly waitingSince: number | null;
};

type PointerRow = {
  readonly sequence: number;
  readonly form: number;
  readonly room: string | null;
  readonly position: number;
  readonly addedAt: number;
};

function prepareOutbox({ $client: db }: Drizzle) {
  const peerColumns = `id, domain, incarnation, base, kept,
    (SELECT max(sequence) FROM federation_outbox WHERE peer = p.id) AS last,
    (SELECT min(sequence) FROM federation_outbox WHERE peer = p.id) AS first,
    (SELECT added_at FROM federation_outbox WHERE peer = p.id AND sequence > p.kept
     ORDER BY sequence LIMIT 1) AS waitingSince`;
  const pointerColumns = `o.sequence, o.form, r.room, o.position, o.added_at AS addedAt`;
  return {
    peers: db.prepare<[], PeerRow>(`SELECT ${peerColumns} FROM federation_peers p ORDER BY id`),
    peer: db.prepare<[string], PeerRow>(
      `SELECT ${peerColumns} FROM federation_peers p WHERE domain = ? ORDER BY id`,
    ),
    createPeer: db.prepare<[string, Bytes]>(
      `INSERT INTO federation_peers (domain, incarnation, base, kept) VALUES (?, ?, 0, 0)`,
    ),
    room: db.prepare<[string], { id: number }>(
      `SELECT id FROM federation_rooms WHERE room = ? ORDER BY id`,
    ),
    createRoom: db.prepare<[string]>(`INSERT INTO federation_rooms (room) VALUES (?)`),
    add: db.prepare<[number, number, number, number, number, number]>(
      `INSERT INTO federation_outbox (peer, sequence, form, room, position, added_at)
       VALUES (?, ?, ?, ?, ?, ?)`,
    ),
    attach: db.prepare<[number, number, Uint8Array]>(
      `INSERT INTO federation_attached (peer, sequence, body) VALUES (?, ?, ?)`,
    ),
    page: db.prepare<[number, number, number], PointerRow & { body: Buffer | null }>(
      `SELECT ${pointerColumns}, a.body FROM federation_outbox o
       LEFT JOIN federation_rooms r ON r.id = o.room
       LEFT JOIN federation_attached a
         ON o.form > ${numbers.entry} AND a.peer = o.peer AND a.sequence = o.sequence
       WHERE o.peer = ? AND o.sequence > ? ORDER BY o.sequence LIMIT ?`,
    ),
    pointers: db.prepare<[number, number, number, number], PointerRow>(
      `SELECT ${pointerColumns} FROM federation_outbox o
       LEFT JOIN federation_rooms r ON r.id = o.room
       WHERE o.peer = ? AND o.sequence > ? AND o.sequence <= ? ORDER BY o.sequence LIMIT ?`,
    ),
    keep: db.prepare<[number, number]>(
      `UPDATE federation_peers SET kept = max(kept, ?) WHERE id = ?`,
    ),
    deleteRows: db.prepare<[number, number]>(
      `DELETE FROM federation_outbox WHERE peer = ? AND sequence <= ?`,
    ),
    deleteRow: db.prepare<[number, number]>(
      `DELETE FROM federation_outbox WHERE peer = ? AND sequence = ?`,
    ),
    detach: db.prepare<[number, number]>(
      `DELETE FROM federation_attached WHERE peer = ? AND sequence = ?`,
    ),
    blank: db.prepare<[number, number]>(
      `UPDATE federation_outbox SET form = ${numbers.gone}, room = 0, position = 0
       WHERE peer = ? AND sequence = ?`,
    ),
    deleteDead: db.prepare<[number]>(`DELETE FROM federation_dead WHERE peer = ?`),
    deletePeer: db.prepare<[number]>(`DELETE FROM federation_peers WHERE id = ?`),
    deleteAttached: db.prepare<[number, number]>(
      `DELETE FROM federation_attached WHERE peer = ? AND sequence <= ?`,
    ),
    renumber: db.prepare<[Bytes, number, number]>(
      `UPDATE federation_peers SET incarnation = ?, base = ? WHERE id = ?`,
    ),
  };
}

function peerOf({ domain, incarnation, last, first, waitingSince, ...row }: PeerRow): StoredPeer {
  const newest = Math.max(row.kept, last ?? 0);
  return {
    ...row,
    domain: parseDomain(domain),
    incarnation: new Uint8Array(incarnation),
    newest,
    oldest: first ?? newest + 1,
    oldestAt: waitingSince === null ? undefined : waitingSince * 1000,
  };
}

function pointerOf({ sequence, form, room, position, addedAt }: PointerRow): Pointer {
  return {
    sequence,
    form: formOfNumber(form),
    room: room === null ? undefined : parseRoomUri(room),
    position,
    addedAt: addedAt * 1000,
  };
}

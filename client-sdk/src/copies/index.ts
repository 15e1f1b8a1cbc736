/**
 * Whether this store is the only one of its client (decision 0089). Two copies of a store hold the same
 * ratchets, and must never both encrypt by them: the own server lets one of them in, and a store that
 * may have been copied since it was last closed makes new keys in each room before it says anything.
 */
import {
  type Bytes,
  type Env,
  equalBytes,
  type RoomUri,
  type TicketAnswer,
  toBase64Url,
} from "@treehouse/protocol";

import type { ClientEvents, Events } from "../events/index.ts";
import type { LocalStore, LocalTx } from "../storage/index.ts";
import { addMark, markLength } from "./marks.ts";
import { isSharedPackage, noteShared, sharedRooms, shareRoom, unshare } from "./shared.ts";

/** What a client names when it connects. */
export type StoreClaim = { readonly marks: readonly string[]; readonly running: boolean };

export interface Copies {
  /** Durable before it leaves. */
  claim(): Promise<StoreClaim>;
  /** What the server has answered; nothing is encrypted before. */
  taken(answer: Pick<TicketAnswer, "store" | "copiedAt">): Promise<void>;
  /** Whether another copy may have the ratchets of a room. */
  shares(room: RoomUri): boolean;
  /** A commit that gives this client new keys in a room, before it leaves. */
  renews(room: RoomUri, commit: Bytes): void;
  /** A commit was applied; in its transaction. Answers what is to be done afterwards. */
  applied(tx: LocalTx, room: RoomUri, commit: Bytes): () => void;
  /** This client has come in by keys that it has just made. */
  renewed(tx: LocalTx, room: RoomUri): () => void;
  /** This client has come in by a KeyPackage. */
  joined(tx: LocalTx, room: RoomUri, keyPackageRef: Bytes): () => void;
  /** Nothing more is encrypted: what is copied from now on is whole. Never rejects. */
  close(): Promise<void>;
}

/** Copies of a running program's store that are further apart than this are told from each other. */
const markLifetimeMs = 60 * 60 * 1_000;
const openSetting = "store open";

export function createCopies(
  env: Pick<Env, "now" | "random" | "log">,
  store: LocalStore,
  events: Events<ClientEvents>,
  /** Of a store that is older than its client, or may be; in the transaction that notes it. */
  noteOld: (tx: LocalTx) => void,
): Copies {
  const tell = (told: Pick<ClientEvents["fault"], "code" | "text">) =>
    events.emit("fault", { room: undefined, position: 0, ...told });
  const shared = new Set<RoomUri>();
  const renewing = new Map<RoomUri, Bytes>();
  let mark: Bytes | undefined;
  let takenAt: number | undefined;
  let running = false;
  let isOpen = false;

  const share = (rooms: readonly RoomUri[]) => {
    for (const room of rooms) shared.add(room);
  };
  const open = async () => {
    if (isOpen) return;
    const rooms = await store.transaction((tx) => {
      // Whoever had it open last has not closed it: it may have gone on elsewhere since.
      if (tx.settings.get(openSetting) !== undefined) {
        noteShared(tx);
        noteOld(tx);
      }
      tx.settings.put(openSetting, new Uint8Array([1]));
      return sharedRooms(tx);
    });
    isOpen = true;
    share(rooms);
  };
  const unsharing = (tx: LocalTx, room: RoomUri) => {
    unshare(tx, room);
    return () => {
      shared.delete(room);
      renewing.delete(room);
    };
  };
  return {
    async claim() {
      await open();
      const isOld = takenAt !== undefined && env.now() - takenAt > markLifetimeMs;
      // One whose answer was lost is named again.
      const named = mark === undefined || isOld ? env.random(markLength) : mark;
      if (named !== mark) takenAt = undefined;
      mark = named;
      const marks = await store.transaction((tx) => addMark(tx, named));
      return { marks: marks.map((one) => toBase64Url(one)), running };
    },
    async taken({ store: state, copiedAt }) {
      if (state === "restored") {
        share(
          await store.transaction((tx) => {
            noteShared(tx);
            noteOld(tx);
            return sharedRooms(tx);
          }),
        );
        tell({ code: "storeRestored", text: restoredText });
      }
      running = true;
      takenAt ??= env.now();
      if (copiedAt !== undefined) tell({ code: "copyRefused", text: refusedText });
    },
    shares: (room) => shared.has(room),
    renews: (room, commit) => void renewing.set(room, commit),
    applied(tx, room, commit) {
      const made = renewing.get(room);
      return made !== undefined && equalBytes(made, commit) ? unsharing(tx, room) : () => undefined;
    },
    renewed: unsharing,
    joined(tx, room, keyPackageRef) {
      if (!isSharedPackage(tx, keyPackageRef)) return unsharing(tx, room);
      shareRoom(tx, room);
      return () => share([room]);
    },
    async close() {
      if (!isOpen) return;
      isOpen = false;
      try {
        await store.transaction((tx) => tx.settings.delete(openSetting));
      } catch (error) {
        // As after a crash: the next opening makes new keys.
        env.log.warn("store.notClosed", { error: String(error) });
      }
    },
  };
}

const restoredText =
  "This store is older than what its client has done since, as after a restore from a backup. It comes " +
  "back into its conversations under new keys; what was only in the newer store is not here.";
const refusedText =
  "Another copy of this client's store has tried to connect, and was refused. If you have not made it, " +
  "revoke this client from another one of yours.";

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import {
  type ClientUri,
  type ContactState,
  mintClientUri,
  mintRoomUri,
  parseDomain,
  type RoomUri,
  type UserUri,
  userUri,
} from "@treehouse/protocol";

import { createWorld, type TestEnv, type World } from "../../../packages/testkit/src/index.ts";
import { type ClientEvents, createEvents, type Events } from "../../src/events/index.ts";
import { createPresences, type Presences } from "../../src/presence/index.ts";
import type { Rooms } from "../../src/presence/ports.ts";
import { type LocalStore, openLocalStore } from "../../src/storage/index.ts";
import { openSqlite } from "../../src/storage-sqlite/index.ts";

export const minute = 60_000;
const domain = parseDomain("a.example");

/** One client with a real store; what it whispers goes to the other members at once. */
export type Someone = {
  readonly user: UserUri;
  readonly address: string;
  readonly client: ClientUri;
  readonly store: LocalStore;
  readonly events: Events<ClientEvents>;
  readonly presences: Presences;
  /** What left this client. */
  readonly said: { readonly room: RoomUri; readonly mediaType: string }[];
  readonly told: ClientEvents["presence"][];
  readonly typing: ClientEvents["typing"][];
};

type Room = { readonly uri: RoomUri; readonly direct: boolean; readonly members: Someone[] };

/** People who see one another's presence in virtual time. */
export class Circle implements AsyncDisposable {
  readonly world: World = createWorld(1);
  readonly env: TestEnv = this.world.env("all");
  readonly #directory = mkdtempSync(join(tmpdir(), "treehouse-presence-"));
  readonly #everybody: Someone[] = [];
  readonly #rooms: Room[] = [];

  async someone(name: string): Promise<Someone> {
    const { env } = this;
    const user = userUri(domain, name);
    const client = mintClientUri(user, env.random);
    const path = join(this.#directory, `${this.#everybody.length}.sqlite`);
    const store = await openLocalStore(openSqlite(path), env.random(32), env.random);
    const events = createEvents<ClientEvents>();
    const said: { room: RoomUri; mediaType: string }[] = [];
    const rooms: Rooms = {
      whisper: async (room, whispered) => {
        said.push({ room, mediaType: whispered.mediaType });
        for (const other of this.#membersOf(room)) {
          if (other.user === user) continue;
          other.presences.overheard({ ...whispered, room, sender: client });
        }
        return "taken";
      },
      directRooms: async () =>
        this.#rooms
          .filter(({ direct, members }) => direct && members.some((one) => one.user === user))
          .flatMap(({ uri, members }) => {
            const peer = members.find((one) => one.user !== user);
            return peer === undefined ? [] : [{ room: uri, peer: peer.user }];
          }),
    };
    const presences = createPresences(env, { store, rooms, events });
    const address = `${name}@${domain}`;
    const seen = { told: [], typing: [] };
    const one: Someone = { user, address, client, store, events, presences, said, ...seen };
    events.on("presence", (value) => one.told.push(value));
    events.on("typing", (value) => one.typing.push(value));
    this.#everybody.push(one);
    return one;
  }

  async meet(direct: boolean, ...members: Someone[]): Promise<RoomUri> {
    const uri = mintRoomUri(domain, this.env.random);
    this.#rooms.push({ uri, direct, members });
    const template = direct ? "direct" : "group";
    const row = { room: uri, template, status: "joined", createdAt: 1 } as const;
    for (const { store } of members) {
      await store.transaction((tx) => tx.rooms.put({ ...row, details: new Uint8Array(1) }));
    }
    return uri;
  }

  /** A further client of somebody who is in the room. */
  enter(room: RoomUri, one: Someone): void {
    this.#rooms.find(({ uri }) => uri === room)?.members.push(one);
  }

  async relate(one: Someone, { user, address }: Someone, state: ContactState): Promise<void> {
    const mutual = state === "mutual";
    await one.store.transaction((tx) =>
      tx.relations.put({ user, state, mayAdd: mutual, mayBeAdded: mutual }),
    );
    one.events.emit("contact", { user, address, state });
  }

  /** Two contacts with a conversation of their own. */
  async friends(one: Someone, other: Someone): Promise<RoomUri> {
    await this.relate(one, other, "mutual");
    await this.relate(other, one, "mutual");
    return this.meet(true, one, other);
  }

  /** Until nothing more happens that needs no time. */
  async quiet(): Promise<void> {
    for (let turn = 0; turn < 40; turn += 1) {
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  /** Lets time pass in steps, since what a timer begins asks the store. */
  async pass(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= minute / 2) {
      await this.world.advance(Math.min(left, minute / 2));
      await this.quiet();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { presences, store } of this.#everybody) {
      presences.stop();
      await store.close();
    }
    rmSync(this.#directory, { recursive: true, force: true });
  }

  #membersOf(room: RoomUri): readonly Someone[] {
    return this.#rooms.find(({ uri }) => uri === room)?.members ?? [];
  }
}

export async function stateOf(by: Someone, of: Someone): Promise<string> {
  return (await by.presences.face.of(of.address)).state;
}

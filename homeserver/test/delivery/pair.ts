import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Bytes, RoomUri } from "@treehouse/protocol";
import { enrolPerson } from "./person.ts";
import type { Person } from "./person.ts";
import { foundRoom, joinByWelcome } from "./rooms.ts";
import type { Seat } from "./seat.ts";
import { startTwoServers } from "./two-servers.ts";
import type { TwoServers, TwoServersOptions } from "./two-servers.ts";

/** Alice at a hub, and Bob at a server that follows it. */
export interface Pair extends AsyncDisposable {
  /** Holds the hub's database, `hub.sqlite`, and is removed in the end. */
  readonly directory: string;
  readonly servers: TwoServers;
  readonly alice: Person;
  readonly bob: Person;
  /** A KeyPackage of somebody at the follower, which this has given out for the room. */
  handOut(person: Person, room: RoomUri): Promise<Bytes>;
  /** A room of Alice's with Bob, whose server follows it. */
  openRoom(): Promise<readonly [alice: Seat, bob: Seat]>;
}

export async function startPair(
  options: Pick<TwoServersOptions, "clock" | "roomLog"> = {},
): Promise<Pair> {
  const directory = mkdtempSync(join(tmpdir(), "treehouse-pair-"));
  const servers = await startTwoServers({ ...options, path: join(directory, "hub.sqlite") });
  const alice = await enrolPerson(servers.hub, "alice");
  const bob = await enrolPerson(servers.follower, "bob");
  const handOut = async (person: Person, room: RoomUri): Promise<Bytes> => {
    const keyPackage = await person.keyPackage();
    servers.handedOut.set([...person.secrets.keys()].at(-1) ?? "", room);
    return keyPackage;
  };
  return {
    directory,
    servers,
    alice,
    bob,
    handOut,
    async openRoom() {
      const a = await foundRoom(alice);
      await a.commit({ add: [await handOut(bob, a.room)] });
      await servers.flush();
      return [a, await joinByWelcome(bob, a.hubKey)];
    },
    async [Symbol.asyncDispose]() {
      await servers[Symbol.asyncDispose]();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

import { checkKeyPackage, createKeyPackage } from "@treehouse/mls/member";
import {
  decodeRoomState,
  encodeRoomState,
  paths,
  Refusal,
  ROLES,
  roomView,
  template,
  toHex,
} from "@treehouse/protocol";
import type { Bytes, RoomChange, RoomTemplate, RoomView, UserUri } from "@treehouse/protocol";
import { actors, others, roomOf } from "../../../federation-spec/src/policy/index.ts";
import { linkOfSeed } from "./external.ts";
import { furtherClients } from "./further-client.ts";
import type { FurtherClient, ToldClients } from "./further-client.ts";
import { accepted, enrolPerson } from "./person.ts";
import type { Person } from "./person.ts";
import { joinByWelcome, prepareFounding, reserve } from "./rooms.ts";
import type { RoomNames } from "./rooms.ts";
import { Seat } from "./seat.ts";
import { startTwoServers } from "./two-servers.ts";
import type { TwoServers } from "./two-servers.ts";

/** What the hub says, once the room is open, to what it would have taken. */
export const TAKEN = "queueFull";

/** A room of the tables of docs/policy.md. */
export interface House extends AsyncDisposable {
  readonly servers: TwoServers;
  readonly names: RoomNames;
  readonly people: ReadonlyMap<UserUri, Person>;
  /** Who is in with a client that reads and acts. */
  readonly seats: ReadonlyMap<UserUri, Seat>;
  readonly view: RoomView;
  /** Of the link in the room. */
  readonly linkSeed: Bytes;
  /** A client more, which is in no room. */
  spareOf(user: UserUri): FurtherClient;
  /** KeyPackages for those whom a change adds. */
  keyPackages(added: RoomChange["added"]): Promise<readonly Bytes[]>;
}

const everybody = ["olga", "oskar", "anna", "ben", "mia", "max", "sam", "zoe", "kim", "bea"];

/**
 * The users of the tables are at a server that follows the room. Whoever founds it at its hub is an
 * owner more, or the other one of a pair. Once it is open, the hub judges what comes and keeps nothing.
 */
export async function openHouse(kind: RoomTemplate): Promise<House> {
  const lists = new Map<UserUri, ToldClients>();
  let isOpen = false;
  const servers = await startTwoServers({
    follower: "example.org",
    lists,
    roomLog: (log) => ({
      ...log,
      append(tx, entry) {
        if (isOpen) throw new Refusal(TAKEN, "It would have been taken.");
        return log.append(tx, entry);
      },
    }),
  });
  const people = new Map<UserUri, Person>();
  const further = new Map<UserUri, readonly FurtherClient[]>();
  for (const name of everybody) {
    const person = await enrolPerson(servers.follower, name);
    const more = furtherClients(person, 2);
    people.set(person.user, person);
    further.set(person.user, more.further);
    lists.set(person.user, more.told);
  }
  const personOf = (user: UserUri) => people.get(user) ?? fail(user);
  const [secondOf, spareOf] = [0, 1].map(
    (index) => (user: UserUri) => further.get(user)?.[index] ?? fail(user),
  );
  if (secondOf === undefined || spareOf === undefined) throw new Error("two clients more");
  const founder = await enrolPerson(servers.hub, "hugo");
  const { seat, names } = await found(kind, founder, servers);

  const table = roomOf(kind);
  const users = table.participants
    .map(({ user }) => user)
    .filter((user) => kind !== "direct" || user === actors.member);
  const add = await Promise.all(
    users.flatMap((user) => [personOf(user).keyPackage(), secondOf(user).keyPackage()]),
  );
  for (const keyPackage of add) {
    const { ref } = await checkKeyPackage(founder.context, keyPackage);
    servers.handedOut.set(toHex(ref), names.room);
  }
  await seat.commit({ add });
  const state = stateIn(seat);
  if (kind !== "direct") {
    const assignments = [
      ...table.state.assignments,
      { user: founder.user, role: ROLES.owner },
    ].toSorted((a, b) => (a.user < b.user ? -1 : 1));
    const { sanctions } = table.state;
    await seat.commit({ roomState: encodeRoomState({ ...state, assignments, sanctions }) });
  }
  await servers.flush();
  const seats = new Map([[founder.user, seat]]);
  const acting = new Set<UserUri>([...Object.values(actors), others.admin]);
  for (const user of users.filter((one) => acting.has(one))) {
    seats.set(user, await joinByWelcome(personOf(user), names.hubKey));
  }
  const sync = () => Promise.all([...seats.values()].map((one) => one.sync()));
  await sync();
  const linkSeed = servers.hub.crypto.random(32);
  const maker = seats.get(others.admin);
  if (maker !== undefined) {
    const { key } = linkOfSeed(maker.person, linkSeed);
    const joinLinks = table.state.joinLinks.map((link) => ({ ...link, key }));
    await maker.commit({ roomState: encodeRoomState({ ...stateIn(maker), joinLinks }) });
    await servers.flush();
    await sync();
  }
  isOpen = true;
  return {
    servers,
    names,
    people,
    seats,
    linkSeed,
    view: roomView(stateIn(seat), seat.group.members()),
    spareOf,
    keyPackages: (added) =>
      Promise.all(
        added.map(async ({ user, rulesKnown }) => {
          const { context, identity } = personOf(user);
          const own = users.includes(user) ? spareOf(user).identity : identity;
          const known = rulesKnown === undefined ? context : { ...context, rulesKnown };
          const options = { lifetimeMs: 3_600_000, lastResort: false };
          return (await createKeyPackage(known, own, options)).keyPackage;
        }),
      ),
    [Symbol.asyncDispose]: () => servers[Symbol.asyncDispose](),
  };
}

async function found(kind: RoomTemplate, founder: Person, { hub }: TwoServers) {
  const names = await reserve(founder, kind);
  const begins = { founder: founder.user, hub: hub.domain, term: 1 };
  const begun =
    kind === "direct" ? template(kind, { ...begins, peer: actors.member }) : template(kind, begins);
  const { group, request } = await prepareFounding(founder, names, encodeRoomState(begun));
  accepted(await founder.request("POST", paths.found(names.room), request));
  return { seat: new Seat(founder, names, group, 0), names };
}

function stateIn({ group }: Seat) {
  return decodeRoomState(group.roomState());
}

function fail(user: UserUri): never {
  throw new Error(`nothing is known of ${user}`);
}

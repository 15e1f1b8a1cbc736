import type {
  Bytes,
  Domain,
  EntryDelivery,
  EventsResponse,
  RefusalCode,
  RoomUri,
  SignedHead,
  UserUri,
} from "@treehouse/protocol";
import { paths, toHex } from "@treehouse/protocol";
import type { PeerItem, RoomLog } from "../../src/delivery/index.ts";
import type { ToldClients } from "./further-client.ts";
import { memorySecrets } from "../secrets.ts";
import type { VirtualClock } from "../streams/virtual-clock.ts";
import { alone } from "./alone.ts";
import { accepted, enrolPerson } from "./person.ts";
import type { Person } from "./person.ts";
import { startRig } from "./rig.ts";
import type { Rig } from "./rig.ts";

/** A hub and a follower, with everything that passes between them in the hands of the test. */
export interface TwoServers extends AsyncDisposable {
  hub: Rig;
  readonly follower: Rig;
  /** What the hub has for the follower and has not sent, oldest first. */
  readonly outbox: PeerItem[];
  /** Ephemeral entries that the hub has for the follower. */
  readonly passing: Bytes[];
  /** KeyPackageRefs, in hex, that the follower gave out, and for which room if for one. */
  readonly handedOut: Map<string, RoomUri | undefined>;
  /** Hands items to the follower as one batch; answers the verdicts that are no acceptance. */
  deliver(
    items: readonly EntryDelivery[],
    heads?: readonly SignedHead[],
    from?: Domain,
  ): Promise<readonly RefusalCode[]>;
  /** Delivers everything that waits in the outbox. */
  flush(): Promise<void>;
  /** An administrator of the follower thaws a room, over HTTP. */
  thaw(room: RoomUri): Promise<void>;
  /** The link between the servers; while it is cut, nobody can be asked. */
  cut: boolean;
  /** What the follower says when the hub asks it for entries; the truth unless replaced. */
  told(events: EventsResponse): EventsResponse;
  /** What the hub says when the follower asks it for entries; the truth unless replaced. */
  answered(events: EventsResponse, room: RoomUri): EventsResponse | Promise<EventsResponse>;
  /** Before the follower says where it stands. */
  telling(room: RoomUri): Promise<void>;
  /** Before the hub is told a user's client list. */
  asking(user: UserUri): Promise<void>;
  /** A hub over a database of its own, which has the same secrets and asks the same follower. */
  startHub(path: string): Promise<Rig>;
  /** Puts another hub in the place of the first. */
  replaceHub(hub: Rig): void;
}

export type TwoServersOptions = {
  /** The hub's database. */
  readonly path?: string;
  /** The follower's name. */
  readonly follower?: string;
  /** What the follower says of its users' clients, in the place of the truth. */
  readonly lists?: ReadonlyMap<UserUri, ToldClients>;
  /** Time that moves only when the test says so, for both. */
  readonly clock?: VirtualClock;
  /** Puts something in front of the logs of the hub's rooms. */
  readonly roomLog?: (log: RoomLog) => RoomLog;
};

export async function startTwoServers({
  path = ":memory:",
  follower: followerName = "follower.example",
  lists = new Map(),
  ...options
}: TwoServersOptions = {}): Promise<TwoServers> {
  const outbox: PeerItem[] = [];
  const passing: Bytes[] = [];
  const handedOut = new Map<string, RoomUri | undefined>();
  const secrets = memorySecrets();
  let rigs: { readonly hub: Rig; readonly follower: Rig } | undefined;
  const both = () => {
    if (rigs === undefined) throw new Error("not started");
    if (servers.cut) throw new Error("the link is cut");
    return rigs;
  };
  const startHub = (at: string): Promise<Rig> =>
    startRig({
      domain: "hub.example",
      path: at,
      secrets,
      ...options,
      others: {
        outbox: {
          add: async (tx, _peer, item) => tx.afterCommit(() => void outbox.push(item)),
        },
        ephemerals: { send: (_peer, entry) => void passing.push(entry) },
        hubs: {
          ...alone.hubs,
          takeOver: async (_hub, room, bytes) =>
            both().follower.delivery.hosted.takeOver(hub.domain, room, bytes),
          events: async (_peer, room, range) =>
            servers.told(await both().follower.delivery.hosted.events(hub.domain, room, range)),
          standing: async (_peer, room) => {
            await servers.telling(room);
            return both().follower.delivery.hosted.standing(hub.domain, room);
          },
        },
        remoteUsers: {
          async find(user) {
            await servers.asking(user);
            const instead = lists.get(user);
            if (instead !== undefined) return instead;
            const { database, authentication } = both().follower;
            const clientList = await database.read((tx) => authentication.clientList(tx, user));
            return clientList && { clientList, countersigners: authentication.serverKeys() };
          },
        },
      },
    });
  const hub: Rig = await startHub(path);
  const follower = await startRig({
    domain: followerName,
    ...(options.clock === undefined ? {} : { clock: options.clock }),
    others: {
      handedOut: {
        receivers: async (_tx, ref) => {
          const given = toHex(ref);
          return handedOut.has(given) ? [{ room: handedOut.get(given) }] : [];
        },
      },
      hubs: {
        ...alone.hubs,
        submit: async (_hub, caller, room, bytes) =>
          both().hub.delivery.hosted.submit(caller, room, bytes),
        update: async (_hub, caller, room, bytes) =>
          both().hub.delivery.hosted.update(caller, room, bytes),
        groupInfo: async (_hub, caller, room, bytes) =>
          both().hub.delivery.hosted.groupInfo(caller, room, bytes),
        tree: async (_hub, caller, room, epoch) =>
          both().hub.delivery.hosted.tree(caller, room, epoch),
        leave: async (_hub, caller, room, leaver) =>
          both().hub.delivery.hosted.leave(caller, room, leaver),
        events: async (_peer, room, range) =>
          servers.answered(
            await both().hub.delivery.hosted.events(follower.domain, room, range),
            room,
          ),
        standing: async (_peer, room) => both().hub.delivery.hosted.standing(follower.domain, room),
      },
    },
  });
  rigs = { hub, follower };
  let operator: Person | undefined;
  const servers: TwoServers = {
    hub,
    follower,
    outbox,
    passing,
    handedOut,
    cut: false,
    told: (events) => events,
    answered: (events) => events,
    telling: async () => {},
    asking: async () => {},
    startHub,
    replaceHub(other) {
      servers.hub = other;
      rigs = { hub: other, follower };
    },
    async deliver(items, heads = [], from = hub.domain) {
      const { followed } = follower.delivery;
      const prepared = await followed.prepare(from, { items, heads });
      return follower.database.transaction(async (tx) => {
        const verdicts: RefusalCode[] = [];
        for (const [index] of items.entries()) {
          const { rejected } = await followed.receive(tx, prepared, index);
          if (rejected !== undefined) verdicts.push(rejected);
        }
        await followed.finish(tx, prepared);
        return verdicts;
      });
    },
    async flush() {
      const rejected = await servers.deliver(outbox.splice(0).map(deliveryOf));
      if (rejected.length > 0) throw new Error(`rejected: ${rejected.join()}`);
    },
    async thaw(room) {
      operator ??= await enrolPerson(follower, "operator", undefined, true);
      accepted(await operator.request("POST", paths.federationThaw(room)));
    },
    async [Symbol.asyncDispose]() {
      await follower[Symbol.asyncDispose]();
      await servers.hub[Symbol.asyncDispose]();
    },
  };
  return servers;
}

export function deliveryOf(item: PeerItem): EntryDelivery {
  const { bytes, head, groupInfo, welcomes = [], introduction } = item;
  return { entry: bytes, head, groupInfo, welcomes, introduction };
}

import { decodeRoomState, encodeRoomState } from "@treehouse/protocol";

import type { User } from "../world/people.ts";
import type { Member, Room } from "../world/room.ts";
import {
  add,
  commit,
  deliver,
  joinByItself,
  none,
  persist,
  proposeByHub,
  proposeByMember,
} from "../world/room.ts";

/** Groups stay below this, so that trees become sparse instead of large. */
const MEMBERS_MAX = 16;

export type Operation = {
  weight: number;
  possible(room: Room): boolean;
  run(room: Room): Promise<void>;
};

const atLeast = (count: number) => (room: Room) => room.members.length >= count;
const roomFor = (count: number) => (room: Room) => room.members.length + count <= MEMBERS_MAX;

function newUser({ world }: Room): User {
  return world.user(`user${world.random.below(2 ** 31)}`);
}

function newcomers(room: Room, count: number) {
  return Array.from({ length: count }, () => {
    const user = newUser(room);
    return { user, identity: room.world.client(user) };
  });
}

function anyone(room: Room): Member {
  return room.world.random.pick(room.members);
}

function another(room: Room, ...not: readonly Member[]): Member {
  return room.world.random.pick(room.members.filter((member) => !not.includes(member)));
}

/** The room's state with other encrypted metadata: a change that every template allows. */
function otherState(room: Room) {
  const state = decodeRoomState(room.hub.roomState);
  return encodeRoomState({ ...state, metadata: room.world.random.bytes(40) });
}

function byLeaf(room: Room): readonly Member[] {
  return room.members.toSorted((a, b) => a.group.ownLeaf - b.group.ownLeaf);
}

async function cull(room: Room): Promise<void> {
  const sorted = byLeaf(room);
  const committer = sorted.at(-1);
  if (committer === undefined) return;
  const half = 2 ** Math.floor(Math.log2(Math.max(1, committer.group.ownLeaf)));
  const remove = sorted.map(({ group }) => group.ownLeaf).filter((leaf) => leaf < half);
  await commit(room, committer, { remove });
}

/** The mirror image: what is left is the lower half, and the tree may shrink or its root go blank. */
async function cullRight(room: Room): Promise<void> {
  const sorted = byLeaf(room);
  const [committer] = sorted;
  if (committer === undefined) return;
  const middle = sorted.length >> 1;
  const gone = sorted.slice(Math.max(2, middle), -1).map(({ group }) => group.ownLeaf);
  await commit(room, committer, { remove: gone });
}

/** Two commits from one epoch: the hub takes the second, the author of the first processes it. */
async function race(room: Room): Promise<void> {
  const loser = anyone(room);
  const winner = another(room, loser);
  await loser.group.prepareCommit({}, none);
  persist(loser);
  const won = await winner.group.prepareCommit({}, none);
  persist(winner);
  await deliver(room, winner, won);
  if (loser.group.prepared !== undefined) throw new Error("The losing commit is still prepared.");
}

export const operations: Readonly<Record<string, Operation>> = {
  add: {
    weight: 4,
    possible: roomFor(1),
    run: async (room) => void (await add(room, anyone(room), newcomers(room, 1))),
  },
  add3: {
    weight: 3,
    possible: roomFor(3),
    run: async (room) => void (await add(room, anyone(room), newcomers(room, 3))),
  },
  addDevice: {
    weight: 1,
    possible: roomFor(1),
    run: async (room) => {
      const { user } = anyone(room);
      await add(room, anyone(room), [{ user, identity: room.world.client(user) }]);
    },
  },
  remove: {
    weight: 3,
    possible: atLeast(3),
    run: async (room) => {
      const committer = anyone(room);
      const { group } = another(room, committer);
      await commit(room, committer, { remove: [group.ownLeaf] });
    },
  },
  update: {
    weight: 6,
    possible: atLeast(1),
    run: async (room) => void (await commit(room, anyone(room), {})),
  },
  renew: {
    weight: 1,
    possible: atLeast(1),
    run: async (room) => {
      const member = anyone(room);
      const { leafIdentity } = room.world.client(member.user, {
        keys: {
          privateKey: member.identity.signaturePrivateKey,
          publicKey: member.identity.signaturePublicKey,
        },
        as: member.identity.client,
      });
      await commit(room, member, { updateLeafIdentity: leafIdentity });
    },
  },
  mix: {
    weight: 4,
    possible: (room) => atLeast(3)(room) && roomFor(1)(room),
    run: async (room) => {
      const committer = anyone(room);
      const remove = [another(room, committer).group.ownLeaf];
      await add(room, committer, newcomers(room, 2), { remove });
    },
  },
  readd: {
    weight: 2,
    possible: atLeast(3),
    run: async (room) => {
      const committer = anyone(room);
      const { user, identity, group } = another(room, committer);
      await add(room, committer, [{ user, identity }], { remove: [group.ownLeaf] });
    },
  },
  ref: {
    weight: 2,
    possible: atLeast(3),
    run: async (room) => {
      const [proposer, committer] = [anyone(room), anyone(room)];
      const { group } = another(room, committer);
      await proposeByMember(room, proposer, group.ownLeaf);
      await commit(room, committer, {});
    },
  },
  hubRef: {
    weight: 2,
    possible: atLeast(4),
    run: async (room) => {
      const committer = anyone(room);
      const [first, second] = [another(room, committer), another(room, committer)];
      await proposeByHub(room, [first.group.ownLeaf, second.group.ownLeaf]);
      await commit(room, committer, { remove: [first.group.ownLeaf] });
    },
  },
  external: {
    weight: 3,
    possible: roomFor(1),
    run: async (room) => {
      const user = newUser(room);
      await joinByItself(room, user, room.world.client(user));
    },
  },
  externalOverPending: {
    weight: 1,
    possible: (room) => atLeast(3)(room) && roomFor(1)(room),
    run: async (room) => {
      await proposeByHub(room, [anyone(room).group.ownLeaf]);
      const { user } = anyone(room);
      await joinByItself(room, user, room.world.client(user));
    },
  },
  resync: {
    weight: 3,
    possible: atLeast(1),
    run: async (room) => {
      const { user, identity, group } = anyone(room);
      await joinByItself(room, user, identity, group.ownLeaf);
    },
  },
  replaceDevice: {
    weight: 2,
    possible: atLeast(1),
    run: async (room) => {
      const { user, group } = anyone(room);
      await joinByItself(room, user, room.world.client(user), group.ownLeaf);
    },
  },
  gce: {
    weight: 2,
    possible: atLeast(1),
    run: async (room) => {
      const { checked } = await commit(room, anyone(room), { roomState: otherState(room) });
      if (!checked.stateChanged) throw new Error("The room's state should have changed.");
    },
  },
  gceRemove: {
    weight: 2,
    possible: atLeast(3),
    run: async (room) => {
      const committer = anyone(room);
      const remove = [another(room, committer).group.ownLeaf];
      await commit(room, committer, { remove, roomState: otherState(room) });
    },
  },
  gceAdd: {
    weight: 2,
    possible: roomFor(1),
    run: async (room) => {
      const intent = { roomState: otherState(room) };
      await add(room, anyone(room), newcomers(room, 1), intent);
    },
  },
  cull: { weight: 2, possible: atLeast(5), run: cull },
  cullRight: { weight: 2, possible: atLeast(5), run: cullRight },
  race: { weight: 2, possible: atLeast(2), run: race },
};

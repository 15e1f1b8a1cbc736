import { Refusal } from "@treehouse/protocol";
import type {
  HandedOut,
  Hubs,
  PeerEphemerals,
  PeerOutbox,
  RemoteUsers,
} from "../../src/delivery/index.ts";

/** What delivery is given on a server that knows no other. */
export const alone: {
  readonly handedOut: HandedOut;
  readonly outbox: PeerOutbox;
  readonly ephemerals: PeerEphemerals;
  readonly hubs: Hubs;
  readonly remoteUsers: RemoteUsers;
} = {
  handedOut: { receivers: async () => [] },
  outbox: {
    add: async () => {
      throw new Error("a server without peers sends nothing");
    },
  },
  ephemerals: {
    send() {
      throw new Error("a server without peers sends nothing");
    },
  },
  hubs: {
    submit: unreachable,
    update: unreachable,
    groupInfo: unreachable,
    tree: unreachable,
    leave: unreachable,
    events: unreachable,
    standing: unreachable,
    hubOffer: unreachable,
    takeOver: unreachable,
  },
  remoteUsers: { find: unreachable },
};

async function unreachable(): Promise<never> {
  throw new Refusal("peerUnreachable", "There is no other server.");
}

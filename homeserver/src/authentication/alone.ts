import { Refusal } from "@treehouse/protocol";
import type { Neighbours } from "./ports.ts";

/** Of a server that has nobody beside it: there are no inboxes, no rooms and no peers. */
export const alone: Neighbours = {
  inboxes: {
    deliverAccountEvent: () => Promise.resolve(),
    deleteClient: () => Promise.resolve(),
  },
  keyPackages: {
    deleteOf: () => Promise.resolve(),
    deleteStockOf: () => Promise.resolve(),
    forgetUser: () => Promise.resolve(),
    wasHandedTo: () => Promise.resolve(false),
  },
  rooms: {
    deleteUser: () => Promise.resolve([]),
    shares: () => Promise.resolve(false),
    revokeClient: () => Promise.resolve([]),
    companionsOf: () => Promise.resolve([]),
  },
  assets: { deleteUser: () => Promise.resolve() },
  mailboxes: {
    available: () => false,
    isConfirmed: () => Promise.resolve(false),
    mail: () => undefined,
  },
  factors: {
    isRequired: () => Promise.resolve(false),
    check: () => Promise.reject(new Refusal("factorInvalid", "this server has no second factors")),
    link: () => Promise.reject(new Refusal("unsupported", "this server knows no other provider")),
    forget: () => Promise.resolve(),
  },
  outbox: { add: () => Promise.reject(noPeers()) },
  users: {
    find: () => Promise.reject(noPeers()),
    lists: () => Promise.reject(noPeers()),
    forget: () => undefined,
  },
};

function noPeers(): Refusal {
  return new Refusal("peerUnreachable", "this server has no connection to others");
}

/**
 * How a conversation is doing on this client. `ok`. `catchingUp`: entries are still to come.
 * `checking`: a change could not be applied here, and the others are asked. `rejoining`: this client
 * comes back by a commit of its own. `suspended`: a change that this user made could be applied by
 * nobody; until `until` none is taken. `forkSuspected`: a message came from another continuation of the
 * conversation. `forked`: the server contradicts itself, and nothing more is read.
 */
export type RoomHealth = {
  readonly state:
    | "ok"
    | "catchingUp"
    | "checking"
    | "rejoining"
    | "suspended"
    | "forkSuspected"
    | "forked";
  /** Of `suspended`: milliseconds since the Unix epoch. */
  readonly until?: number;
};

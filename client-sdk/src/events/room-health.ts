/**
 * How a conversation is doing on this client. `ok`. `catchingUp`: entries are still to come.
 * `checking`: a change could not be applied here, and the others are asked. `rejoining`: this client
 * comes back by a commit of its own. `suspended`: a change that this user made could be applied by
 * nobody; until `until` none is taken. `forkSuspected`: a message came from another continuation of the
 * conversation. `forked`: the server contradicts itself, and nothing more is read. `paused`: its rules are
 * of a version that this program does not know. `refused`: the server took a change that the rules forbid,
 * and nothing behind it is read until it is taken back. `deleted`: somebody has ended it for everybody.
 */
export type RoomHealth = {
  readonly state:
    | "ok"
    | "catchingUp"
    | "checking"
    | "rejoining"
    | "suspended"
    | "forkSuspected"
    | "forked"
    | "paused"
    | "refused"
    | "deleted";
  /** Of `suspended`: milliseconds since the Unix epoch. */
  readonly until?: number;
  /** Of `paused` and `refused`: what stands in the way. */
  readonly reason?: string;
};

import type { SimClient } from "./sim-client.ts";
import type { SimNetwork } from "./sim-network.ts";
import type { SimServer } from "./sim-server.ts";
import type { SimWorld } from "./sim-world.ts";

/** What became of a message, as its sender was told. */
export type Sent = {
  readonly by: string;
  readonly text: string;
  /** `unknown`: whoever waited for it died. Its wish may have been stored, or not. */
  outcome: "waiting" | "accepted" | "refused" | "unknown";
  position: number | undefined;
  code: string;
};

/** Everything that a seed consists of while it runs. */
export type Scene = {
  readonly world: SimWorld;
  readonly network: SimNetwork;
  readonly servers: readonly SimServer[];
  readonly clients: readonly SimClient[];
  readonly room: string;
  readonly sent: Sent[];
  /** Addresses of clients that were told that a wish of theirs can never be done. */
  readonly givenUp: Set<string>;
  /** The one to whom its server lies, if it lies to anybody. */
  readonly victim: SimClient | undefined;
  /** What clients were told of that is not right. */
  readonly told: Told[];
};

/** Its messages that a hub has forgotten wait for the word of its user. */
export const heldText = "what was lost waits";

/** Who was removed, and is counted in again by a hub that forgot it, whose remover forgot it as well. */
export function mayStayIn({ servers, clients }: Scene): boolean {
  return servers[0]?.wasRestored === true && clients.some(({ wasPutBack }) => wasPutBack);
}

/**
 * Whether whoever is lied to knows: its client tells of it, or its server has stopped the room, which is
 * then for its operator to look at (FED-952).
 */
export function isLieKnown({ world, victim, told }: Scene): boolean {
  return world.probes.has("log roomFrozen") || told.some(({ by }) => by === victim);
}

/** Who made a commit that nobody can apply, or could not use it and came in by one of their own. */
export function mayMissBySabotage({ told }: Scene, one: SimClient): boolean {
  return one.hasSpoiled || told.some(({ by, text }) => by === one && isOfGarbage(text));
}

/** That a commit, or the Welcome beside it, is of no use. */
export function isOfGarbage(text: string): boolean {
  return /^(commitVoid|commitInvalid|welcomeUnusable): /u.test(text);
}

/** Something that a client says is not right. */
export type Told = { readonly by: SimClient; readonly position: number; readonly text: string };

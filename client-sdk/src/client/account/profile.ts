import { parseAddress, type Profile, type UserUri } from "@treehouse/protocol";

import {
  type OwnProfile,
  type ProfileChange,
  profileKept,
  type Profiles,
  readOwnProfile,
} from "../../profiles/index.ts";
import type { LocalStore } from "../../storage/index.ts";
import { guarded } from "../guarded.ts";
import type { Chosen } from "./settings.ts";

/**
 * What users say of themselves: name, status, picture, how to reach them. It goes end-to-end encrypted
 * to those whom its user chose, and into no server.
 */
export interface ClientProfile {
  /** All of one's own, on all of one's clients; `changedAt` is 0 when nothing was ever set. */
  get(): Promise<OwnProfile>;
  /**
   * Changes what is named; who may see it is told at once, or as soon as the server is reached. A name
   * and a picture are for everybody in one's conversations unless it is said otherwise, all else for
   * contacts. Refuses `malformed`, naming the bounds.
   */
  set(change: ProfileChange): Promise<OwnProfile>;
  /** What somebody says of themselves, as far as this client was told; undefined: nothing yet. */
  of(address: string): Promise<Profile | undefined>;
}

export function createClientProfile(parts: {
  readonly store: LocalStore;
  readonly chosen: Chosen;
  readonly profiles: Profiles;
  readonly self: UserUri;
}): ClientProfile {
  const { store, chosen, profiles, self } = parts;
  return {
    get: () => guarded(() => store.transaction(readOwnProfile)),
    set: (change) =>
      guarded(async () => {
        const own = await profiles.set(change, chosen.now());
        await chosen.push();
        return own;
      }),
    of: (address) =>
      guarded(async () => {
        const user = parseAddress(address);
        return store.transaction((tx) => {
          if (user !== self) return profileKept(tx, user);
          const { audiences: _, ...own } = readOwnProfile(tx);
          return own.changedAt === 0 ? undefined : own;
        });
      }),
  };
}

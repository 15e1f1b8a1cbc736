import { Refusal } from "@treehouse/protocol";

import { StoreFault } from "../storage/index.ts";

/** A name becomes part of a directory's name, of a lock's and of a key's. */
export function checkName(name: string): void {
  if (/^[A-Za-z0-9][A-Za-z0-9._@-]{0,99}$/.test(name)) return;
  throw new Refusal(
    "malformed",
    "store: a store's name in a browser is made of letters, digits and . _ @ -, at most 100",
  );
}

export const directoryOf = (name: string): string => `.treehouse-${name}`;
export const vfsOf = (name: string): string => `treehouse-${name}`;

/** The handles alone would refuse a second opener, but not tell it from a file that is damaged. */
export function lockName(name: string): Promise<() => void> {
  return new Promise((resolve, reject) => {
    navigator.locks
      .request(`treehouse/${name}/store`, { ifAvailable: true }, async (lock) => {
        if (lock === null) {
          throw new StoreFault("storeInUse", "another part of this browser has this store open");
        }
        await new Promise<void>((release) => resolve(release));
      })
      .catch(reject);
  });
}

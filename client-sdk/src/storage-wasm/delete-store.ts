import { checkName, directoryOf, lockName } from "./names.ts";
import { deleteDirectory } from "./private-files.ts";
import { deleteStoreKey } from "./store-key.ts";

/** Deletes a store that is closed, with its key: nothing of it can be read any more. */
export async function deleteBrowserStore(name: string): Promise<void> {
  checkName(name);
  const release = await lockName(name);
  try {
    await deleteStoreKey(name);
    await deleteDirectory(directoryOf(name));
  } finally {
    release();
  }
}

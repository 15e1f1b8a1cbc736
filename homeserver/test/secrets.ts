import type { Bytes } from "@treehouse/protocol";
import type { SecretFiles } from "../src/authentication/index.ts";
import type { PeersOptions } from "../src/peers/index.ts";

/** The secrets of a server, in memory: `files` is what would lie in its folder. */
export function memorySecrets(
  files = new Map<string, Bytes>(),
): SecretFiles & PeersOptions["secrets"] {
  return {
    read: async (name) => files.get(name),
    create: async (name, content) => {
      const kept = files.get(name) ?? content;
      files.set(name, kept);
      return kept;
    },
    names: async () => [...files.keys()].toSorted(),
    remove: async (name) => void files.delete(name),
  };
}

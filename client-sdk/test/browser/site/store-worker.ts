import { createBrowserEnv } from "../../../src/environment/browser.ts";
import { engineContract } from "../../../src/storage/store.contract.ts";
import { openOnFiles } from "../../../src/storage-wasm/index.ts";
import { collected } from "./vitest.ts";

declare function addEventListener(
  type: "message",
  listener: (event: { readonly data: string }) => void,
): void;
declare function postMessage(message: unknown): void;
declare const navigator: {
  readonly storage: { getDirectory(): Promise<Directory> };
};
type Directory = {
  getDirectoryHandle(name: string): Promise<Directory>;
  values(): AsyncIterable<Directory | Handle>;
};
type Handle = {
  readonly kind: "file";
  getFile(): Promise<Blob>;
};

const { random } = createBrowserEnv().env;

const acts: Record<string, () => Promise<unknown>> = {
  async contract() {
    engineContract({ open: openOnFiles, octets, random });
    const results = [];
    for (const { title, run } of collected.splice(0)) {
      const fault = await run().then(
        () => undefined,
        (error: unknown) => (error instanceof Error ? (error.stack ?? error.message) : "unknown"),
      );
      results.push({ title, fault });
    }
    return results;
  },
};

addEventListener("message", ({ data }) => {
  const act = acts[data];
  if (act === undefined) throw new Error(`nobody knows how to ${data}`);
  void act().then(postMessage);
});

/** Everything in the directory of a store. */
async function octets(name: string): Promise<readonly Uint8Array[]> {
  const root = await navigator.storage.getDirectory();
  return read(await root.getDirectoryHandle(`.treehouse-${name}`));
}

async function read(directory: Directory): Promise<readonly Uint8Array[]> {
  const found: Uint8Array[] = [];
  for await (const entry of directory.values()) {
    if ("getFile" in entry) {
      found.push(new Uint8Array(await (await entry.getFile()).arrayBuffer()));
    } else found.push(...(await read(entry)));
  }
  return found;
}

import { createBrowserEnv } from "../../../src/environment/browser.ts";
import { openLocalStore, StoreFault } from "../../../src/storage/index.ts";
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
  /** Opens a store and keeps it open for as long as this worker lives. */
  async hold() {
    await openOnFiles("held");
    return "held";
  },
  async open() {
    return codeOf(openOnFiles("held").then((database) => database.close()));
  },
  /** Writes until there is no room left, and looks at what stays. */
  async fill() {
    const { store, put } = await openFilled();
    const written = ["", "", "", "", "", "", "", ""].map((_, at) => `value ${at}`);
    const codes = [];
    for (const name of written) codes.push(await put(name));
    const kept = await store.transaction((tx) => written.map((name) => tx.settings.get(name)));
    await store.close();
    return codes.map((code, at) => `${String(code)}, ${kept[at] === undefined ? "gone" : "kept"}`);
  },
  async fillAgain() {
    const { store, put } = await openFilled();
    const code = await put("value 7");
    await store.close();
    return code;
  },
};

/** Each value takes a mebibyte. */
async function openFilled() {
  const store = await openLocalStore(await openOnFiles("filled"), new Uint8Array(32), random);
  const put = (name: string) =>
    codeOf(store.transaction((tx) => tx.settings.put(name, new Uint8Array(2 ** 20))));
  return { store, put };
}

async function codeOf(act: Promise<unknown>): Promise<unknown> {
  return act.then(
    () => "done",
    (error: unknown) => (error instanceof StoreFault ? error.code : String(error)),
  );
}

addEventListener("message", ({ data }) => {
  const act = acts[data];
  if (act === undefined) throw new Error(`nobody knows how to ${data}`);
  void act().then(postMessage, (error: unknown) => postMessage(String(error)));
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

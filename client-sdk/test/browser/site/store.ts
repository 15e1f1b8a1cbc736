/** Runs the store's contract in a worker, where alone there are files. */
import "./trusted-scripts.ts";

declare const Worker: new (
  url: URL,
  options: { readonly type: "module" },
) => {
  addEventListener(type: "message", listener: (event: { readonly data: unknown }) => void): void;
  postMessage(message: string): void;
  terminate(): void;
};

Object.assign(globalThis, {
  /** Has a worker do something, and ends it. */
  inWorker: (what: string) =>
    new Promise((resolve) => {
      const worker = new Worker(new URL("./store-worker.ts", import.meta.url), { type: "module" });
      worker.addEventListener("message", ({ data }) => {
        worker.terminate();
        resolve(data);
      });
      worker.postMessage(what);
    }),
});

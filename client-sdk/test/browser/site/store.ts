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
  /** Has a worker of its own do something; `hold` is for one that lives on. */
  inWorker: (what: string) =>
    new Promise((resolve) => {
      const worker = new Worker(new URL("./store-worker.ts", import.meta.url), { type: "module" });
      worker.addEventListener("message", ({ data }) => {
        if (what !== "hold") worker.terminate();
        resolve(data);
      });
      worker.postMessage(what);
    }),
});

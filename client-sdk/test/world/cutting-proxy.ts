import { once } from "node:events";
import { connect, createServer } from "node:net";
import type { Socket } from "node:net";

/** A way to a server that breaks, again and again. */
export interface CuttingProxy extends AsyncDisposable {
  readonly url: string;
  /** Octets that have passed, to the server and back. */
  readonly passed: { up: number; down: number };
  /** The connection is cut on which as many octets come to have passed since the last cut. */
  cutAfter: number | undefined;
  /** Called with each buffer that passes. */
  onPassed: () => void;
  readonly cuts: number;
}

export async function startCuttingProxy(target: () => string): Promise<CuttingProxy> {
  const open = new Set<Socket>();
  const server = createServer((near) => {
    const { hostname, port } = new URL(target());
    const far = connect(Number(port), hostname);
    const end = (): void => {
      near.destroy();
      far.destroy();
    };
    const pass = (from: Socket, to: Socket, direction: "up" | "down"): void => {
      open.add(from);
      from.on("error", end);
      from.on("close", () => {
        open.delete(from);
        end();
      });
      from.on("data", (octets) => {
        sinceCut += octets.length;
        proxy.passed[direction] += octets.length;
        proxy.onPassed();
        if (proxy.cutAfter !== undefined && sinceCut > proxy.cutAfter) {
          cuts += 1;
          sinceCut = 0;
          end();
        } else if (!to.write(octets)) {
          from.pause();
          to.once("drain", () => from.resume());
        }
      });
    };
    pass(near, far, "up");
    pass(far, near, "down");
  });
  let cuts = 0;
  let sinceCut = 0;
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  const proxy: CuttingProxy = {
    url: `http://127.0.0.1:${address.port}`,
    passed: { up: 0, down: 0 },
    cutAfter: undefined,
    onPassed: () => undefined,
    get cuts() {
      return cuts;
    },
    async [Symbol.asyncDispose]() {
      for (const socket of open) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
  return proxy;
}

import { randomInt } from "node:crypto";
import { createServer } from "node:net";

/** Below what systems give to whoever asks for any port, so that nobody is given it meanwhile. */
const [portFirst, portLast] = [20_000, 32_000];

/** A port that nobody listens on. Clients and servers remember it, so that every start uses it. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(portFirst, portLast);
    if (await isFree(port)) return port;
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once("error", () => resolve(false));
    probe.listen(port, "127.0.0.1", () => probe.close(() => resolve(true)));
  });
}

import {
  copyBytes,
  type HttpRequest,
  type HttpResponse,
  NetworkFault,
  type SocketEvents,
  type SocketHandle,
} from "@treehouse/protocol";
import { connectSocket } from "./in-memory-socket.ts";
import type { Random } from "./random.ts";
import type { Scheduler } from "./scheduler.ts";

/** What listens at an origin such as `http://example.org:4280`. */
export interface NetworkNode {
  fetch(request: HttpRequest): Promise<HttpResponse>;
  /** Accepts a socket; `undefined` refuses it. Without it no socket is accepted. */
  socket?(url: string, handle: SocketHandle): SocketEvents | undefined;
}

/** How every message travels; settable at any time. */
export interface Link {
  /** One way, milliseconds. */
  delayMs: number;
  /** Probability that a request or an answer gets lost. */
  loss: number;
}

/** An in-memory network between the nodes of one world. */
export class Network {
  readonly link: Link = { delayMs: 0, loss: 0 };
  readonly #nodes = new Map<string, NetworkNode>();
  readonly #scheduler: Scheduler;
  readonly #random: Random;

  constructor(scheduler: Scheduler, random: Random) {
    this.#scheduler = scheduler;
    this.#random = random;
  }

  /** Puts a node at an origin; gives what takes it away again. */
  listen(origin: string, node: NetworkNode): () => void {
    if (this.#nodes.has(origin)) throw new Error(`${origin} is taken`);
    this.#nodes.set(origin, node);
    return () => {
      this.#nodes.delete(origin);
    };
  }

  /** The `fetch` of every Env. Losses are drawn first, so that one draws as much as another. */
  fetch(request: HttpRequest): Promise<HttpResponse> {
    const { promise, resolve, reject } = Promise.withResolvers<HttpResponse>();
    const requestLost = this.#random.chance(this.link.loss);
    const answerLost = this.#random.chance(this.link.loss);
    const cancel = this.#scheduler.timer(request.timeoutMs, () => {
      reject(new NetworkFault("timeout", `no answer within ${request.timeoutMs} ms`));
    });
    const answer = (settle: () => void): void => {
      if (answerLost) return;
      this.#travel(() => {
        cancel();
        settle();
      });
    };
    const sent = copyRequest(request);
    const arrive = async (): Promise<void> => {
      const node = this.#nodes.get(new URL(request.url).origin);
      if (node === undefined) {
        answer(() => reject(new NetworkFault("refused", "nobody listens there")));
        return;
      }
      try {
        const response = await node.fetch(sent);
        const tooLarge = response.body.length > request.responseBytesMax;
        const copy = { ...response, body: copyBytes(response.body) };
        answer(() => {
          if (tooLarge) reject(new NetworkFault("tooLarge", "the answer is too long"));
          else resolve(copy);
        });
      } catch (cause) {
        answer(() => reject(new NetworkFault("broken", "the node failed", { cause })));
      }
    };
    if (!requestLost) this.#travel(() => void arrive());
    return promise;
  }

  /** The `openSocket` of every Env. */
  openSocket(url: string, events: SocketEvents): SocketHandle {
    return connectSocket({
      events,
      accept: (handle) => this.#nodes.get(httpOrigin(url))?.socket?.(url, handle),
      travel: (run) => this.#travel(run),
    });
  }

  #travel(run: () => void): void {
    if (this.link.delayMs > 0) this.#scheduler.timer(this.link.delayMs, run);
    else this.#scheduler.soon(run);
  }
}

function copyRequest(request: HttpRequest): HttpRequest {
  return request.body === undefined ? request : { ...request, body: copyBytes(request.body) };
}

function httpOrigin(url: string): string {
  return new URL(url.replace(/^ws/, "http")).origin;
}

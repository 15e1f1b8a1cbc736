import { request as httpRequest } from "node:http";
import type { IncomingHttpHeaders, Server } from "node:http";
import type { Server as TlsServer } from "node:https";
import { type Duplex, duplexPair } from "node:stream";
import {
  type HttpRequest,
  type HttpResponse,
  NetworkFault,
  type SocketEvents,
} from "@treehouse/protocol";
import { WebSocket } from "ws";

/** The server's end of a socket, as the network holds it. */
export type FarEnd = {
  send(bytes: Uint8Array): void;
  close(code?: number, reason?: string): void;
  terminate(): void;
  /** Takes nothing more from the connection, or goes on taking. */
  slow(slow: boolean): void;
};

/**
 * Where connections enter one life of a server: its real HTTP server, over streams in memory in the
 * place of TCP. Node's own client and `ws` speak on the near side, so that every octet is parsed.
 */
export class Door {
  readonly #server: Server | TlsServer;
  readonly #open = new Set<Duplex>();
  #shut = false;

  constructor(server: Server | TlsServer) {
    this.#server = server;
  }

  /** Everything that is connected breaks, and nothing of what the server still says gets out. */
  shut(): void {
    this.#shut = true;
    for (const near of this.#open) near.destroy();
    this.#open.clear();
  }

  exchange(asked: HttpRequest): Promise<HttpResponse> {
    const { pathname, search, host } = new URL(asked.url);
    return new Promise((resolve, reject) => {
      let answered = false;
      const broken = (cause?: Error): void => {
        // A fault is dear to make, and each answer is followed by the end of its connection.
        if (answered) return;
        reject(new NetworkFault("broken", "the connection broke", { cause }));
      };
      const request = httpRequest({
        method: asked.method,
        path: pathname + search,
        headers: {
          host,
          ...asked.headers,
          ...(asked.body === undefined ? {} : { "content-length": asked.body.length }),
        },
        createConnection: () => this.#connect(),
      });
      request.on("error", broken);
      request.on("response", (incoming) => {
        const parts: Buffer[] = [];
        incoming.on("data", (part: Buffer) => void parts.push(part));
        incoming.on("error", broken);
        incoming.on("close", () => broken());
        incoming.on("end", () => {
          const body = new Uint8Array(Buffer.concat(parts));
          const headers = flat(incoming.headers);
          answered = true;
          resolve({ status: incoming.statusCode ?? 0, headers, body });
        });
      });
      request.end(asked.body);
    });
  }

  socket(url: string, events: SocketEvents): FarEnd {
    const socket = new WebSocket(url, {
      perMessageDeflate: false,
      createConnection: () => this.#connect(),
    });
    socket.on("open", () => events.opened());
    socket.on("message", (data) => {
      if (data instanceof Uint8Array) events.message(new Uint8Array(data));
    });
    // The reason of an error is told by the close that always follows it.
    socket.on("error", () => undefined);
    socket.on("close", (code, reason) => events.closed(code, reason.toString()));
    return {
      send: (bytes) => socket.readyState === socket.OPEN && socket.send(bytes),
      close: (code, reason) => socket.close(code, reason),
      terminate: () => socket.terminate(),
      slow: (slow) => (slow ? socket.pause() : socket.resume()),
    };
  }

  #connect(): Duplex {
    const [near, far] = duplexPair();
    near.on("error", () => undefined);
    far.on("error", () => undefined);
    if (this.#shut) {
      near.destroy();
      return near;
    }
    this.#open.add(near);
    near.once("close", () => {
      this.#open.delete(near);
      far.destroy();
    });
    far.once("close", () => near.destroy());
    this.#server.emit("connection", far);
    return near;
  }
}

function flat(headers: IncomingHttpHeaders): Record<string, string> {
  const result: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    // The one thing in an answer that is written by the real clock.
    if (value === undefined || name === "date") continue;
    result[name] = Array.isArray(value) ? value.join(", ") : value;
  }
  return result;
}

import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import { concatBytes, parseDomain } from "@treehouse/protocol";
import type { Bytes, Domain } from "@treehouse/protocol";
import { Failed } from "../outcome.ts";

/** A request of the tested server to one of the suite's servers. */
export interface ReceivedRequest {
  readonly method: string;
  readonly path: string;
  /** Lower-case names, each with all its values. */
  readonly headers: Readonly<Record<string, readonly string[] | undefined>>;
  readonly body: Bytes;
  /** `performance.now()` when it had come. */
  readonly at: number;
}

/** What is answered; `drop` breaks the connection instead. */
export type Reply =
  | {
      readonly status: number;
      readonly headers?: Readonly<Record<string, string>>;
      readonly body?: Uint8Array | string;
    }
  | "drop";

/** Answers the requests to one domain. */
export interface Resident {
  receive(request: ReceivedRequest): Promise<Reply> | Reply;
}

/** One listener for all servers that the suite plays; the Host header says who is meant. */
export class PeerHost implements AsyncDisposable {
  readonly url: URL;
  readonly #server: ReturnType<typeof createServer>;
  readonly #residents: Map<Domain, Resident>;
  readonly #waiting = new Set<() => void>();

  private constructor(
    server: ReturnType<typeof createServer>,
    residents: Map<Domain, Resident>,
    url: URL,
  ) {
    this.#server = server;
    this.#residents = residents;
    this.url = url;
    server.on("request", (incoming, outgoing) => void this.#serve(incoming, outgoing));
  }

  static async listen(at: { readonly host: string; readonly port: number }): Promise<PeerHost> {
    const server = createServer();
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen({ host: at.host, port: at.port }, resolve);
    });
    const address = server.address();
    if (address === null || typeof address === "string") throw new Error("no TCP address");
    const host = address.family === "IPv6" ? `[${address.address}]` : address.address;
    return new PeerHost(server, new Map(), new URL(`http://${host}:${address.port}`));
  }

  add(domain: Domain, resident: Resident): void {
    this.#residents.set(domain, resident);
  }

  /** Something happened for which somebody may wait. */
  changed(): void {
    for (const look of this.#waiting) look();
  }

  /** The first value that is there; fails after so long. */
  async until<T>(what: string, withinMs: number, look: () => T | undefined): Promise<T> {
    const found = look();
    if (found !== undefined) return found;
    return new Promise((resolve, reject) => {
      const again = (): void => {
        try {
          const value = look();
          if (value === undefined) return;
          end();
          resolve(value);
        } catch (error) {
          end();
          reject(error);
        }
      };
      const timer = setTimeout(() => {
        end();
        reject(new Failed(`waited ${withinMs} ms for ${what}`));
      }, withinMs);
      const end = (): void => {
        clearTimeout(timer);
        this.#waiting.delete(again);
      };
      this.#waiting.add(again);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => {
      this.#server.close(resolve);
    });
  }

  async #serve(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const parts: Uint8Array[] = [];
    try {
      for await (const part of incoming) if (part instanceof Uint8Array) parts.push(part);
    } catch {
      return;
    }
    const resident = this.#residentOf(incoming.headers.host ?? "");
    if (resident === undefined) {
      outgoing.writeHead(421).end();
      return;
    }
    const reply = await resident.receive({
      method: incoming.method ?? "",
      path: incoming.url ?? "",
      headers: incoming.headersDistinct,
      body: concatBytes(...parts),
      at: performance.now(),
    });
    if (reply === "drop") incoming.socket.destroy();
    else outgoing.writeHead(reply.status, reply.headers).end(reply.body);
    this.changed();
  }

  #residentOf(host: string): Resident | undefined {
    try {
      return this.#residents.get(parseDomain(host.replace(/:\d+$/, "")));
    } catch {
      return undefined;
    }
  }
}

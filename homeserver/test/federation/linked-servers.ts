import { LinkedServer } from "./linked-server.ts";
import type { Addresses, LinkedParts } from "./linked-server.ts";

/** Servers that know each other; all of them end with this. */
export class LinkedServers implements AsyncDisposable {
  readonly #addresses: Addresses = new Map();
  readonly #servers: LinkedServer[] = [];

  async open(name: string, parts: LinkedParts = {}): Promise<LinkedServer> {
    const server = await LinkedServer.open(name, this.#addresses, parts);
    this.#servers.push(server);
    return server;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const server of this.#servers) await server[Symbol.asyncDispose]();
  }
}

export const [hubName, homeName, thirdName] = ["hub.example", "home.example", "third.example"];

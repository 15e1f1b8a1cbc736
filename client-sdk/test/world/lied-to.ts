import type { ServerFrame } from "@treehouse/protocol";

import type { Client } from "../../src/node.ts";
import { startServer, type TestServer } from "./server.ts";
import { openTampered } from "./tampered.ts";

/** A server that tells Bob something else for as long as a test wants that; Alice hears the truth. */
export interface LiedTo extends AsyncDisposable {
  readonly server: TestServer;
  readonly alice: Client;
  readonly bob: Client;
  /** `change`: what Bob is told in the place of a frame, until `act` is done. */
  tellBob(
    change: (frame: ServerFrame) => readonly ServerFrame[],
    act: () => Promise<void>,
  ): Promise<void>;
}

/** Mallory has an account there as well, and is away. */
export async function openLiedTo(): Promise<LiedTo> {
  const server = await startServer();
  const alice = await server.register("alice");
  for (const name of ["bob", "mallory"]) await (await server.register(name)).close();
  const truth = (frame: ServerFrame): readonly ServerFrame[] => [frame];
  let told = truth;
  const bob = await openTampered(server, "bob", { frame: (frame) => told(frame) });
  await bob.caughtUp();
  return {
    server,
    alice,
    bob,
    async tellBob(change, act) {
      told = change;
      try {
        await act();
      } finally {
        told = truth;
      }
    },
    async [Symbol.asyncDispose]() {
      await alice.close();
      await bob.close();
      await server[Symbol.asyncDispose]();
    },
  };
}

import { createNodeCrypto } from "@treehouse/mls/crypto/node";
import { parseDomain } from "@treehouse/protocol";
import type { Rig } from "../delivery/rig.ts";
import { createNodeEnv } from "../../src/index.ts";
import type { WholeServer } from "./whole-server.ts";

/** A whole server for those who make rooms; it keeps its clock, its timers and its database. */
export function rigOf(server: WholeServer): Rig {
  const env = createNodeEnv({ log: { level: "silent" } });
  const { authentication, queuing, delivery } = server.homeserver;
  const notHere = (): never => {
    throw new Error("A whole server does not give this away.");
  };
  return {
    url: server.url,
    domain: parseDomain("example.org"),
    crypto: createNodeCrypto({ random: (length) => env.random(length) }),
    env,
    get database() {
      return notHere();
    },
    authentication,
    queuing,
    delivery,
    warnings: [],
    get faults() {
      return server.faults();
    },
    advance: notHere,
    fireTimers: notHere,
    contents: notHere,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

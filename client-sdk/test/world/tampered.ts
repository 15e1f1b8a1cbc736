import { createNodeCrypto } from "@treehouse/mls/crypto/node";
import {
  type ClientFrame,
  clientFrameCodec,
  copyBytes,
  type Env,
  type HttpRequest,
  type HttpResponse,
  problemOf,
  type Refusal,
  type ServerFrame,
  serverFrameCodec,
  utf8Encode,
} from "@treehouse/protocol";

import { type Client, type ClientOptions, openClient } from "../../src/client/index.ts";
import { createNodeEnv } from "../../src/environment/node.ts";
import type { SqlDatabase } from "../../src/storage/index.ts";
import { openNodeStore } from "../../src/storage-sqlite/index.ts";
import { cheap } from "./open-client.ts";
import type { RunningServer } from "./server.ts";

/** What a hostile or failing surrounding does to one client. */
export type Tampering = {
  /** What arrives in place of the octets of a frame. */
  readonly octets?: (bytes: Uint8Array) => readonly Uint8Array[];
  /** What arrives in place of a frame of the server. */
  readonly frame?: (frame: ServerFrame) => readonly ServerFrame[];
  /** What comes back for a frame of the client that then never reaches the server. */
  readonly answer?: (frame: ClientFrame) => ServerFrame | undefined;
  readonly fetch?: TamperedFetch;
  /** By how much the client's clock is wrong. */
  readonly clockMs?: number | (() => number);
  readonly database?: (database: SqlDatabase) => SqlDatabase;
};

export type TamperedFetch = (
  request: HttpRequest,
  ask: (request: HttpRequest) => Promise<HttpResponse>,
) => Promise<HttpResponse>;

/** How a server answers what it refuses. */
export function refusedWith(refusal: Refusal): HttpResponse {
  const problem = problemOf(refusal);
  return { status: problem.status, headers: {}, body: utf8Encode(JSON.stringify(problem)) };
}

export async function openTampered(
  server: RunningServer,
  name: string,
  tampering: Tampering,
  options: Partial<ClientOptions> = {},
): Promise<Client> {
  const { env, close } = createNodeEnv();
  const tampered = tamperedEnv(env, tampering);
  const client = await openClient(
    {
      env: tampered,
      crypto: createNodeCrypto({ random: env.random }),
      ...cheap,
      async openStore(path) {
        const { database, key } = await openNodeStore(path, undefined, env.random);
        return { database: tampering.database?.(database) ?? database, key };
      },
      close,
    },
    { account: `${name}@localhost`, server: server.url, store: server.path(name), ...options },
  );
  server.clients.push(client);
  return client;
}

function tamperedEnv(env: Env, { octets, frame, answer, fetch, clockMs = 0 }: Tampering): Env {
  return {
    ...env,
    now: () => env.now() + (typeof clockMs === "number" ? clockMs : clockMs()),
    fetch: (request) => (fetch === undefined ? env.fetch(request) : fetch(request, env.fetch)),
    openSocket(url, events) {
      const socket = env.openSocket(url, {
        opened: () => events.opened(),
        message(bytes) {
          if (octets !== undefined) for (const one of octets(bytes)) events.message(copyBytes(one));
          else if (frame === undefined) events.message(bytes);
          else {
            for (const one of frame(serverFrameCodec.decode(bytes))) {
              events.message(serverFrameCodec.encode(one));
            }
          }
        },
        closed: (code, reason) => events.closed(code, reason),
      });
      return {
        send(bytes) {
          const answered = answer?.(clientFrameCodec.decode(bytes));
          if (answered === undefined) socket.send(bytes);
          else env.soon(() => events.message(serverFrameCodec.encode(answered)));
        },
        get bufferedBytes() {
          return socket.bufferedBytes;
        },
        close: (code, reason) => socket.close(code, reason),
      };
    },
  };
}

import { createNodeCrypto } from "@treehouse/mls/crypto/node";
import { type Env, NetworkFault, serverFrameCodec } from "@treehouse/protocol";

import { type Client, type ClientOptions, openClient } from "../../src/client/index.ts";
import { createNodeEnv } from "../../src/environment/node.ts";
import type { SqlDatabase } from "../../src/storage/index.ts";
import { openNodeStore } from "../../src/storage-sqlite/index.ts";
import { cheap } from "./open-client.ts";
import type { RunningServer } from "./server.ts";
import { type Seals, watchedCrypto } from "./watched.ts";

/** A client over a real store that can be killed inside of it, like a process. */
export interface Mortal {
  readonly client: Client;
  /**
   * Has it die at a moment from here on; moments are before and after each COMMIT of the store, and
   * whenever an answer of the server arrives, which is lost then. Without one they are only counted.
   */
  arm(at: number | undefined): void;
  /** Resolves once it is dead, and its store is nobody's. */
  readonly died: Promise<void>;
  /** Closes it, unless it is dead; answers whether it is. */
  end(): Promise<boolean>;
  /** How many moments there were since `arm`. */
  moments(): number;
  /** Wishes that are stored and not done; of the dead, those that they have left. */
  intents(): Promise<number>;
}

export type MortalOptions = Pick<Partial<ClientOptions>, "register" | "password" | "offline"> & {
  readonly death?: number;
  /** Where the keys are noted that it encrypts by. */
  readonly seals?: Seals;
};

export async function openMortal(
  server: RunningServer,
  name: string,
  { death, seals, ...options }: MortalOptions = {},
): Promise<Mortal> {
  const life = new Life(death);
  const { env, close } = createNodeEnv();
  const lived = mortalEnv(env, life);
  const crypto = createNodeCrypto({ random: lived.random });
  let engine: SqlDatabase | undefined;
  const countIntents = async (): Promise<number> => {
    if (engine === undefined) throw new Error("there is no store");
    const sql = "SELECT count(*) AS open FROM intents ORDER BY 1";
    return engine.transaction((tx) => Number(tx.all(sql)[0]?.["open"]));
  };
  let left = 0;
  const client = await openClient(
    {
      env: lived,
      crypto: seals === undefined ? crypto : watchedCrypto(crypto, seals),
      ...cheap,
      async openStore(path) {
        const { database, key } = await openNodeStore(path, undefined, lived.random);
        engine = database;
        life.atDeath = async () => {
          left = await countIntents();
          await database.close();
        };
        return { database: mortalDatabase(database, life), key };
      },
      close,
    },
    {
      account: `${name}@${server.domain}`,
      server: server.url,
      store: server.path(name),
      ...options,
    },
  );
  return {
    client,
    arm: (at) => life.arm(at),
    died: life.died,
    async end() {
      await (life.dead ? life.died : client.close());
      return life.dead;
    },
    moments: () => life.count,
    intents: async () => (life.dead ? life.died.then(() => left) : countIntents()),
  };
}

class Life {
  dead = false;
  count = 0;
  atDeath: () => Promise<void> = async () => undefined;
  readonly #end = Promise.withResolvers<void>();
  readonly died = this.#end.promise;
  #death: number | undefined;

  constructor(death: number | undefined) {
    this.#death = death;
  }

  arm(death: number | undefined): void {
    this.#death = death;
    this.count = 0;
  }

  /** Dies if this is the moment. */
  pass(): void {
    if (this.dead) throw new Error("this process is dead");
    this.count += 1;
    if (this.#death !== this.count) return;
    this.dead = true;
    this.atDeath().then(this.#end.resolve, this.#end.reject);
    throw new Error("the process dies here");
  }
}

function mortalDatabase(database: SqlDatabase, life: Life): SqlDatabase {
  return {
    async settle() {
      if (!life.dead) await database.settle();
    },
    async transaction(run, durability) {
      life.pass();
      const value = await database.transaction(run, durability);
      life.pass();
      return value;
    },
    async close() {
      if (!life.dead) await database.close();
    },
  };
}

const answers: readonly string[] = ["submitted", "updated", "refused"];

/** The dead send nothing, hear nothing, and have no timers. */
function mortalEnv(env: Env, life: Life): Env {
  const guard = (run: () => void) => () => {
    if (!life.dead) run();
  };
  const isLost = (bytes: Uint8Array): boolean => {
    if (!answers.includes(serverFrameCodec.decode(bytes).type)) return false;
    try {
      life.pass();
      return false;
    } catch {
      return true;
    }
  };
  return {
    ...env,
    timer: (delayMs, run) => env.timer(delayMs, guard(run)),
    soon: (run) => env.soon(guard(run)),
    async fetch(request) {
      if (life.dead) throw new NetworkFault("broken", "this process is dead");
      const response = await env.fetch(request);
      life.pass();
      return response;
    },
    openSocket(url, events) {
      const socket = env.openSocket(url, {
        opened: guard(() => events.opened()),
        message(bytes) {
          if (!life.dead && !isLost(bytes)) events.message(bytes);
        },
        closed: (code, reason) => guard(() => events.closed(code, reason))(),
      });
      void life.died.then(() => socket.close(1001, "dead"));
      return {
        send: (bytes) => guard(() => socket.send(bytes))(),
        get bufferedBytes() {
          return socket.bufferedBytes;
        },
        close: (code, reason) => socket.close(code, reason),
      };
    },
  };
}

import { createNodeCrypto } from "@treehouse/mls/crypto/node";
import { type Env, NetworkFault } from "@treehouse/protocol";

import { type Client, openClient } from "../../src/client/index.ts";
import { createNodeEnv } from "../../src/environment/node.ts";
import type { SqlDatabase } from "../../src/storage/index.ts";
import { openNodeStore } from "../../src/storage-sqlite/index.ts";
import { cheap } from "./open-client.ts";
import type { TestServer } from "./server.ts";

/** Where a client dies: at the `at`-th transaction from `arm` on, before or after its COMMIT. */
export type Death = { readonly at: number; readonly when: "before" | "after" };

/** A client over a real store that can be killed inside of it, like a process. */
export interface Mortal {
  readonly client: Client;
  /** Counts transactions from here on. */
  arm(death: Death): void;
  dead(): boolean;
  /** Resolves at the moment of death. */
  readonly died: Promise<void>;
  /** How many transactions there were since `arm`. */
  transactions(): number;
  /** Wishes that are stored and not done. */
  intents(): Promise<number>;
}

export async function openMortal(
  server: TestServer,
  name: string,
  options: {
    readonly register?: object;
    readonly password?: string;
    readonly offline?: boolean;
    readonly death?: Death;
  } = {},
): Promise<Mortal> {
  const { death, ...wanted } = options;
  const life = new Life(death);
  const { env, close } = createNodeEnv();
  const lived = mortalEnv(env, life);
  let engine: SqlDatabase | undefined;
  const client = await openClient(
    {
      env: lived,
      crypto: createNodeCrypto({ random: lived.random }),
      ...cheap,
      async openStore(path) {
        const { database, key } = await openNodeStore(path, undefined, lived.random);
        life.atDeath = () => void database.close();
        engine = mortalDatabase(database, life);
        return { database: engine, key };
      },
      close,
    },
    { account: `${name}@localhost`, server: server.url, store: server.path(name), ...wanted },
  );
  return {
    client,
    arm: (at) => life.arm(at),
    dead: () => life.dead,
    died: life.died,
    transactions: () => life.count,
    async intents() {
      if (engine === undefined) throw new Error("there is no store");
      const sql = "SELECT count(*) AS open FROM intents ORDER BY 1";
      return engine.transaction((tx) => Number(tx.all(sql)[0]?.["open"]));
    },
  };
}

class Life {
  dead = false;
  count = 0;
  atDeath: () => void = () => undefined;
  readonly died: Promise<void>;
  #death: Death | undefined;
  #tell: () => void = () => undefined;

  constructor(death: Death | undefined) {
    this.#death = death;
    this.died = new Promise((resolve) => {
      this.#tell = resolve;
    });
  }

  arm(death: Death): void {
    this.#death = death;
    this.count = 0;
  }

  /** Dies if this is the moment. */
  pass(when: Death["when"]): void {
    if (this.dead) throw new Error("this process is dead");
    if (this.#death?.at !== this.count || this.#death.when !== when) return;
    this.dead = true;
    this.atDeath();
    this.#tell();
    throw new Error("the process dies here");
  }
}

function mortalDatabase(database: SqlDatabase, life: Life): SqlDatabase {
  return {
    async settle() {
      if (!life.dead) await database.settle();
    },
    async transaction(run, durability) {
      if (life.dead) throw new Error("this process is dead");
      life.count += 1;
      life.pass("before");
      const value = await database.transaction(run, durability);
      life.pass("after");
      return value;
    },
    async close() {
      if (!life.dead) await database.close();
    },
  };
}

/** The dead send nothing, hear nothing, and have no timers. */
function mortalEnv(env: Env, life: Life): Env {
  const guard = (run: () => void) => () => {
    if (!life.dead) run();
  };
  return {
    ...env,
    timer: (delayMs, run) => env.timer(delayMs, guard(run)),
    soon: (run) => env.soon(guard(run)),
    async fetch(request) {
      if (life.dead) throw new NetworkFault("broken", "this process is dead");
      const response = await env.fetch(request);
      if (life.dead) throw new NetworkFault("broken", "this process is dead");
      return response;
    },
    openSocket(url, events) {
      const socket = env.openSocket(url, {
        opened: guard(() => events.opened()),
        message: (bytes) => guard(() => events.message(bytes))(),
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

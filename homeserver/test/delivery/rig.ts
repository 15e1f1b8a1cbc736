import { createNodeCrypto } from "@treehouse/mls/crypto/node";
import { parseDomain } from "@treehouse/protocol";
import type { Domain, Env, Log } from "@treehouse/protocol";
import { authenticationMigrations, createAuthentication } from "../../src/authentication/index.ts";
import type { Authentication, SecretFiles } from "../../src/authentication/index.ts";
import { createDelivery, deliveryMigrations } from "../../src/delivery/index.ts";
import type { Delivery, RoomLog } from "../../src/delivery/index.ts";
import {
  createHttpServer,
  createJobs,
  createNodeEnv,
  openDatabase,
} from "../../src/platform/index.ts";
import type { Database } from "../../src/platform/index.ts";
import { createQueuing, queuingMigrations } from "../../src/queuing/index.ts";
import type { Queuing } from "../../src/queuing/index.ts";
import { memorySecrets } from "../secrets.ts";
import type { VirtualClock } from "../streams/virtual-clock.ts";
import { alone } from "./alone.ts";

/** Delivery over a real database, authentication, queuing and HTTP; only the clock can be moved. */
export interface Rig {
  readonly url: string;
  readonly domain: Domain;
  readonly crypto: ReturnType<typeof createNodeCrypto>;
  readonly env: Env;
  readonly database: Database;
  readonly authentication: Authentication;
  readonly queuing: Queuing;
  readonly delivery: Delivery;
  /** Whatever was logged as an error: bugs of the server, never of its askers. */
  readonly faults: readonly string[];
  /** The events that were logged as warnings. */
  readonly warnings: readonly string[];
  advance(ms: number): void;
  /** Runs every timer that is set, now. */
  fireTimers(): void;
  /** All rows of all tables of rooms and streams, as text, to see whether anything changed. */
  contents(): Promise<string>;
  [Symbol.asyncDispose](): Promise<void>;
}

export async function startRig(
  options: {
    readonly path?: string;
    readonly secrets?: SecretFiles;
    readonly pageCountMax?: number;
    readonly reserveBytes?: number;
    readonly domain?: string;
    /** Other servers; none unless given. */
    readonly others?: Partial<typeof alone>;
    /** Time that moves only when the test says so; timers fire as it passes them. */
    readonly clock?: VirtualClock;
    /** Puts something in front of the rooms' logs. */
    readonly roomLog?: (queuing: RoomLog) => RoomLog;
  } = {},
): Promise<Rig> {
  const { path = ":memory:", secrets = memorySecrets(), roomLog = same, others, ...rest } = options;
  const { domain: name = "example.org", clock, ...limits } = rest;
  const domain = parseDomain(name);
  const realEnv = createNodeEnv({ log: { level: "silent" } });
  const nodeEnv = clock?.over(realEnv) ?? realEnv;
  let offset = 0;
  const faults: string[] = [];
  const warnings: string[] = [];
  const log: Log = {
    ...nodeEnv.log,
    warn: (event) => warnings.push(event),
    error: (event, fields) => faults.push(`${event} ${JSON.stringify(fields)}`),
    child: () => log,
  };
  const timers = new Set<() => void>();
  const timer: Env["timer"] = (delayMs, run) => {
    const fire = (): void => {
      cancel();
      run();
    };
    const stop = nodeEnv.timer(delayMs, fire);
    const cancel = (): void => {
      stop();
      timers.delete(fire);
    };
    timers.add(fire);
    return cancel;
  };
  const env = {
    ...nodeEnv,
    log,
    timer,
    now: () => nodeEnv.now() + offset,
    monotonic: () => nodeEnv.monotonic() + offset,
  };
  const crypto = createNodeCrypto({ random: (length) => env.random(length) });
  const database = openDatabase({
    path,
    env,
    migrations: [authenticationMigrations, queuingMigrations, deliveryMigrations],
    onCrash: (error) => {
      throw error;
    },
    reserveBytes: 0,
    ...limits,
  });
  const jobs = createJobs(env);
  const authentication = await createAuthentication({
    env,
    database,
    domain,
    registration: "invite",
    crypto,
    secrets,
    jobs,
  });
  const queuing = await createQueuing({ env, database, jobs });
  const delivery = createDelivery({
    env,
    database,
    domain,
    crypto,
    roomLog: roomLog(queuing),
    accounts: authentication,
    ...alone,
    ...others,
    jobs,
  });
  const http = createHttpServer({
    env,
    authenticate: (token, address) => authentication.authenticate(token, address),
    prove: (session, request) => authentication.prove(session, request),
    trustedProxies: new Set(),
    routes: [...authentication.routes, ...queuing.routes, ...delivery.routes],
    upgrades: new Map(),
    version: "0",
  });
  const url = await http.listen({ host: "127.0.0.1", port: 0 });
  return {
    url,
    domain,
    crypto,
    env,
    database,
    authentication,
    queuing,
    delivery,
    faults,
    warnings,
    advance: (ms) => {
      offset += ms;
    },
    fireTimers: () => {
      const set = [...timers];
      for (const fire of set) fire();
    },
    contents: () => contentsOf(database),
    async [Symbol.asyncDispose]() {
      await http.close();
      await delivery.close();
      await jobs.close();
      await queuing.close();
      await database.close();
    },
  };
}

const same = (queuing: RoomLog): RoomLog => queuing;

async function contentsOf(database: Database): Promise<string> {
  return database.read((tx) => {
    const { $client } = database.sql(tx);
    const tables = $client
      .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name GLOB ? ORDER BY name")
      .pluck();
    const names = ["delivery_*", "queuing_*"].flatMap((pattern) => tables.all(pattern).map(String));
    return names
      .map((name) => {
        const rows = $client.prepare(`SELECT * FROM ${name} ORDER BY rowid`).raw().all();
        return `${name}\n${rows.map((row) => JSON.stringify(row)).join("\n")}`;
      })
      .join("\n");
  });
}

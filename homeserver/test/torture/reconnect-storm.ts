import { fromBase64Url, paths, toBase64Url } from "@treehouse/protocol";
import { createNodeEnv as createClientEnv } from "../../../client-sdk/src/environment/node.ts";
import { createApi, createConnection } from "../../../client-sdk/src/transport/index.ts";
import { makeKeys } from "../../../packages/bench/src/world/people.ts";
import { createHomeserver, createNodeEnv, loadConfig } from "../../src/index.ts";
import type { Client } from "../../../client-sdk/src/node.ts";
import { gather } from "../federation-e2e/people.ts";
import { passed } from "./clocks.ts";
import { allAtOnce } from "./control.ts";
import { Ledger } from "./ledger.ts";
import {
  dataFolder,
  domain,
  names,
  openPerson,
  registration,
  startSmallServer,
} from "./small-world.ts";
import { quantile } from "./part.ts";
import type { Order, Outcome, Part } from "./part.ts";

/** Whoever is not back after so long is lost. */
const patienceMs = 120_000;
/** Of all who come back, at most this share may ask in the same tenth of a second. */
const shareMax = 0.25;
const sliceMs = 100;
/** So long nobody serves: sooner than that they wait for parts of a second only, with little room for dice. */
const awayMs = 4_000;
const diceMs = 1_500;

export const reconnectStorm: Part = {
  name: "storm",
  about:
    "the server is killed under so many open sockets, and all of them come back (the SDK's own connections)",
  counts: { usual: 200, full: 3_000 },
  control: { bug: allAtOnce, count: 100 },
  async run({ directory, count, say }: Order): Promise<Outcome> {
    const tokens = await enrolMany(directory, count);
    const server = await startSmallServer(directory);
    const people: Client[] = [];
    const sockets: Socket[] = [];
    try {
      for (const name of names)
        people.push(await openPerson(directory, server, name, registration));
      const ledger = new Ledger(await gather(people, "storm"));
      for (const token of tokens) {
        const socket = createSocket(server.url, token);
        sockets.push(socket);
        socket.start();
        if (sockets.length % 20 === 0) await allOpen(sockets);
      }
      await allOpen(sockets);
      say(`${sockets.length} sockets are open`);
      const from = performance.now();
      await server.kill();
      await passed(awayMs);
      await server.start();
      const served = performance.now();
      const probing = { over: false };
      const probes = [probeHealth(server.url, probing), probeMessages(people, ledger, probing)];
      const everybody = await allOpen(sockets);
      probing.over = true;
      const [health = [], messages = []] = await Promise.all(probes);
      await ledger.checkPeople(people);
      const back = sockets.map((socket) => Math.max(0, socket.openSince - served));
      const asked = sockets.flatMap((socket) => socket.asked.filter((at) => at >= served));
      const busiest = busiestSlice(asked) / count;
      const likest = likestWaits(sockets);
      return {
        figures: {
          sockets: count,
          awayMs: Math.round(served - from),
          backMsP50: quantile(back, 0.5),
          backMsP99: quantile(back, 0.99),
          backMsMax: quantile(back, 1),
          busiestTenthOfASecond: Number(busiest.toFixed(3)),
          likestWaits: Number(likest.toFixed(3)),
          healthMsP99: quantile(health, 0.99),
          messageMsP50: quantile(messages, 0.5),
          messageMsMax: quantile(messages, 1),
        },
        violations: [
          ...ledger.violations,
          ...(everybody
            ? []
            : [`${sockets.filter(({ openSince }) => openSince === 0).length} did not come back`]),
          ...(busiest <= shareMax ? [] : [`${busiest} of all asked within ${sliceMs} ms`]),
          ...(likest <= shareMax ? [] : [`${likest} of all chose to wait equally long`]),
        ],
      };
    } finally {
      for (const socket of sockets) await socket.stop();
      for (const client of people) await client.close();
      await server.kill();
    }
  },
};

/** Accounts with a session each, from the module's own face instead of thousands of logins. */
async function enrolMany(directory: string, count: number): Promise<readonly string[]> {
  const config = loadConfig({
    overrides: {
      server: { port: 0, domain },
      storage: { directory: dataFolder(directory) },
      metrics: { enabled: false },
    },
  });
  await using server = await createHomeserver({
    config,
    env: createNodeEnv({ log: { level: "error" } }),
  });
  const tokens: string[] = [];
  for (let index = 0; index < count; index += 1) {
    const { enrolment } = makeKeys(`crowd${index}`, domain);
    const enrolled = await server.authentication.enrol({
      name: enrolment.name,
      certificate: fromBase64Url(enrolment.certificate),
      clientList: fromBase64Url(enrolment.clientList),
      attestation: fromBase64Url(enrolment.attestation),
    });
    tokens.push(enrolled.session.token);
  }
  return tokens;
}

type Socket = {
  readonly asked: readonly number[];
  /** How long it chose to wait before each attempt to come back. */
  readonly waits: readonly number[];
  /** 0 while it is not open. */
  readonly openSince: number;
  readonly start: () => void;
  readonly stop: () => Promise<void>;
};

/** The SDK's connection without the rest of a client. */
function createSocket(url: string, token: string): Socket {
  const { env: real, close } = createClientEnv();
  const waits: number[] = [];
  const state = { openSince: 0, running: false, isLost: false };
  const env: typeof real = {
    ...real,
    timer(ms, run) {
      if (state.isLost) waits.push(ms);
      state.isLost = false;
      return real.timer(ms, run);
    },
  };
  const api = createApi(env, url, { token: () => token, prove: () => undefined });
  const asked: number[] = [];
  const mark = toBase64Url(env.random(16));
  const connection = createConnection(env, api, {
    hello: () => Promise.resolve({ incarnation: undefined, cursors: [] }),
    claim: () => Promise.resolve({ marks: [mark], running: state.running }),
    taken() {
      state.running = true;
      return Promise.resolve();
    },
    frame: () => connection.settled(),
    changed(now) {
      state.openSince = now === "open" ? performance.now() : 0;
      if (now === "connecting") asked.push(performance.now());
      // What it sets next is the time after which it tries again.
      if (now === "offline") state.isLost = true;
    },
    ended(refusal) {
      throw refusal;
    },
  });
  return {
    asked,
    waits,
    get openSince() {
      return state.openSince;
    },
    start: () => connection.start(),
    async stop() {
      connection.stop();
      await close();
    },
  };
}

async function allOpen(sockets: readonly Socket[]): Promise<boolean> {
  const from = performance.now();
  while (performance.now() - from < patienceMs) {
    if (sockets.every(({ openSince }) => openSince > 0)) return true;
    await passed(20);
  }
  return false;
}

/** What share of all chose the same tenth of a second, where there was room for dice. */
function likestWaits(sockets: readonly Socket[]): number {
  const attempts = Math.min(...sockets.map(({ waits }) => waits.length));
  const shares = Array.from({ length: attempts }, (_, attempt) => {
    const waits = sockets.map((socket) => socket.waits[attempt] ?? 0);
    return Math.max(...waits) < diceMs ? 0 : busiestSlice(waits) / sockets.length;
  });
  return Math.max(0, ...shares);
}

function busiestSlice(times: readonly number[]): number {
  const slices = new Map<number, number>();
  for (const at of times) {
    const slice = Math.floor(at / sliceMs);
    slices.set(slice, (slices.get(slice) ?? 0) + 1);
  }
  return Math.max(0, ...slices.values());
}

type Probing = { readonly over: boolean };

async function probeHealth(url: string, probing: Probing): Promise<readonly number[]> {
  const times: number[] = [];
  while (!probing.over) {
    const from = performance.now();
    await (await fetch(url + paths.health())).arrayBuffer();
    times.push(performance.now() - from);
    await passed(20);
  }
  return times;
}

async function probeMessages(
  [client]: readonly Client[],
  ledger: Ledger,
  probing: Probing,
): Promise<readonly number[]> {
  const times: number[] = [];
  if (client === undefined) return times;
  for (let next = 0; next === 0 || !probing.over; next += 1) {
    const from = performance.now();
    await ledger.send(client, `${client.me.address} ${next}`);
    times.push(performance.now() - from);
  }
  return times;
}

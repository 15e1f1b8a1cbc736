import { bareFederation } from "./ceiling/target.ts";
import { voidReason } from "./ceiling-rule.ts";
import { spread } from "./chat.ts";
import { type Figures, type Load, runLoad, type Shape } from "./load.ts";
import { benchOutage } from "./outage.ts";
import { benchPeersFanout } from "./peers-fanout.ts";
import { type Measurement, median } from "./report.ts";
import { benchThirdServer } from "./third-server.ts";
import { federatedTarget } from "./world/federation.ts";

type Options = { readonly seconds: number; readonly rounds: number };
type Report = (measurement: Measurement) => void;
type Which = "bare" | "homeserver";

const rooms = 50;
const outstanding = 16;
const closed: Load = { kind: "closed", outstanding };

/** The sender is at the room's hub: one hop. */
const direct: Shape = {
  rooms,
  members: 2,
  senders: 1,
  payloadBytes: 1024,
  latencyOf: "receivers",
};
/** The sender is at the follower: to the hub, where the receiver is, and back in the sender's log. */
const forwarded: Shape = { ...direct, firstSender: 1 };

/**
 * 1:1 messages between users of two homeservers that share one core: durable on both, pushed to both
 * members, acknowledged. A message counts when its receiver, at the other server, has it; CPU is
 * that of both servers.
 */
export async function benchFederation(
  wanted: Options & {
    /** What is measured: of `closed`, `forwarded`, `open`, `outage`, `third` and `peers`. */
    readonly parts: readonly string[];
    readonly peers: number;
    readonly backlog: number;
    readonly outageSeconds: number;
  },
  report: Report,
): Promise<void> {
  const { parts, peers, backlog, outageSeconds, ...options } = wanted;
  const has = (part: string): boolean => parts.includes(part);
  if (has("closed")) await closedLoop("federation closed", direct, options, report);
  if (has("forwarded")) await closedLoop("federation forwarded", forwarded, options, report);
  for (const perSecond of has("open") ? [500, 2000] : []) {
    await openLoop(perSecond, options, report);
  }
  if (has("outage")) await benchOutage({ backlog, seconds: outageSeconds }, report);
  if (has("third")) await benchThirdServer(options, report);
  if (has("peers")) await benchPeersFanout({ seconds: options.seconds, peers }, report);
}

async function closedLoop(
  name: string,
  shape: Shape,
  options: Options,
  report: Report,
): Promise<void> {
  const seconds = { warmUp: 2.5, measured: options.seconds };
  const { bare, ours } = await alternate(shape, closed, seconds, options.rounds);
  const bareCpu = median(bare.map(({ cpuPerMessage }) => cpuPerMessage));
  const voided = voidReason(bareCpu, "federation");
  const rate = median(ours.map(({ perSecond }) => perSecond));
  const ceiling = median(bare.map(({ perSecond }) => perSecond));
  report({
    name,
    ...(voided === undefined ? { ratio: rate / ceiling } : {}),
    parameters: {
      ...parametersOf(shape, options),
      outstanding,
      ...(voided === undefined ? {} : { voided }),
    },
    figures: {
      perSecond: rate,
      barePerSecond: ceiling,
      cpuPerMessage: median(ours.map(({ cpuPerMessage }) => cpuPerMessage)),
      bareCpuPerMessage: bareCpu,
      generatorCpuPerMessage: median(ours.map((one) => one.generatorCpuPerMessage)),
      lost: lostOf(ours),
      spread: spread(ours.map(({ perSecond }) => perSecond)),
    },
  });
}

async function openLoop(perSecond: number, options: Options, report: Report): Promise<void> {
  const load: Load = { kind: "open", perSecond };
  const seconds = { warmUp: 8, measured: Math.max(10, options.seconds) };
  const { bare, ours } = await alternate(direct, load, seconds, options.rounds);
  const middle = (all: readonly Figures[], name: string) =>
    median(all.map(({ latency }) => latency[name] ?? Number.NaN));
  const worst = (all: readonly Figures[]) =>
    Math.max(...all.map(({ latency }) => latency["p99"] ?? Number.NaN));
  report({
    name: `federation open ${perSecond}`,
    ratio: middle(bare, "p99") / middle(ours, "p99"),
    parameters: { ...parametersOf(direct, options), outstanding: "open", warmUp: seconds.warmUp },
    figures: {
      offered: perSecond,
      perSecond: median(ours.map((one) => one.perSecond)),
      p50: middle(ours, "p50"),
      p99: middle(ours, "p99"),
      p999: middle(ours, "p999"),
      worstP99: worst(ours),
      bareP50: middle(bare, "p50"),
      bareP99: middle(bare, "p99"),
      bareWorstP99: worst(bare),
      cpuPerMessage: median(ours.map(({ cpuPerMessage }) => cpuPerMessage)),
      lost: lostOf(ours),
    },
  });
}

/** Ceiling and homeservers in turn, each time from an empty database. */
async function alternate(
  shape: Shape,
  load: Load,
  seconds: { readonly warmUp: number; readonly measured: number },
  rounds: number,
): Promise<{ readonly bare: readonly Figures[]; readonly ours: readonly Figures[] }> {
  const figures: Record<Which, Figures[]> = { bare: [], homeserver: [] };
  for (let round = 0; round < rounds; round += 1) {
    for (const which of ["bare", "homeserver"] as const) {
      const target = which === "bare" ? await bareFederation() : await federatedTarget(rooms);
      try {
        figures[which].push(await runLoad(target, shape, load, seconds));
      } finally {
        await target.stop();
      }
    }
  }
  return { bare: figures.bare, ours: figures.homeserver };
}

function lostOf(all: readonly Figures[]): number {
  return all.reduce((sum, { lost }) => sum + lost, 0);
}

function parametersOf({ latencyOf, firstSender = 0, ...shape }: Shape, options: Options) {
  return {
    ...shape,
    ...options,
    latencyOf,
    sender: firstSender === 0 ? "at the hub" : "at the follower",
    servers: "two on one core",
    durability: "FULL",
    tls: false,
  };
}

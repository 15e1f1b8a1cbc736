import { bareTarget } from "./ceiling/target.ts";
import {
  faultsOf,
  middle,
  openSeconds,
  type Options,
  outstanding,
  type Report,
} from "./compare.ts";
import { closedSeconds, type Figures, type Load, runLoad, type Shape } from "./load.ts";
import { median } from "./report.ts";
import type { Target } from "./target.ts";
import { homeserverTarget } from "./world/target.ts";
import { type XmppOptions, xmppTarget } from "./xmpp/target.ts";

const conversations: Shape = {
  rooms: 50,
  members: 2,
  senders: 1,
  payloadBytes: 1024,
  latencyOf: "receivers",
};

type Wanted = Options & { readonly members: readonly number[]; readonly xmpp: XmppOptions };

/**
 * The same work by the same generator, in turn: an XMPP server that listens on this machine, this
 * homeserver, and the bare ceiling. Ratios are to the XMPP server.
 */
export async function benchXmpp(wanted: Wanted, report: Report): Promise<void> {
  const { seconds } = wanted;
  const closed = closedSeconds(seconds);
  await contest("1:1", conversations, { kind: "closed", outstanding }, closed, wanted, report);
  for (const perSecond of [500, 2000]) {
    const load: Load = { kind: "open", perSecond };
    await contest(`1:1 ${perSecond}`, conversations, load, openSeconds(wanted), wanted, report);
  }
  for (const members of wanted.members.filter((size) => size > 2)) {
    const shape: Shape = { ...conversations, rooms: 1, members, latencyOf: "everybody" };
    const load: Load = { kind: "closed", outstanding: 4 };
    await contest(`fanout ${members}`, shape, load, closed, wanted, report);
  }
}

async function contest(
  name: string,
  shape: Shape,
  load: Load,
  seconds: { readonly warmUp: number; readonly measured: number },
  { rounds, xmpp, seconds: measured }: Wanted,
  report: Report,
): Promise<void> {
  const run = async (target: Target): Promise<Figures> => {
    try {
      return await runLoad(target, shape, load, seconds);
    } finally {
      await target.stop();
    }
  };
  const figures = { theirs: [] as Figures[], ours: [] as Figures[], bare: [] as Figures[] };
  for (let round = 0; round < rounds; round += 1) {
    figures.theirs.push(await run(xmppTarget(xmpp, shape.members)));
    figures.ours.push(await run(await homeserverTarget(shape.rooms, shape.members)));
    figures.bare.push(await run(await bareTarget()));
  }
  const rate = (all: readonly Figures[]) => median(all.map((one) => one.deliveriesPerSecond));
  const cpu = (all: readonly Figures[]) => median(all.map((one) => one.cpuPerDelivery));
  const { theirs, ours, bare } = figures;
  const isOpen = load.kind === "open";
  const received = (all: readonly Figures[], echoes: boolean) =>
    // A sender's own copy is work, but not a message that somebody was to get.
    shape.members === 2 && echoes ? rate(all) / 2 : rate(all);
  report({
    name: `xmpp ${name}`,
    ratio: isOpen
      ? middle(ours, "p99") / middle(theirs, "p99")
      : received(ours, true) / received(theirs, false),
    parameters: {
      ...shape,
      seconds: measured,
      rounds,
      programs: xmpp.programs.join(","),
      ratioOf: isOpen ? "p99, lower is better" : "received, higher is better",
      durability: "FULL",
      tls: false,
    },
    figures: {
      receivedPerSecond: received(ours, true),
      theirReceivedPerSecond: received(theirs, false),
      bareReceivedPerSecond: received(bare, true),
      p50: middle(ours, "p50"),
      p99: middle(ours, "p99"),
      theirP50: middle(theirs, "p50"),
      theirP99: middle(theirs, "p99"),
      bareP99: middle(bare, "p99"),
      cpuPerDelivery: cpu(ours),
      theirCpuPerDelivery: cpu(theirs),
      bareCpuPerDelivery: cpu(bare),
      memoryBytes: median(ours.map(({ memoryBytes }) => memoryBytes)),
      theirMemoryBytes: median(theirs.map(({ memoryBytes }) => memoryBytes)),
      ...faultsOf(ours),
      theirLost: theirs.reduce((sum, { lost }) => sum + lost, 0),
    },
  });
}

import { Arrivals } from "./arrivals.ts";
import { cpuMicroseconds } from "./process-stat.ts";
import { latencies } from "./report.ts";
import type { Peer, Target } from "./target.ts";
import { cpuOf, memoryOf } from "./target-stat.ts";

export type Shape = {
  readonly rooms: number;
  readonly members: number;
  /** How many members of a room send, from which one on. */
  readonly senders: number;
  readonly firstSender?: number;
  readonly payloadBytes: number;
  /**
   * Whose deliveries latency is measured by; all of them are counted. With `receivers` a room has
   * one sender and one receiver, and a message is outstanding, and not counted, until that has it;
   * otherwise until the server has accepted it.
   */
  readonly latencyOf: "everybody" | "receivers";
};

export type Load =
  /** A fixed number outstanding per sender: finds the maximum; its latency means nothing. */
  | { readonly kind: "closed"; readonly outstanding: number }
  /** A fixed rate over all senders; latency counts from the scheduled moment of each message. */
  | { readonly kind: "open"; readonly perSecond: number };

export type Figures = {
  readonly perSecond: number;
  readonly deliveriesPerSecond: number;
  readonly cpuPerMessage: number;
  readonly cpuPerDelivery: number;
  readonly generatorCpuPerMessage: number;
  /** Of the server's processes, when the measured time ended. */
  readonly memoryBytes: number;
  /** Messages that a receiver never got, by their numbers. */
  readonly lost: number;
  /** Messages that came to a receiver once more. */
  readonly doubled: number;
  readonly latency: Readonly<Record<string, number>>;
};

/** Of a closed loop: a short one warms up no longer than it measures. */
export function closedSeconds(seconds: number) {
  return { warmUp: Math.min(2.5, seconds), measured: seconds };
}

/** Runs one load against a target: warm-up, the measured seconds, then waits for late arrivals. */
export async function runLoad(
  target: Target,
  shape: Shape,
  load: Load,
  seconds: { readonly warmUp: number; readonly measured: number },
): Promise<Figures> {
  const state = {
    accepted: 0,
    done: 0,
    delivered: 0,
    sent: 0,
    measuring: false,
    samples: [] as number[],
  };
  const arrivals: Arrivals[] = [];
  const senders: Sender[] = [];
  const peers: Peer[] = [];
  const byRoom: Sender[] = [];
  const goOn = (sender: Sender): void => {
    state.done += 1;
    sender.outstanding -= 1;
    if (load.kind === "closed" && running) sendFrom(sender);
  };
  const { firstSender: first = 0 } = shape;
  for (let room = 0; room < shape.rooms; room += 1) {
    for (let member = 0; member < shape.members; member += 1) {
      const sends = member >= first && member < first + shape.senders;
      const sender: Sender = { room, number: senders.length, outstanding: 0, peer: undefined };
      const own = new Arrivals();
      arrivals.push(own);
      const peer = await target.connect(room, member, {
        accepted() {
          state.accepted += 1;
          if (shape.latencyOf === "everybody") goOn(sender);
        },
        delivered(tail) {
          if (!own.note(tail.getFloat64(0))) return;
          state.delivered += 1;
          if (shape.latencyOf === "receivers" && sends) return;
          if (state.measuring) state.samples.push(performance.now() - tail.getFloat64(8));
          const from = shape.latencyOf === "receivers" ? byRoom[room] : undefined;
          if (from !== undefined) goOn(from);
        },
      });
      peers.push(peer);
      sender.peer = peer;
      if (sends) {
        senders.push(sender);
        byRoom[room] = sender;
      }
    }
  }
  let running = true;
  const payload = new Uint8Array(shape.payloadBytes);
  const view = new DataView(payload.buffer);
  const dirty = new Set<Peer>();
  let flushing = false;
  const sendFrom = (sender: Sender, scheduled = performance.now()) => {
    const { peer } = sender;
    if (peer === undefined) return;
    state.sent += 1;
    sender.outstanding += 1;
    view.setFloat64(shape.payloadBytes - 16, state.sent);
    view.setFloat64(shape.payloadBytes - 8, scheduled);
    peer.send(sender.room, state.sent % 0xffff_ffff, payload);
    dirty.add(peer);
    if (flushing) return;
    flushing = true;
    setImmediate(() => {
      flushing = false;
      for (const each of dirty) each.flush();
      dirty.clear();
    });
  };
  const stopPacing = start(load, senders, sendFrom);
  await sleep(seconds.warmUp * 1000);
  const before = mark(target, state);
  state.measuring = true;
  await sleep(seconds.measured * 1000);
  const after = mark(target, state);
  state.measuring = false;
  running = false;
  stopPacing();
  const memoryBytes = memoryOf(target);
  const lost = await drain(state, target.echoes ? shape.members : shape.members - 1);
  const doubled = arrivals.reduce((sum, one) => sum + one.doubled, 0);
  for (const peer of peers) peer.close();
  const elapsed = (after.at - before.at) / 1000;
  const done = after.done - before.done;
  const delivered = after.delivered - before.delivered;
  return {
    perSecond: done / elapsed,
    deliveriesPerSecond: delivered / elapsed,
    cpuPerMessage: (after.serverCpu - before.serverCpu) / done,
    cpuPerDelivery: (after.serverCpu - before.serverCpu) / delivered,
    generatorCpuPerMessage: (after.ownCpu - before.ownCpu) / done,
    memoryBytes,
    lost,
    doubled,
    latency: latencies(state.samples),
  };
}

type Sender = {
  readonly room: number;
  readonly number: number;
  outstanding: number;
  peer: Peer | undefined;
};

function start(
  load: Load,
  senders: readonly Sender[],
  sendFrom: (sender: Sender, scheduled?: number) => void,
): () => void {
  if (load.kind === "closed") {
    for (const sender of senders) {
      for (let one = 0; one < load.outstanding; one += 1) sendFrom(sender);
    }
    return () => undefined;
  }
  // A message is sent when it is due, and carries the moment at which it was due.
  const intervalMs = 1000 / load.perSecond;
  let due = performance.now();
  let turn = 0;
  const timer = setInterval(() => {
    const now = performance.now();
    while (due <= now) {
      const sender = senders[turn % senders.length];
      if (sender !== undefined) sendFrom(sender, due);
      turn += 1;
      due += intervalMs;
    }
  }, 1);
  return () => clearInterval(timer);
}

function mark(target: Target, state: { readonly done: number; readonly delivered: number }) {
  return {
    at: performance.now(),
    done: state.done,
    delivered: state.delivered,
    serverCpu: cpuOf(target),
    ownCpu: cpuMicroseconds(process.pid),
  };
}

/** Every message must arrive at every receiver; what does not within ten seconds is lost. */
async function drain(
  state: { readonly sent: number; readonly accepted: number; readonly delivered: number },
  receivers: number,
): Promise<number> {
  for (let waited = 0; waited < 100; waited += 1) {
    if (state.accepted === state.sent && state.delivered === state.sent * receivers) return 0;
    await sleep(100);
  }
  return state.sent * receivers - state.delivered;
}

function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

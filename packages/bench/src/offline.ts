import { bareTarget } from "./ceiling/target.ts";
import { cpuMicroseconds } from "./process-stat.ts";
import type { Measurement } from "./report.ts";
import type { Peer, Target } from "./target.ts";
import { cpuOf, memoryOf } from "./target-stat.ts";
import { homeserverTarget } from "./world/target.ts";

const rooms = 50;
const outstanding = 16;
const payloadBytes = 1024;

/**
 * Messages for people who are away: stored and confirmed to the sender, then read by all of them at
 * once when they come. The bare ceiling stores the same; it keeps nothing that could be read later.
 */
export async function benchOffline(
  options: { readonly messages: number },
  report: (measurement: Measurement) => void,
): Promise<void> {
  const perRoom = Math.ceil(options.messages / rooms);
  const bare = await bareTarget();
  const ceiling = await store(bare, perRoom).finally(() => bare.stop());
  const ours = await homeserverTarget(rooms, 2);
  const parameters = {
    rooms,
    messages: perRoom * rooms,
    outstanding,
    payloadBytes,
    durability: "FULL",
    tls: false,
  };
  try {
    const stored = await store(ours, perRoom);
    const { perSecond, cpuPerMessage, generatorCpuPerMessage } = stored;
    report({
      name: "offline store",
      ratio: perSecond / ceiling.perSecond,
      parameters,
      figures: {
        perSecond,
        barePerSecond: ceiling.perSecond,
        cpuPerMessage,
        bareCpuPerMessage: ceiling.cpuPerMessage,
        generatorCpuPerMessage,
        memoryBytes: memoryOf(ours),
      },
    });
    report({
      name: "offline drain",
      parameters,
      figures: { ...(await drain(ours, perRoom)), memoryBytes: memoryOf(ours) },
    });
  } finally {
    await ours.stop();
  }
}

/** Until every message is accepted; nobody but its sender is connected. */
async function store(target: Target, perRoom: number) {
  const payload = new Uint8Array(payloadBytes);
  const view = new DataView(payload.buffer);
  let accepted = 0;
  let request = 0;
  let finish: () => void = () => undefined;
  const finished = new Promise<void>((resolve) => (finish = resolve));
  const senders: { readonly peer: Peer; readonly send: () => void }[] = [];
  for (let room = 0; room < rooms; room += 1) {
    let left = perRoom;
    const send = () => {
      if (left === 0) return;
      left -= 1;
      request += 1;
      view.setFloat64(payloadBytes - 16, request);
      peer.send(room, request, payload);
      setImmediate(() => peer.flush());
    };
    const peer = await target.connect(room, 0, {
      accepted() {
        accepted += 1;
        if (accepted === perRoom * rooms) finish();
        else send();
      },
      delivered: () => undefined,
    });
    senders.push({ peer, send });
  }
  const before = mark(target);
  for (const { send } of senders) for (let one = 0; one < outstanding; one += 1) send();
  await finished;
  const figures = since(before, target, accepted);
  for (const { peer } of senders) peer.close();
  return figures;
}

/** Until everybody has everything, from the first connection on. */
async function drain(target: Target, perRoom: number) {
  const most = perRoom * rooms;
  const seen = Array.from({ length: rooms }, () => new Set<number>());
  let got = 0;
  let finish: () => void = () => undefined;
  const finished = new Promise<void>((resolve) => (finish = resolve));
  const before = mark(target);
  const connecting = seen.map((own, room) =>
    target.connect(room, 1, {
      accepted: () => undefined,
      delivered(tail) {
        own.add(tail.getFloat64(0));
        got += 1;
        if (got >= most) finish();
      },
    }),
  );
  const peers = await Promise.all(connecting);
  await finished;
  const figures = since(before, target, got);
  for (const peer of peers) peer.close();
  const distinct = seen.reduce((sum, own) => sum + own.size, 0);
  return { ...figures, lost: most - distinct, doubled: got - distinct };
}

function mark(target: Target) {
  return { at: performance.now(), server: cpuOf(target), own: cpuMicroseconds(process.pid) };
}

function since(before: ReturnType<typeof mark>, target: Target, messages: number) {
  const after = mark(target);
  return {
    perSecond: messages / ((after.at - before.at) / 1000),
    cpuPerMessage: (after.server - before.server) / messages,
    generatorCpuPerMessage: (after.own - before.own) / messages,
  };
}

import { bareTarget } from "./ceiling/target.ts";
import { closedLoop, type Contest, openLoop, type Options, type Report } from "./compare.ts";
import type { Shape } from "./load.ts";
import { homeserverTarget } from "./world/target.ts";

const shape: Shape = {
  rooms: 50,
  members: 2,
  senders: 1,
  payloadBytes: 1024,
  latencyOf: "everybody",
};

/**
 * 1:1 messages: durable, pushed to both members, acknowledged. The maximum in a closed loop beside
 * the bare ceiling, then latencies at fixed rates.
 */
export async function benchChat(options: Options, report: Report): Promise<void> {
  const contest: Contest = {
    shape,
    bare: bareTarget,
    ours: () => homeserverTarget(shape.rooms, shape.members),
    ceiling: "chat",
    parameters: { ...shape, ...options, durability: "FULL", tls: false },
  };
  await closedLoop("chat closed", contest, options, report);
  for (const perSecond of [500, 2000]) {
    await openLoop("chat open", contest, perSecond, options, report);
  }
}

import { bareFederation } from "./ceiling/target.ts";
import { closedLoop, type Contest, openLoop, type Options, type Report } from "./compare.ts";
import type { Shape } from "./load.ts";
import { benchOutage } from "./outage.ts";
import { benchPeersFanout } from "./peers-fanout.ts";
import { benchThirdServer } from "./third-server.ts";
import { federatedTarget } from "./world/federation.ts";

const rooms = 50;

export const federationParts = ["closed", "forwarded", "open", "outage", "third", "peers"] as const;

export type FederationPart = (typeof federationParts)[number];

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
    readonly parts: readonly FederationPart[];
    readonly peers: number;
    readonly backlog: number;
    readonly outageSeconds: number;
  },
  report: Report,
): Promise<void> {
  const { parts, peers, backlog, outageSeconds, ...options } = wanted;
  const has = (part: FederationPart): boolean => parts.includes(part);
  const near = contestOf(direct, options);
  if (has("closed")) await closedLoop("federation closed", near, options, report);
  if (has("forwarded")) {
    await closedLoop("federation forwarded", contestOf(forwarded, options), options, report);
  }
  for (const perSecond of has("open") ? [500, 2000] : []) {
    await openLoop("federation open", near, perSecond, options, report);
  }
  if (has("outage")) await benchOutage({ backlog, seconds: outageSeconds }, report);
  if (has("third")) await benchThirdServer(options, report);
  if (has("peers")) await benchPeersFanout({ seconds: options.seconds, peers }, report);
}

function contestOf(shape: Shape, options: Options): Contest {
  return {
    shape,
    bare: bareFederation,
    ours: () => federatedTarget(rooms),
    ceiling: "federation",
    parameters: parametersOf(shape, options),
  };
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

import type { Counter, Gauge, Metrics } from "@treehouse/protocol";

/** What operators can watch. No instrument names a peer: labels are codes. */
export interface FederationMetrics {
  readonly backlog: Gauge;
  readonly oldest: Gauge;
  /** By state of the way to the peer. */
  readonly peers: Gauge;
  readonly batches: Counter;
  readonly items: Counter;
  readonly bytes: Counter;
  readonly heads: Counter;
  /** By reason. */
  readonly retries: Counter;
  /** By code. */
  readonly rejected: Counter;
  /** By whose numbers were set back. */
  readonly rewound: Counter;
  /** By reason. */
  readonly dropped: Counter;
  readonly received: Counter;
  readonly receivedItems: Counter;
  /** By code. */
  readonly refusedItems: Counter;
  readonly gaps: Counter;
  /** By endpoint and outcome. */
  readonly requests: Counter;
  readonly submissions: Counter;
}

export function createMetrics(metrics: Metrics): FederationMetrics {
  const counter = (name: string, help: string, labels: readonly string[] = []): Counter =>
    metrics.counter(`treehouse_federation_${name}_total`, help, labels);
  const gauge = (name: string, help: string, labels: readonly string[] = []): Gauge =>
    metrics.gauge(`treehouse_federation_${name}`, help, labels);
  return {
    backlog: gauge("backlog_items", "Items that peers do not have yet."),
    oldest: gauge("oldest_item_seconds", "Age of the oldest item that a peer does not have yet."),
    peers: gauge("peers", "Peers with a stream, by the state of the way to them.", ["state"]),
    batches: counter("batches_sent", "Batches that a peer has answered."),
    items: counter("items_sent", "Items that a peer has taken or rejected."),
    bytes: counter("bytes_sent", "Octets of batches that a peer has answered."),
    heads: counter("heads_sent", "Signed heads in batches that a peer has answered."),
    retries: counter("retries", "Batches that failed and are sent again, by reason.", ["reason"]),
    rejected: counter("items_rejected", "Items of ours that a peer rejected, by code.", ["code"]),
    rewound: counter(
      "streams_rewound",
      "Streams that began anew because one side was set back (ours, theirs) or got stuck.",
      ["side"],
    ),
    dropped: counter("items_dropped", "Items that were given up unsent, by reason.", ["reason"]),
    received: counter("batches_received", "Batches of peers that were taken."),
    receivedItems: counter("items_received", "Items of peers that were taken."),
    refusedItems: counter("items_refused", "Items of peers that were rejected, by code.", ["code"]),
    gaps: counter("gaps_received", "Batches of peers that do not follow what is here."),
    requests: counter("requests", "Requests to peers, by endpoint and outcome.", [
      "endpoint",
      "outcome",
    ]),
    submissions: counter("submissions_forwarded", "Messages sent on to the hubs of their rooms."),
  };
}

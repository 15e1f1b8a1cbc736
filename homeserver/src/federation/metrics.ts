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
  /** By outcome. */
  readonly ephemerals: Counter;
  readonly submissions: Counter;
}

export function createMetrics(metrics: Metrics): FederationMetrics {
  return {
    backlog: metrics.gauge(
      "treehouse_federation_backlog_items",
      "Items that peers do not have yet.",
    ),
    oldest: metrics.gauge(
      "treehouse_federation_oldest_item_seconds",
      "Age of the oldest item that a peer does not have yet.",
    ),
    peers: metrics.gauge(
      "treehouse_federation_peers",
      "Peers with a stream, by the state of the way to them.",
      ["state"],
    ),
    batches: metrics.counter(
      "treehouse_federation_batches_sent_total",
      "Batches that a peer has answered.",
    ),
    items: metrics.counter(
      "treehouse_federation_items_sent_total",
      "Items that a peer has taken or rejected.",
    ),
    bytes: metrics.counter(
      "treehouse_federation_bytes_sent_total",
      "Octets of batches that a peer has answered.",
    ),
    heads: metrics.counter(
      "treehouse_federation_heads_sent_total",
      "Signed heads in batches that a peer has answered.",
    ),
    retries: metrics.counter(
      "treehouse_federation_retries_total",
      "Batches that failed and are sent again, by reason.",
      ["reason"],
    ),
    rejected: metrics.counter(
      "treehouse_federation_items_rejected_total",
      "Items of ours that a peer rejected, by code.",
      ["code"],
    ),
    rewound: metrics.counter(
      "treehouse_federation_streams_rewound_total",
      "Streams that began anew because one side was set back (ours, theirs) or got stuck.",
      ["side"],
    ),
    dropped: metrics.counter(
      "treehouse_federation_items_dropped_total",
      "Items that were given up unsent, by reason.",
      ["reason"],
    ),
    received: metrics.counter(
      "treehouse_federation_batches_received_total",
      "Batches of peers that were taken.",
    ),
    receivedItems: metrics.counter(
      "treehouse_federation_items_received_total",
      "Items of peers that were taken.",
    ),
    refusedItems: metrics.counter(
      "treehouse_federation_items_refused_total",
      "Items of peers that were rejected, by code.",
      ["code"],
    ),
    gaps: metrics.counter(
      "treehouse_federation_gaps_received_total",
      "Batches of peers that do not follow what is here.",
    ),
    requests: metrics.counter(
      "treehouse_federation_requests_total",
      "Requests to peers, by endpoint and outcome.",
      ["endpoint", "outcome"],
    ),
    ephemerals: metrics.counter(
      "treehouse_federation_ephemeral_total",
      "Ephemeral entries for other servers: sent, or dropped because they could not be at once.",
      ["outcome"],
    ),
    submissions: metrics.counter(
      "treehouse_federation_submissions_forwarded_total",
      "Messages sent on to the hubs of their rooms.",
    ),
  };
}

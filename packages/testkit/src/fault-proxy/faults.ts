/**
 * What a link does with what is sent over it.
 *
 * `down`: every connection is reset. `silent`: connections stay and are accepted, and nothing
 * arrives, in neither direction (a half-open link). `noRequests`: nothing arrives at the target;
 * `noAnswers`: nothing comes back from it (a cut in one direction).
 */
export type LinkState = "up" | "down" | "silent" | "noRequests" | "noAnswers";

/** Both bounds can be drawn. */
export type Range = readonly [low: number, high: number];

/** What goes wrong. Shares are probabilities from 0 to 1; everything may change at any time. */
export type Faults = {
  readonly link: LinkState;
  /** How long a request, an answer, or a piece of a tunnel is on its way, in milliseconds. */
  readonly delayMs: Range;
  /** Connections that are reset somewhere within their first 64 KiB. */
  readonly connectionLoss: number;
  /** Requests of which only a part arrives, or nothing, before the connection is reset. */
  readonly requestLoss: number;
  /** Requests that arrive, and whose answer comes in part or not at all: the outcome is unknown. */
  readonly answerLoss: number;
  /** Requests whose octets arrive a second time, on a connection of their own. */
  readonly duplication: number;
  /** Requests that wait until a later one, on another connection, has gone ahead. */
  readonly reordering: number;
  /** Octets per second that each connection takes in each direction; without it all at once. */
  readonly octetsPerSecond: number | undefined;
  /** The link goes `down` and `up` again by itself, as long as this is set. */
  readonly flapping: { readonly upMs: Range; readonly downMs: Range } | undefined;
};

/** A link on which nothing goes wrong. */
export const calm: Faults = {
  link: "up",
  delayMs: [0, 0],
  connectionLoss: 0,
  requestLoss: 0,
  answerLoss: 0,
  duplication: 0,
  reordering: 0,
  octetsPerSecond: undefined,
  flapping: undefined,
};

/** How often what happened. A test whose faults never struck proves nothing. */
export type FaultCounts = {
  connections: number;
  requests: number;
  /** Answers that were given whole. */
  answered: number;
  connectionsLost: number;
  requestsLost: number;
  answersLost: number;
  duplicated: number;
  reordered: number;
  /** Connections that were reset because the link is down. */
  cut: number;
  /** Connections on which something vanished. */
  vanished: number;
};

export function noCounts(): FaultCounts {
  return {
    connections: 0,
    requests: 0,
    answered: 0,
    connectionsLost: 0,
    requestsLost: 0,
    answersLost: 0,
    duplicated: 0,
    reordered: 0,
    cut: 0,
    vanished: 0,
  };
}

import { Random } from "../random.ts";

/** What a seed lets go wrong, and how much happens in it. Every run draws its own ("swarm"). */
export type Faults = {
  /** Probability that a request or an answer is lost. */
  readonly loss: number;
  /** Probability that a request arrives twice. */
  readonly duplication: number;
  /** Mean of one way, in ms. */
  readonly delayMs: number;
  /** Whether one message may overtake another. */
  readonly reordering: boolean;
  /** Probability that a socket breaks with a message. */
  readonly socketBreaks: number;
  /** Links that are cut for a while, one way or both. */
  readonly cuts: number;
  /** Probability that a server dies in one of its transactions. */
  readonly serverCrash: number;
  /** The same for a client. */
  readonly clientCrash: number;
  /** Probability that who dies loses what it had not brought to the disk. */
  readonly powerLoss: number;
  /** Clients are closed and opened again, and servers stopped and started, so many times. */
  readonly restarts: number;
  /** Servers run other releases than today's at first, and one gets another one so many times. */
  readonly upgrades: number;
  /** The disk of a server or a client is full for a while, so many times. */
  readonly fullDisks: number;
  /** The fsync of a COMMIT, or any statement, fails with an I/O error so many times. */
  readonly brokenCommits: number;
  /** The server that has the room is put back to what it was, from a backup, so many times. */
  readonly restoredHubs: number;
  /** The same with another one. */
  readonly restoredServers: number;
  /** The same with the store of a client. */
  readonly restoredStores: number;
  /** A copy of a client's store is opened while that client runs, so many times. */
  readonly copiedStores: number;
  /** A clock jumps by up to an hour so many times. */
  readonly clockJumps: number;
  /** Probability that the server of one client lies to it about an entry. */
  readonly lies: number;
  /** Probability that the hub lies to the last of the other servers in a batch, and signs it. */
  readonly hubLies: number;
  /** Whether the hub keeps its lies up, so that the server is told another history. */
  readonly hubKeepsUp: boolean;
  /** Probability that a member sends a message that nobody can read beside each of its own. */
  readonly garbage: number;
  /** A member commits what nobody else can apply, and no server can see that, so many times. */
  readonly sabotage: number;
  /** Probability that a request between servers comes once more, altered or much later. */
  readonly tampering: number;
  /** Clients that read nothing for a while, so many times; messages are large then. */
  readonly slowConsumers: number;
  /** The longest pause before what a module wants to do soon. */
  readonly yieldMs: number;
  /** Commits that change who is in, so many times. */
  readonly membershipChanges: number;
  readonly messages: number;
  /** How long everything may go wrong, in ms. */
  readonly faultsForMs: number;
  /** How many people and servers take part. */
  readonly size: "small" | "large";
  /** Whether files and cryptography are the real ones, or those that cost next to nothing. */
  readonly tier: Tier;
};

export type Tier = "light" | "real";

/** The share of seeds in which everything is real. */
const realShare = 0.02;

/** The share of seeds with slow readers: their messages are so large that one costs ten others. */
const slowShare = 0.005;

/** The share of seeds with three servers and five people, in which more happens, and for longer. */
const largeShare = 0.15;
const largeFactor = 2;

/** Classes that the shrinker switches off one by one; the value is "none of it". */
export const off: Partial<Faults> = {
  loss: 0,
  duplication: 0,
  delayMs: 1,
  reordering: false,
  socketBreaks: 0,
  cuts: 0,
  serverCrash: 0,
  clientCrash: 0,
  powerLoss: 0,
  restarts: 0,
  upgrades: 0,
  fullDisks: 0,
  brokenCommits: 0,
  restoredHubs: 0,
  restoredServers: 0,
  restoredStores: 0,
  copiedStores: 0,
  clockJumps: 0,
  lies: 0,
  hubLies: 0,
  hubKeepsUp: false,
  garbage: 0,
  sabotage: 0,
  tampering: 0,
  slowConsumers: 0,
  yieldMs: 0,
  membershipChanges: 0,
};

/** Draws first and decides afterwards, so that switching one thing off changes no other. */
export function drawFaults(seed: number, overrides: Partial<Faults> = {}): Faults {
  const random = new Random(seed, "faults");
  const upTo = (most: number): number => random.fraction() * most;
  const sometimes = <T>(probability: number, value: T, otherwise: T): T =>
    random.chance(probability) ? value : otherwise;
  const isLarge = random.chance(largeShare);
  const more = isLarge ? largeFactor : 1;
  const drawn: Faults = {
    loss: sometimes(0.8, upTo(0.3), 0),
    duplication: sometimes(0.7, upTo(0.25), 0),
    delayMs: 2 + upTo(118),
    reordering: random.chance(0.7),
    socketBreaks: sometimes(0.6, upTo(0.05), 0),
    cuts: sometimes(0.6, random.integer(1, 3), 0),
    serverCrash: sometimes(0.8, upTo(0.15), 0),
    clientCrash: sometimes(0.6, upTo(0.02), 0),
    restarts: sometimes(0.3, random.integer(1, 2), 0),
    fullDisks: sometimes(0.4, random.integer(1, 2), 0),
    brokenCommits: sometimes(0.25, 1, 0),
    clockJumps: sometimes(0.3, random.integer(1, 2), 0),
    yieldMs: sometimes(0.6, upTo(20), 0),
    membershipChanges: sometimes(0.6, random.integer(1, 3) * more, 0),
    messages: random.integer(3, 8) * more,
    faultsForMs: random.integer(1_000, 3_000) * more,
    size: isLarge ? "large" : "small",
    powerLoss: sometimes(0.4, 0.7, 0),
    lies: sometimes(0.2, upTo(0.7), 0),
    garbage: sometimes(0.12, upTo(0.5), 0),
    tampering: sometimes(0.3, upTo(0.2), 0),
    slowConsumers: sometimes(slowShare, random.integer(1, 2), 0),
    tier: sometimes<Tier>(realShare, "real", "light"),
    restoredServers: sometimes(0.1, 1, 0),
    restoredStores: sometimes(0.1, 1, 0),
    restoredHubs: sometimes(0.1, 1, 0),
    copiedStores: sometimes(0.08, 1, 0),
    hubLies: sometimes(0.15, 0.1 + upTo(0.6), 0),
    sabotage: sometimes(0.1, 1, 0),
    hubKeepsUp: random.chance(0.5),
    upgrades: sometimes(0.125, random.integer(1, 4), 0),
  };
  // A hub that was put back takes its own lies from whoever has them.
  const hubLies = drawn.restoredHubs > 0 ? 0 : drawn.hubLies;
  // Servers ask one another for what the hub cannot tell, and would spread what it has signed.
  const hubKeepsUp = drawn.size === "small" && drawn.hubKeepsUp;
  return { ...drawn, hubLies, hubKeepsUp, ...overrides };
}

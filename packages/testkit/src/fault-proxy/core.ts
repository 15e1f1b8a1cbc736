import { connect, type Socket } from "node:net";

import type { Draws } from "./draws.ts";
import type { FaultCounts, Faults } from "./faults.ts";
import { type HttpMessage, MessageFramer } from "./message-framer.ts";
import { Overtaking } from "./overtaking.ts";
import type { Timer } from "./pen.ts";

/** A connection through the proxy, as the link sees it. */
export interface Passage {
  /** Something was sent on it that never arrived, so that it is of no use any more. */
  readonly vanished: boolean;
  reset(): void;
}

/** What all connections of one proxy share. */
export class Core {
  readonly draws: Draws;
  readonly counts: FaultCounts;
  readonly timer: Timer;
  readonly overtaking = new Overtaking();
  readonly passages = new Set<Passage>();
  readonly listeners = new Set<(request: HttpMessage) => void>();
  readonly #target: URL;
  readonly #sockets = new Set<Socket>();
  faults: Faults;

  constructor(options: {
    readonly target: string;
    readonly draws: Draws;
    readonly counts: FaultCounts;
    readonly timer: Timer;
    readonly faults: Faults;
  }) {
    this.#target = new URL(options.target);
    this.draws = options.draws;
    this.counts = options.counts;
    this.timer = options.timer;
    this.faults = options.faults;
  }

  /** Whether the link swallows what goes in this direction. */
  swallows(direction: "requests" | "answers"): boolean {
    const { link } = this.faults;
    return link === "silent" || link === (direction === "requests" ? "noRequests" : "noAnswers");
  }

  connect(): Socket {
    const socket = connect({ host: this.#target.hostname, port: Number(this.#target.port) });
    socket.setNoDelay(true);
    this.#sockets.add(socket);
    socket.on("error", () => undefined);
    socket.once("close", () => this.#sockets.delete(socket));
    return socket;
  }

  /** The request's octets have arrived at the target. */
  arrived(request: HttpMessage): void {
    this.overtaking.gone();
    for (const hear of this.listeners) hear(request);
  }

  /** Sends the same octets on a connection of their own; nobody hears what is answered. */
  repeat(request: HttpMessage): void {
    if (this.faults.link === "down" || this.swallows("requests")) return;
    this.counts.duplicated += 1;
    const socket = this.connect();
    const answers = new MessageFramer("answers");
    socket.on("data", (chunk) => {
      answers.add(chunk);
      if (answers.take() !== undefined) socket.destroy();
    });
    socket.write(request.bytes);
    this.arrived(request);
  }

  destroy(): void {
    for (const passage of this.passages) passage.reset();
    for (const socket of this.#sockets) socket.destroy();
  }
}

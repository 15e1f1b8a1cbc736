import type { Socket } from "node:net";

import type { Core, Passage } from "./core.ts";
import { type ConnectionDraw, type RequestDraw, within } from "./draws.ts";
import { type HttpMessage, MessageFramer } from "./message-framer.ts";
import { passed, writeSlowly } from "./pen.ts";
import { Tunnel } from "./tunnel.ts";

const lossWithinBytes = 64 * 1024;

/**
 * One connection of a client, and the one to the target that belongs to it. Requests are taken one
 * after the other, as HTTP/1.1 has it; after an upgrade octets pass as they come.
 */
export class Conversation implements Passage {
  readonly #core: Core;
  readonly #client: Socket;
  readonly #draw: ConnectionDraw;
  readonly #requests = new MessageFramer("requests");
  #answers = new MessageFramer("answers");
  #server: Socket | undefined;
  #tunnels: { readonly up: Tunnel; readonly down: Tunnel } | undefined;
  #awaiting: ((answer: HttpMessage | undefined) => void) | undefined;
  #received = 0;
  #busy = false;
  /** One of the two sides has said that it is done. */
  #ending = false;
  #over = false;
  vanished = false;

  constructor(core: Core, client: Socket) {
    this.#core = core;
    this.#client = client;
    this.#draw = core.draws.connection();
    core.counts.connections += 1;
    core.passages.add(this);
    client.setNoDelay(true);
    client.on("data", (chunk) => this.#heard(chunk));
    client.on("error", () => undefined);
    client.once("end", () => this.#clientEnded());
    client.once("close", () => this.#end());
  }

  reset(): void {
    if (!this.#over) this.#client.resetAndDestroy();
    this.#server?.resetAndDestroy();
    this.#end();
  }

  #end(): void {
    this.#over = true;
    this.#core.passages.delete(this);
    this.#awaiting?.(undefined);
    // What is under way to the target still arrives; only nobody waits for the answer.
    this.#server?.end();
  }

  #clientEnded(): void {
    this.#ending = true;
    if (this.#tunnels !== undefined && this.#server !== undefined) {
      void this.#tunnels.up.end(this.#server);
    } else if (!this.#busy) {
      this.#client.end();
    }
  }

  #heard(chunk: Buffer): void {
    const { faults, counts } = this.#core;
    if (this.#over || this.vanished) return;
    this.#received += chunk.length;
    const lost = this.#draw.lost < faults.connectionLoss;
    if (lost && this.#received > this.#draw.dieAfter * lossWithinBytes) {
      counts.connectionsLost += 1;
      this.reset();
    } else if (this.#tunnels !== undefined && this.#server !== undefined) {
      this.#tunnels.up.pass("requests", chunk, this.#server);
    } else {
      this.#requests.add(chunk);
      void this.#work();
    }
  }

  async #work(): Promise<void> {
    if (this.#busy) return;
    this.#busy = true;
    try {
      while (!this.#over && !this.vanished && this.#tunnels === undefined) {
        const request = this.#requests.take();
        if (request === undefined) break;
        await this.#exchange(request);
      }
    } catch {
      this.reset();
    } finally {
      this.#busy = false;
    }
    if (this.#ending && this.#tunnels === undefined && !this.vanished) this.#client.end();
  }

  async #exchange(request: HttpMessage): Promise<void> {
    const core = this.#core;
    core.counts.requests += 1;
    const draw = core.draws.request();
    if (draw.reordered < core.faults.reordering && (await core.overtaking.wait(core.timer))) {
      core.counts.reordered += 1;
    }
    await this.#delay(draw.requestDelay);
    if (this.#over || this.#swallowed("requests")) return;
    const server = this.#connected();
    if (draw.requestLost < core.faults.requestLoss) {
      core.counts.requestsLost += 1;
      return this.#breakOff(server, partOf(request, draw.requestPart));
    }
    const duplicated = draw.duplicated < core.faults.duplication;
    const answered = this.#nextAnswer();
    await writeSlowly(server, request.bytes, core.faults.octetsPerSecond, core.timer);
    core.arrived(request);
    if (duplicated && draw.duplicateAt < 0.5) core.repeat(request);
    const answer = await answered;
    if (duplicated && draw.duplicateAt >= 0.5) core.repeat(request);
    if (answer === undefined) return this.reset();
    await this.#answer(answer, draw);
    if (answer.startLine.split(" ")[1] === "101") this.#open(server);
  }

  async #answer(answer: HttpMessage, draw: RequestDraw): Promise<void> {
    const { counts, faults, timer } = this.#core;
    await this.#delay(draw.answerDelay);
    if (this.#over || this.#swallowed("answers")) return;
    if (draw.answerLost < faults.answerLoss) {
      counts.answersLost += 1;
      return this.#breakOff(this.#client, partOf(answer, draw.answerPart));
    }
    counts.answered += 1;
    await writeSlowly(this.#client, answer.bytes, faults.octetsPerSecond, timer);
  }

  /** Some octets still arrive, then both sides are reset. */
  async #breakOff(socket: Socket, part: Buffer): Promise<void> {
    if (part.length > 0 && !socket.destroyed) {
      await new Promise<void>((resolve) => {
        socket.once("close", () => resolve());
        socket.write(part, () => resolve());
      });
    }
    this.reset();
  }

  async #delay(fraction: number): Promise<void> {
    const delayMs = within(this.#core.faults.delayMs, fraction);
    if (delayMs > 0) await passed(delayMs, this.#core.timer);
  }

  #swallowed(direction: "requests" | "answers"): boolean {
    if (!this.#core.swallows(direction)) return false;
    this.#vanish();
    return true;
  }

  #vanish(): void {
    if (!this.vanished) this.#core.counts.vanished += 1;
    this.vanished = true;
  }

  #nextAnswer(): Promise<HttpMessage | undefined> {
    return new Promise((resolve) => {
      this.#awaiting = (answer) => {
        this.#awaiting = undefined;
        resolve(answer);
      };
    });
  }

  #connected(): Socket {
    if (this.#server !== undefined && !this.#server.destroyed) return this.#server;
    const server = this.#core.connect();
    this.#server = server;
    this.#answers = new MessageFramer("answers");
    server.on("data", (chunk) => this.#answered(chunk));
    server.once("close", () => this.#serverEnded());
    return server;
  }

  #answered(chunk: Buffer): void {
    if (this.#tunnels !== undefined) {
      this.#tunnels.down.pass("answers", chunk, this.#client);
      return;
    }
    this.#answers.add(chunk);
    try {
      for (;;) {
        const answer = this.#answers.take();
        if (answer === undefined) return;
        // What is said on the way ("continue") is no answer.
        if (/ 1(?!01)\d\d /.test(answer.startLine)) continue;
        this.#awaiting?.(answer);
        return;
      }
    } catch {
      this.reset();
    }
  }

  #serverEnded(): void {
    if (this.#tunnels !== undefined) void this.#tunnels.down.end(this.#client);
    else if (this.#awaiting !== undefined) this.#awaiting(this.#answers.end());
    else if (this.#busy) this.#ending = true;
    else if (!this.vanished) this.#client.end();
  }

  #open(server: Socket): void {
    const lost = (): void => this.#vanish();
    const tunnels = { up: new Tunnel(this.#core, lost), down: new Tunnel(this.#core, lost) };
    this.#tunnels = tunnels;
    const [first, early] = [this.#requests.rest(), this.#answers.rest()];
    if (first.length > 0) tunnels.up.pass("requests", first, server);
    if (early.length > 0) tunnels.down.pass("answers", early, this.#client);
  }
}

/** Never all of it. */
function partOf({ bytes }: HttpMessage, share: number): Buffer {
  return bytes.subarray(0, Math.floor(bytes.length * share));
}

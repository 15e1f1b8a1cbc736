import assert from "node:assert/strict";
import { mintRoomUri, parseDomain, Refusal } from "@treehouse/protocol";
import type { Domain, RoomUri } from "@treehouse/protocol";
import { createWorld } from "../../../packages/testkit/src/index.ts";
import type { World } from "../../../packages/testkit/src/index.ts";
import { Channel } from "./channel.ts";
import { Island } from "./island.ts";

export type Step =
  | { readonly kind: "say"; readonly who: number; readonly room: number; readonly count: number }
  | { readonly kind: "tell" | "takeBack" | "kill" | "start"; readonly who: number }
  | {
      readonly kind: "crash";
      readonly who: number;
      readonly transaction: number;
      readonly after: boolean;
    }
  | { readonly kind: "cut"; readonly from: number; readonly to: number }
  | { readonly kind: "mend" }
  | {
      readonly kind: "weather";
      readonly loss: number;
      readonly duplication: number;
      readonly delayMs: number;
    }
  | { readonly kind: "pass"; readonly ms: number };

const domains: readonly Domain[] = [parseDomain("north.example"), parseDomain("south.example")];
const roomsEach = 2;
/** Longer than the longest wait before something is tried again, and than a request may take. */
const healedMs = 200_000;

/**
 * Two servers that send each other what happens in their rooms, through whatever weather, and what
 * both should have in the end: the same, in the same order, once.
 */
export class StreamModel {
  readonly world: World;
  readonly channel: Channel;
  readonly #islands: Island[] = [];
  readonly #rooms: RoomUri[][] = [];
  /** What each was told to tell, in order. */
  #said = 0;

  static async open(seed: number): Promise<StreamModel> {
    const model = new StreamModel(seed);
    for (const domain of domains) {
      const island = await Island.open(model.world, model.channel, domain);
      model.#islands.push(island);
      const random = (length: number) => model.world.random("rooms").bytes(length);
      model.#rooms.push(Array.from({ length: roomsEach }, () => mintRoomUri(domain, random)));
      await island.start();
    }
    return model;
  }

  constructor(seed: number) {
    this.world = createWorld(seed);
    this.channel = new Channel(this.world);
  }

  /** Items that arrived in all. */
  async received(): Promise<number> {
    let count = 0;
    for (const [who, island] of this.#islands.entries()) {
      for (const room of this.#rooms[1 - who] ?? []) {
        count += (await island.read((tx) => island.tables.received(tx, room))).length;
      }
    }
    return count;
  }

  async perform(step: Step): Promise<void> {
    switch (step.kind) {
      case "say":
        for (let count = 0; count < step.count; count += 1) this.#say(step.who, step.room);
        break;
      case "tell":
        this.#try(this.#island(step.who), (island) =>
          island.tell(this.#peerOf(step.who), `note ${(this.#said += 1)}`),
        );
        break;
      case "takeBack":
        this.#try(this.#island(step.who), (island) => this.#takeBack(island, step.who));
        break;
      case "kill":
        this.#island(step.who).kill();
        break;
      case "start":
        await this.#island(step.who).start();
        break;
      case "crash": {
        const { transaction, after } = step;
        this.#island(step.who).kill();
        await this.#island(step.who).start({ transaction, after }, 300);
        break;
      }
      case "cut":
        this.channel.cut(this.#domain(step.from), this.#domain(step.to));
        break;
      case "mend":
        this.channel.mend();
        break;
      case "weather": {
        const { loss, duplication, delayMs } = step;
        Object.assign(this.channel.weather, { loss, duplication, delayMs });
        break;
      }
      case "pass":
        await this.world.advance(step.ms);
    }
    await this.world.settle();
  }

  /** Everything heals; then both have the same, and nothing waits any more. */
  async finish(): Promise<void> {
    this.channel.mend();
    Object.assign(this.channel.weather, { loss: 0, duplication: 0, delayMs: 5 });
    for (const island of this.#islands) await island.start();
    await this.world.advance(healedMs);
    for (const [who, island] of this.#islands.entries()) {
      assert.deepEqual(island.wrongs, []);
      const other = this.#island(1 - who);
      for (const room of this.#rooms[who] ?? []) {
        const log = await island.read((tx) => island.tables.log(tx, room));
        const received = await other.read((tx) => other.tables.received(tx, room));
        assert.deepEqual(received, log, "the same, in the same order, once");
        const head = await other.read((tx) => other.tables.headOf(tx, room));
        assert.equal(head, log.length, "a head covers everything");
      }
      const notes = await island.read((tx) => island.tables.notes(tx));
      const numbers = notes.map((note) => Number(note.slice(5)));
      assert.deepEqual(
        numbers,
        [...new Set(numbers)].toSorted((a, b) => a - b),
      );
      assert.equal(await island.read((tx) => island.tables.outboxRows(tx)), 0);
      const counted = (name: string) => island.metrics.value(`treehouse_federation_${name}_total`);
      assert.equal(counted("streams_rewound"), 0, "nobody was set back");
      assert.equal(counted("items_dropped"), 0);
    }
  }

  async close(): Promise<void> {
    for (const island of this.#islands) await island.close();
  }

  #say(who: number, room: number): void {
    const name = this.#rooms[who]?.[room];
    if (name === undefined) throw new Error("no such room");
    const text = `m${(this.#said += 1)}`;
    this.#try(this.#island(who), (island) => island.say(name, text, [this.#peerOf(who)]));
  }

  /** Adds items in a transaction that is refused in the end: they must leave no trace. */
  async #takeBack(island: Island, who: number): Promise<void> {
    const [room] = this.#rooms[who] ?? [];
    if (room === undefined) return;
    await island.federationTransaction(async (tx, outbox) => {
      for (let count = 0; count < 3; count += 1) {
        const { position, bytes } = island.tables.append(tx, room, "taken back");
        const item = { kind: "entry", room, position, bytes, handshake: false } as const;
        await outbox.add(tx, this.#peerOf(who), item);
      }
      throw new Refusal("conflict", "taken back");
    });
  }

  /** A server that is down takes nothing, and one that dies meanwhile never answers. */
  #try(island: Island, run: (island: Island) => Promise<unknown>): void {
    if (!island.isUp) return;
    run(island).catch((error: unknown) => {
      if (!(error instanceof Refusal)) throw error;
    });
  }

  #island(who: number): Island {
    const island = this.#islands[who];
    if (island === undefined) throw new Error("no such island");
    return island;
  }

  #domain(who: number): Domain {
    return this.#island(who).domain;
  }

  #peerOf(who: number): Domain {
    return this.#domain(1 - who);
  }
}

import assert from "node:assert/strict";
import { mintRoomUri, parseDomain } from "@treehouse/protocol";
import type { RoomUri } from "@treehouse/protocol";
import { createWorld } from "../../../packages/testkit/src/index.ts";
import type { World } from "../../../packages/testkit/src/index.ts";
import { Channel } from "./channel.ts";
import type { CrashPoint } from "./guard.ts";
import { Island } from "./island.ts";

export const north = parseDomain("north.example");
export const south = parseDomain("south.example");
export const west = parseDomain("west.example");

/** A hub, a server that follows its rooms, and one room. */
export class TwoIslands implements AsyncDisposable {
  readonly world: World;
  readonly channel: Channel;
  readonly hub: Island;
  readonly follower: Island;
  readonly room: RoomUri;

  static async open(seed = 1, crash?: { hub?: CrashPoint; follower?: CrashPoint }) {
    const world = createWorld(seed);
    const channel = new Channel(world);
    const hub = await Island.open(world, channel, north);
    const follower = await Island.open(world, channel, south);
    await hub.start(crash?.hub, 400);
    await follower.start(crash?.follower, 400);
    await world.settle();
    return new TwoIslands({ world, channel, hub, follower });
  }

  constructor(parts: Pick<TwoIslands, "world" | "channel" | "hub" | "follower">) {
    this.world = parts.world;
    this.channel = parts.channel;
    this.hub = parts.hub;
    this.follower = parts.follower;
    this.room = this.newRoom();
  }

  newRoom(): RoomUri {
    return mintRoomUri(north, (length) => this.world.random("rooms").bytes(length));
  }

  /** Lets time pass in which the hub is not there. */
  async sleep(ms: number): Promise<void> {
    this.hub.kill();
    await this.world.advance(ms);
    await this.hub.start();
    await this.world.advance(1_000);
  }

  /** Says so many messages, whether or not anybody hears of it. */
  say(count: number, prefix = "m", room = this.room): void {
    for (let number = 1; number <= count; number += 1) {
      if (this.hub.isUp) void this.hub.say(room, `${prefix}${number}`, [south]);
    }
  }

  /** Both have the same log of the room, and a head that covers it. */
  async expectLevel(room = this.room): Promise<number> {
    const log = await this.hub.read((tx) => this.hub.tables.log(tx, room));
    const received = await this.received(room);
    assert.deepEqual(
      received.map(({ position }) => position),
      log.map(({ position }) => position),
    );
    assert.deepEqual(received, log);
    const head = await this.follower.read((tx) => this.follower.tables.headOf(tx, room));
    assert.equal(head, log.length);
    assert.deepEqual([...this.hub.wrongs, ...this.follower.wrongs], []);
    return log.length;
  }

  received(room = this.room) {
    return this.follower.read((tx) => this.follower.tables.received(tx, room));
  }

  rows(): Promise<number> {
    return this.hub.read((tx) => this.hub.tables.outboxRows(tx));
  }

  counted(name: string, labels?: Readonly<Record<string, string>>): number {
    return this.hub.metrics.value(`treehouse_federation_${name}_total`, labels);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.hub.close();
    await this.follower.close();
  }
}

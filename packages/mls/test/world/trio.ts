import { utf8Decode, utf8Encode } from "@treehouse/protocol";

import { createWorld } from "./people.ts";
import type { Member, Room } from "./room.ts";
import { add, foundRoom, newcomer, none, persist } from "./room.ts";

export type Trio = { room: Room; alice: Member; bob: Member; carol: Member };

/** A room of three, at the leaves 0, 1 and 2. */
export async function trio(seed: number): Promise<Trio> {
  const world = createWorld(seed);
  const room = await foundRoom(world, world.user("alice"));
  const [alice] = room.members;
  if (alice === undefined) throw new Error("The room has no founder.");
  const others = [newcomer(world, "bob"), newcomer(world, "carol")];
  const [bob, carol] = await add(room, alice, others);
  if (bob === undefined || carol === undefined) throw new Error("They did not join.");
  return { room, alice, bob, carol };
}

export async function send(from: Member, text: string) {
  const message = await from.group.encrypt(utf8Encode(text), none);
  persist(from);
  return message;
}

export async function read(member: Member, message: Awaited<ReturnType<typeof send>>) {
  const { plaintext } = await member.group.decrypt(message);
  persist(member);
  return utf8Decode(plaintext);
}

import type { Client } from "../../src/node.ts";
import { next } from "./waiting.ts";

/** Two users of different servers agree that each may add the other. */
export async function befriend(one: Client, other: Client): Promise<void> {
  const asked = next(other, "contact");
  await one.contacts.request(other.me.address);
  await asked;
  const agreed = next(one, "contact", ({ state }) => state === "mutual");
  await other.contacts.accept(one.me.address);
  await agreed;
}

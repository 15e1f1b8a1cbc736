import { paths, ticketAnswerSchema } from "@treehouse/protocol";
import { agree } from "../conformance/outcome.ts";
import { emptyRoom } from "../conformance/rooms/hosted-room.ts";
import type { World } from "../conformance/world.ts";
import { converse } from "./converse.ts";

/** A ticket stands in a URL, where others may read it: it is good once. */
export async function ticketTwice(world: World): Promise<void> {
  const alice = await world.account("alice");
  const answer = (await alice.ask("POST", paths.tickets(), {})).ok("a ticket");
  const { ticket } = ticketAnswerSchema.parse(answer.json);
  agree("the first use of a ticket", await open(world, ticket), "101");
  agree("the second use of a ticket", await open(world, ticket), "401");
  agree("a ticket that was never given", await open(world, "0".repeat(43)), "401");
}

async function open(world: World, ticket: string): Promise<string | undefined> {
  const answer = await converse(
    world,
    `GET ${paths.stream(ticket)} HTTP/1.1\r\nhost: ${world.subject.clients.host}\r\n` +
      "connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n" +
      "sec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n",
  );
  return /^HTTP\/1\.1 (\d+)/.exec(answer)?.[1];
}

/** Everything that a session opened is closed with it. */
export async function endedSession(world: World): Promise<void> {
  const eve = await world.newcomer("eve");
  const answer = (await eve.ask("POST", paths.tickets(), {})).ok("a ticket");
  const { ticket } = ticketAnswerSchema.parse(answer.json);
  (await eve.ask("DELETE", paths.session())).ok("the end of a session");
  agree("a ticket of a session that has ended", await open(world, ticket), "401");
  for (const path of [paths.rooms(), paths.contacts(), paths.keyPackages()]) {
    agree(`the answer at ${path} after the end of the session`, (await eve.get(path)).status, 401);
  }
}

/** Somebody with a session who is not in the room asks everything that members may. */
export async function strangersAct(world: World): Promise<void> {
  const { room } = await emptyRoom(world);
  const stranger = await world.newcomer("stranger");
  for (const [method, path] of [
    ["GET", (at: typeof room) => `/v1/rooms/${encodeURIComponent(at)}/tree?epoch=1`],
    ["POST", paths.leave],
    ["GET", (at: typeof room) => paths.entries(at, { after: 0, limit: 10 })],
  ] as const) {
    const answer = await stranger.ask(method, path(room), method === "POST" ? {} : undefined);
    answer.refused(`${method} ${path(room)} of a stranger`, "notMember", "unknownRoom", "notFound");
  }
}

import {
  clientFrameCodec,
  inboxEntryCodec,
  parseStreamUri,
  paths,
  serverFrameCodec,
  submitMessageRequestCodec,
  ticketAnswerSchema,
} from "@treehouse/protocol";
import { WebSocket } from "ws";

import { inLanes } from "../lanes.ts";
import type { Peer, PeerEvents, Target } from "../target.ts";
import { createPeople, type Person } from "./people.ts";
import { privateMessage } from "./private-message.ts";
import { createRoom, jsonBody, post, type Room } from "./rooms.ts";
import { startServer } from "./server-process.ts";

const acknowledgeEvery = 32;
/** Made at once: they share the server's commits. */
const roomsAtOnce = 16;

/** The homeserver as a target, with so many rooms of so many members each. */
export async function homeserverTarget(rooms: number, members: number): Promise<Target> {
  const server = await startServer("world");
  const people = await createPeople(server, "p", rooms * members);
  const made: Room[] = [];
  await inLanes(rooms, roomsAtOnce, async (room) => {
    const theirs = people.slice(room * members, (room + 1) * members);
    made[room] = await createRoom(server.url(), theirs);
  });
  /** Who has a Welcome already, and waits for none when coming again. */
  const welcomed = new Set<Person>();
  return {
    name: "homeserver",
    echoes: true,
    pids: () => [server.pid()],
    pinned: server.pinned,
    connect(room, member, events) {
      const person = people[room * members + member];
      const joined = made[room];
      if (person === undefined || joined === undefined) throw new Error("no such member");
      const invited = member > 0 && !welcomed.has(person);
      welcomed.add(person);
      return connect(server.url(), person, joined, invited, events);
    },
    collect: async () => void (await server.ask({ kind: "collect" }, "collected")),
    restart: (between) => server.restart(between),
    stop: () => server.stop(),
  };
}

/** Connects, takes its Welcome if one waits, and resolves when the room's stream has begun. */
export async function connect(
  server: string,
  person: Person,
  room: Room,
  invited: boolean,
  events: PeerEvents,
): Promise<Peer> {
  const answer = await post(server, person, paths.tickets(), "application/json", jsonBody({}));
  const { ticket } = ticketAnswerSchema.parse(JSON.parse(new TextDecoder().decode(answer)));
  const socket = new WebSocket(server.replace("http", "ws") + paths.stream(ticket), {
    perMessageDeflate: false,
  });
  await new Promise((resolve, reject) => socket.once("open", resolve).once("error", reject));
  socket.send(clientFrameCodec.encode({ type: "hello", incarnation: undefined, cursors: [] }));
  const roomStream = parseStreamUri(room.uri);
  let position = 0;
  let unacknowledged = 0;
  let begun: () => void = () => undefined;
  const ready = new Promise<void>((resolve) => {
    begun = resolve;
  });
  const acknowledge = (stream: typeof roomStream, upTo: number) =>
    socket.send(
      clientFrameCodec.encode({
        type: "acknowledge",
        cursors: [{ stream, position: upTo }],
      }),
    );
  socket.on("message", (data) => {
    if (!Buffer.isBuffer(data)) return;
    switch (data.readUInt8(0)) {
      case 17: {
        // Type, version, kind, flags, then the room's URI; the position follows generation and term.
        const at = 4 + 1 + (data[4] ?? 0) + 4 + 8;
        position = data.readUInt32BE(at) * 2 ** 32 + data.readUInt32BE(at + 4);
        unacknowledged += 1;
        if (data[2] === 3) {
          events.delivered(new DataView(data.buffer, data.byteOffset + data.length - 17, 16));
        }
        if (unacknowledged < acknowledgeEvery) return;
        unacknowledged = 0;
        acknowledge(roomStream, position);
        return;
      }
      case 18: {
        const entry = inboxEntryCodec.decode(data.subarray(1));
        acknowledge(parseStreamUri(person.identity.client), entry.position);
        begun();
        return;
      }
      case 19:
        events.accepted(data.readUInt32BE(1));
        return;
      case 21:
        throw new Error(`refused: ${JSON.stringify(serverFrameCodec.decode(data))}`);
      case 22:
        if (!invited) begun();
        return;
      default:
    }
  });
  await ready;
  let out: Uint8Array[] = [];
  return {
    send(_room, requestId, payload) {
      const request = submitMessageRequestCodec.encode({
        ephemeral: false,
        message: privateMessage(room, payload, position),
        sendingUri: person.user,
      });
      out.push(clientFrameCodec.encode({ type: "submit", requestId, room: room.uri, request }));
    },
    flush() {
      for (const frame of out) socket.send(frame);
      out = [];
    },
    close() {
      // Who comes again is to be given nothing that was counted before.
      if (unacknowledged > 0) acknowledge(roomStream, position);
      socket.close();
    },
  };
}

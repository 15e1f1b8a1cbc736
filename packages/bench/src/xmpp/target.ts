import { readdirSync, readFileSync } from "node:fs";

import { pin } from "../process-stat.ts";
import type { Peer, PeerEvents, Target } from "../target.ts";
import { connectXmpp, type XmppServer } from "./connection.ts";

export type XmppOptions = XmppServer & {
  /** Names of the programs whose CPU and memory count: the server's, and its database's. */
  readonly programs: readonly string[];
};

const tailBytes = 16;
const password = "a password for measuring";

/**
 * An XMPP server that listens already, as a target: two members are a conversation of two users,
 * more are a chat room (XEP-0045). Nobody confirms to a sender that a message is stored: it counts
 * when its receiver has it, or in a chat room when the sender has it back.
 */
export function xmppTarget(options: XmppOptions, members: number): Target {
  const { domain } = options;
  const run = Date.now().toString(36);
  const sentBy = new Map<number, PeerEvents>();
  const accountOf = (room: number, member: number) => `p${room}x${member}`;
  const chatRoom = (room: number) => `b${run}${room}@conference.${domain}`;
  const isChatRoom = members > 2;
  const all = pidsOf(options.programs);
  return {
    name: "xmpp",
    echoes: isChatRoom,
    pids: () => pidsOf(options.programs),
    pinned: all.map((pid) => pin(pid, 0)).every(Boolean),
    async connect(room, member, events): Promise<Peer> {
      const name = accountOf(room, member);
      const connection = await connectXmpp(options, { name, password });
      if (member === 0) sentBy.set(room, events);
      connection.onBody = (body) => {
        const tail = Buffer.from(body.slice(-2 * tailBytes), "hex");
        if (tail.length !== tailBytes) return;
        const view = new DataView(tail.buffer, tail.byteOffset, tailBytes);
        if (!isChatRoom || member === 0) sentBy.get(room)?.accepted(view.getFloat64(0));
        events.delivered(view);
      };
      if (isChatRoom) {
        const me = `${chatRoom(room)}/${name}`;
        connection.write(
          `<presence to='${me}'><x xmlns='http://jabber.org/protocol/muc'>` +
            `<history maxstanzas='0'/></x></presence>`,
        );
        await connection.until("110");
      }
      const to = isChatRoom ? chatRoom(room) : `${accountOf(room, 1)}@${domain}/bench`;
      const type = isChatRoom ? "groupchat" : "chat";
      let out = "";
      return {
        send(_room, request, payload) {
          const tail = Buffer.from(payload.subarray(payload.length - tailBytes)).toString("hex");
          // As many letters as there are octets: a ciphertext in base64 would be a third longer.
          const body = "x".repeat(payload.length - tail.length) + tail;
          out += `<message to='${to}' type='${type}' id='${request}'><body>${body}</body></message>`;
        },
        flush() {
          connection.write(out);
          out = "";
        },
        close: () => connection.close(),
      };
    },
    collect: async () => undefined,
    restart: () => Promise.reject(new Error("another's server is not restarted")),
    stop: async () => undefined,
  };
}

/** The processes of these programs, as the system names them (Linux). */
function pidsOf(programs: readonly string[]): readonly number[] {
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  const found = pids.filter((pid) => programs.includes(programOf(pid)));
  if (found.length === 0) throw new Error(`none of these programs runs: ${programs.join(", ")}`);
  return found.map(Number);
}

function programOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/comm`, "utf8").trim();
  } catch {
    // It has ended meanwhile.
    return "";
  }
}

import { createSocket } from "node:dgram";
import { once } from "node:events";
import { isIP } from "node:net";

/** A DNS server of a test's own, over UDP on loopback, for A and AAAA alone. */
export interface NameServer {
  readonly address: string;
  /** Every name that was asked for, once for each of the two questions. */
  readonly asked: readonly string[];
  close(): Promise<void>;
}

/** `answer` gives the addresses of a name as they are at the n-th time that it is asked for. */
export async function startNameServer(
  answer: (name: string, time: number) => readonly string[],
): Promise<NameServer> {
  const socket = createSocket("udp4");
  const asked: string[] = [];
  socket.on("message", (query, from) => {
    const { name, type, end } = questionOf(query);
    asked.push(name);
    const times = asked.filter((other) => other === name).length;
    // Both families are asked for at once: two questions are one time.
    const found = answer(name, Math.ceil(times / 2)).filter(
      (address) => isIP(address) === (type === 28 ? 6 : 4),
    );
    const head = Buffer.from(query.subarray(0, 12));
    head.writeUInt16BE(0x8180, 2);
    head.writeUInt16BE(found.length, 6);
    head.writeUInt16BE(0, 8);
    head.writeUInt16BE(0, 10);
    const records = found.map((address) => recordOf(address, type));
    socket.send(Buffer.concat([head, query.subarray(12, end), ...records]), from.port);
  });
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  return {
    address: `127.0.0.1:${socket.address().port}`,
    asked,
    close: () => new Promise((resolve) => socket.close(() => resolve())),
  };
}

function questionOf(query: Buffer): {
  readonly name: string;
  readonly type: number;
  readonly end: number;
} {
  const labels: string[] = [];
  let at = 12;
  for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
    labels.push(query.toString("latin1", at + 1, at + 1 + length));
    at += length + 1;
  }
  return { name: labels.join(".").toLowerCase(), type: query.readUInt16BE(at + 1), end: at + 5 };
}

function recordOf(address: string, type: number): Buffer {
  const octets = type === 28 ? sixteen(address) : Buffer.from(address.split(".").map(Number));
  const head = Buffer.from([0xc0, 12, 0, type, 0, 1, 0, 0, 0, 0, 0, octets.length]);
  return Buffer.concat([head, octets]);
}

function sixteen(address: string): Buffer {
  const { hostname } = new URL(`http://[${address}]/`);
  const [left = "", right = ""] = hostname.slice(1, -1).split("::");
  const words = (text: string): readonly number[] =>
    text === "" ? [] : text.split(":").map((word) => Number.parseInt(word, 16));
  const [first, last] = [words(left), words(right)];
  const zeros = Array.from({ length: 8 - first.length - last.length }, () => 0);
  return Buffer.from([...first, ...zeros, ...last].flatMap((word) => [word >> 8, word & 255]));
}

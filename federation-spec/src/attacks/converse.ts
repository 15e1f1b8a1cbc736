import { connect } from "node:net";
import { connect as connectTls } from "node:tls";
import type { World } from "../conformance/world.ts";

const patienceMs = 10_000;

/**
 * Sends octets on a connection of their own, as no HTTP client would; answers what came until the
 * server ended it, or for as long as a server may take.
 */
export async function converse({ subject }: World, octets: string): Promise<string> {
  const { protocol, hostname, port } = subject.url;
  const secure = protocol === "https:";
  const host = hostname.replace(/^\[(.*)\]$/, "$1");
  const at = { host, port: Number(port === "" ? (secure ? 443 : 80) : port) };
  const socket = secure ? connectTls({ ...at, servername: host }) : connect(at);
  let received = "";
  socket.on("data", (chunk: Buffer) => (received += chunk.toString("latin1")));
  socket.on("error", () => {});
  socket.setTimeout(patienceMs, () => socket.destroy());
  socket.end(octets);
  await new Promise((resolve) => socket.once("close", resolve));
  return received;
}

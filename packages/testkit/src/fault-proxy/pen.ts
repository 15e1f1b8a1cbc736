import type { Socket } from "node:net";

import type { Cancel } from "@treehouse/protocol";

export type Timer = (delayMs: number, run: () => void) => Cancel;

const tickMs = 50;

/**
 * Writes octets to a socket, no faster than so many a second. Resolves when the last of them is
 * handed over; a socket that has gone swallows them.
 */
export async function writeSlowly(
  socket: Socket,
  bytes: Buffer,
  octetsPerSecond: number | undefined,
  timer: Timer,
): Promise<void> {
  if (octetsPerSecond === undefined) {
    put(socket, bytes);
    return;
  }
  const step = Math.max(1, Math.floor((octetsPerSecond * tickMs) / 1000));
  for (let at = 0; at < bytes.length; at += step) {
    if (at > 0) await passed(tickMs, timer);
    if (!put(socket, bytes.subarray(at, at + step))) return;
  }
}

export function passed(delayMs: number, timer: Timer): Promise<void> {
  return new Promise((resolve) => void timer(delayMs, resolve));
}

function put(socket: Socket, bytes: Buffer): boolean {
  if (socket.destroyed || !socket.writable) return false;
  socket.write(bytes);
  return true;
}

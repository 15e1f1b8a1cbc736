import type { IncomingMessage } from "node:http";
import { isIPv4, isIPv6 } from "node:net";

/**
 * Where a request comes from, as a key for limits: an IPv4 address, or the /64 of an IPv6 address;
 * `networksOf` has the wider networks that a subscriber may hold. Forwarded headers count only when a
 * trusted proxy wrote them.
 */
export function addressOf(incoming: IncomingMessage, trustedProxies: ReadonlySet<string>): string {
  let address = plain(incoming.socket.remoteAddress ?? "");
  if (trustedProxies.has(address)) {
    const header = incoming.headers["x-forwarded-for"];
    const hops = (Array.isArray(header) ? header.join(",") : (header ?? "")).split(",");
    // Read from the end: what stands before the last untrusted hop was written by anybody.
    for (const hop of hops.toReversed()) {
      const candidate = plain(hop.trim());
      if (!isIPv4(candidate) && !isIPv6(candidate)) break;
      address = candidate;
      if (!trustedProxies.has(address)) break;
    }
  }
  return isIPv6(address) ? prefix64(address) : address;
}

/** An IPv4 address that came over an IPv6 socket is an IPv4 address. */
function plain(address: string): string {
  return address.startsWith("::ffff:") ? address.slice(7) : address;
}

function prefix64(address: string): string {
  const [head = "", tail] = address.split("%", 1)[0]?.split("::") ?? [];
  const left = head === "" ? [] : head.split(":");
  const right = tail === undefined || tail === "" ? [] : tail.split(":");
  const zeros = tail === undefined ? [] : Array<string>(8 - left.length - right.length).fill("0");
  const groups = [...left, ...zeros, ...right].slice(0, 4);
  return `${groups.map((group) => Number.parseInt(group, 16).toString(16)).join(":")}::/64`;
}

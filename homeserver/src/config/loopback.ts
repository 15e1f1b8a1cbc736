import { BlockList, isIP } from "node:net";

const loopback = new BlockList();
loopback.addSubnet("127.0.0.0", 8, "ipv4");

/** Whether the host can only be this machine. */
export function isLoopbackHost(host: string): boolean {
  const address = host.replace(/^\[(.*)\]$/, "$1");
  if (isIP(address) === 4) return loopback.check(address, "ipv4");
  return address === "::1" || address === "localhost";
}

/** Whether it is the URL of a server on this machine, and of nothing in it. */
export function isLoopbackUrl(text: string): boolean {
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol) || !isLoopbackHost(url.hostname))
    return false;
  return url.username === "" && url.pathname === "/" && url.search === "" && url.hash === "";
}

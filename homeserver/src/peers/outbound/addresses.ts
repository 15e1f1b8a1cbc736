import { BlockList, isIP } from "node:net";

/**
 * Which addresses other servers may have: those of the public Internet, for one host each.
 *
 * IPv4: everything but what the IANA IPv4 Special-Purpose Address Registry (RFC 6890 and its
 * updates) lists, multicast and the reserved class E. The few blocks of that registry that are
 * reachable (AS112, AMT) carry no servers of ours, and are refused with the rest.
 */
const special4: readonly (readonly [string, number])[] = [
  ["0.0.0.0", 8], // this network (RFC 791)
  ["10.0.0.0", 8], // private use (RFC 1918)
  ["100.64.0.0", 10], // shared address space (RFC 6598)
  ["127.0.0.0", 8], // loopback (RFC 1122)
  ["169.254.0.0", 16], // link local (RFC 3927): also the metadata services of clouds
  ["172.16.0.0", 12], // private use
  ["192.0.0.0", 24], // IETF protocol assignments (RFC 6890), DS-Lite, NAT64 discovery
  ["192.0.2.0", 24], // documentation (RFC 5737)
  ["192.31.196.0", 24], // AS112 (RFC 7535)
  ["192.52.193.0", 24], // AMT (RFC 7450)
  ["192.88.99.0", 24], // 6to4 relays, deprecated (RFC 7526)
  ["192.168.0.0", 16], // private use
  ["192.175.48.0", 24], // AS112 (RFC 7534)
  ["198.18.0.0", 15], // benchmarking (RFC 2544)
  ["198.51.100.0", 24], // documentation
  ["203.0.113.0", 24], // documentation
  ["224.0.0.0", 4], // multicast (RFC 5771)
  ["240.0.0.0", 4], // reserved, and broadcast (RFC 1112, RFC 919)
];

/**
 * IPv6: only what is delegated as global unicast (2000::/3), but for what the special-purpose
 * registry lists in it. That leaves out by itself ::/8 (unspecified, loopback, IPv4-mapped and
 * -compatible), NAT64 (64:ff9b::/96, 64:ff9b:1::/48), the discard prefixes, segment routing
 * (5f00::/16), unique local, link local, site local and multicast.
 */
const special6: readonly (readonly [string, number])[] = [
  ["2001::", 23], // IETF protocol assignments: Teredo, benchmarking, AMT, AS112, ORCHID, drones
  ["2001:db8::", 32], // documentation (RFC 3849)
  ["2002::", 16], // 6to4 (RFC 3056): an IPv4 address in disguise
  ["2620:4f:8000::", 48], // AS112 (RFC 7534)
  ["3ffe::", 16], // the former 6bone (RFC 3701)
  ["3fff::", 20], // documentation (RFC 9637)
];

const refused4 = listOf(special4, "ipv4");
const refused6 = listOf(special6, "ipv6");
const unicast6 = listOf([["2000::", 3]], "ipv6");

/** Whether the text is the address of one host that anybody on the Internet can reach. */
export function isPublicAddress(address: string): boolean {
  switch (isIP(address)) {
    case 4:
      return !refused4.check(address, "ipv4");
    case 6:
      return (
        !address.includes("%") &&
        unicast6.check(address, "ipv6") &&
        !refused6.check(address, "ipv6")
      );
    default:
      return false;
  }
}

function listOf(blocks: readonly (readonly [string, number])[], family: "ipv4" | "ipv6") {
  const list = new BlockList();
  for (const [network, bits] of blocks) list.addSubnet(network, bits, family);
  return list;
}

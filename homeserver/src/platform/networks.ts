/**
 * The networks that an address counts for, the narrowest first. Of IPv6 a line has a /64, a household
 * often a /56 and a site a /48: who has a wide one must not count as many for its addresses. Anything but
 * the key of an IPv6 address is a network of its own.
 */
export function networksOf(key: string): readonly string[] {
  if (!key.endsWith("::/64")) return [key];
  const [first = "0", second = "0", third = "0", fourth = "0"] = key.slice(0, -5).split(":");
  const household = (Number.parseInt(fourth, 16) & 0xff00).toString(16);
  const site = `${first}:${second}:${third}`;
  return [key, `${site}:${household}::/56`, `${site}::/48`];
}

/** How many times as much as one line a household and a site may, in the order of `networksOf`. */
export const networkAllowances = [1, 4, 16] as const;

import { parseDomain } from "@treehouse/protocol";
import fc from "fast-check";
import { expect, test } from "vitest";
import { isPublicAddress } from "../../src/peers/outbound/addresses.ts";
import { judgedAddresses } from "../../src/peers/outbound/resolve.ts";
import { hostsThatAreAddresses, publicAddresses, specialAddresses } from "./special-addresses.ts";

test("H-12 FED-916 the corpus is large", () => {
  const all = new Set([...specialAddresses, ...hostsThatAreAddresses]);
  expect(all.size).toBeGreaterThanOrEqual(200);
});

test.each(specialAddresses)("H-12 FED-916 %s is no address of a server", async (address) => {
  expect(isPublicAddress(address)).toBe(false);
  const resolve = async () => ["93.184.215.14", address];
  await expect(judgedAddresses(parseDomain("a.example"), resolve)).rejects.toMatchObject({
    stage: "address",
  });
});

test.each(publicAddresses)("%s is an address of a server", async (address) => {
  expect(isPublicAddress(address)).toBe(true);
  await expect(judgedAddresses(parseDomain("a.example"), async () => [address])).resolves.toEqual([
    address,
  ]);
});

test.each(hostsThatAreAddresses)("H-12 FED-916 the host %j reaches nothing", async (host) => {
  const resolve = async () => ["93.184.215.14"];
  const attempt = async () => judgedAddresses(parseDomain(host), resolve);
  await expect(attempt()).rejects.toThrow(/not a domain|address and not a name/);
});

test("H-12 any IPv4 address hidden in an IPv6 one is judged as special", () => {
  const octet = fc.integer({ min: 0, max: 255 });
  const property = fc.property(octet, octet, octet, octet, (a, b, c, d) => {
    const hex = [a * 256 + b, c * 256 + d].map((group) => group.toString(16)).join(":");
    const hidden = [
      `::ffff:${a}.${b}.${c}.${d}`,
      `::ffff:${hex}`,
      `::ffff:0:${hex}`,
      `::${hex}`,
      `64:ff9b::${hex}`,
      `64:ff9b:1::${hex}`,
      `2002:${hex}::1`,
      `2001::${hex}`,
    ];
    expect(hidden.filter(isPublicAddress)).toEqual([]);
  });
  fc.assert(property);
});

test("any text is either no address or judged, and never throws", () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.ipV4(), fc.ipV6()), (text) => {
      expect(typeof isPublicAddress(text)).toBe("boolean");
    }),
  );
});

test("the families take turns, so that one that leads nowhere delays little", async () => {
  const found = ["2606:4700::1", "2606:4700::2", "1.1.1.1"];
  const name = parseDomain("a.example");
  await expect(judgedAddresses(name, async () => found)).resolves.toEqual([
    "2606:4700::1",
    "1.1.1.1",
    "2606:4700::2",
  ]);
  await expect(judgedAddresses(name, async () => [])).rejects.toMatchObject({ stage: "resolve" });
  await expect(
    judgedAddresses(name, () => Promise.reject(new Error("SERVFAIL"))),
  ).rejects.toMatchObject({ stage: "resolve", reason: "broken" });
});

import { Refusal } from "@treehouse/protocol";
import { expect, test } from "vitest";
import { createAddressLimiter } from "./address-limit.ts";
import { networkAllowances, networksOf } from "./networks.ts";

const rule = { count: 10, perMs: 60_000 };

function world() {
  const limiter = createAddressLimiter({ monotonic: () => 5 }, rule, "somethingPerAddress");
  /** How many of as many acts as there are addresses pass. */
  const passed = (addresses: readonly string[]): number =>
    addresses.filter((address) => {
      try {
        limiter.take(address);
        return true;
      } catch (error) {
        const isOurs = error instanceof Refusal && error.data.limitName === "somethingPerAddress";
        if (!isOurs) throw error;
        return false;
      }
    }).length;
  return { limiter, passed };
}

const line = (site: string, number: number) => `2001:db8:${site}:${number.toString(16)}::/64`;

test("an IPv6 line is in a household's network and in a site's, all else in its own alone", () => {
  expect(networksOf("2001:db8:1:12ab::/64")).toEqual([
    "2001:db8:1:12ab::/64",
    "2001:db8:1:1200::/56",
    "2001:db8:1::/48",
  ]);
  expect(networksOf("2001:db8:1:ab::/64")[1]).toBe("2001:db8:1:0::/56");
  expect(networksOf("192.0.2.1")).toEqual(["192.0.2.1"]);
  expect(networksOf("mimi://example.org/u/alice")).toEqual(["mimi://example.org/u/alice"]);
});

test("whoever has a household's or a site's network has a few lines' worth, and not all lines'", () => {
  const [one, household, site] = networkAllowances.map((times) => times * rule.count);
  const { passed } = world();
  expect(passed(Array.from({ length: 500 }, () => "192.0.2.1"))).toBe(one);
  expect(passed(Array.from({ length: 500 }, () => line("1", 7)))).toBe(one);
  expect(passed(Array.from({ length: 500 }, (_, each) => line("2", each % 256)))).toBe(household);
  const lines = Array.from({ length: 5000 }, (_, each) => line("3", each));
  expect(passed(lines)).toBe(site);
  expect(passed([line("4", 1)])).toBe(1);
});

test("what is refused or given back counts in no network", () => {
  const { limiter, passed } = world();
  const [one = 0, household = 0] = networkAllowances.map((times) => times * rule.count);
  expect(passed(Array.from({ length: 500 }, () => line("1", 1)))).toBe(one);
  expect(passed(Array.from({ length: 500 }, (_, each) => line("1", 2 + (each % 200))))).toBe(
    household - one,
  );
  limiter.giveBack(line("1", 1));
  expect(passed([line("1", 1), line("1", 250)])).toBe(1);
});

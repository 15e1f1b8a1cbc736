import { parseDomain } from "@treehouse/protocol";
import { existsSync, readFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { attackRows } from "../../tools/attack/sdk.ts";
import { driver } from "../../tools/conformance/driver.ts";
import { attacks } from "../src/attacks/index.ts";
import type { AttackId } from "../src/attacks/index.ts";
import { linesOf, PeerHost, peersAt } from "../src/conformance/index.ts";
import { testAgainst } from "../src/conformance/test-server.ts";
import { faults } from "./conformance/faults/index.ts";
import { seed } from "./conformance/faults/signing.ts";
import { startOwnServer } from "./conformance/own-server.ts";
import type { OwnServer } from "./conformance/own-server.ts";
import { startProxy } from "./conformance/proxy.ts";
import type { Proxy } from "./conformance/proxy.ts";

/** With it all attacks run, and not those alone that the conformance suite does not have. */
const full = process.env["TREEHOUSE_SCALE"] === "full";
const windowMs = 660_000;

let own: OwnServer;
let host: PeerHost;
let proxy: Proxy;
let runs = 0;

beforeAll(async () => {
  own = await startOwnServer();
  host = await PeerHost.listen({ host: "127.0.0.1", port: 0 });
  proxy = await startProxy(() => own.url);
});

afterAll(async () => {
  for (const each of [own, host, proxy]) await each[Symbol.asyncDispose]();
});

async function attacked(only: ReadonlySet<AttackId> | undefined, url: URL) {
  await own.pass(windowMs);
  runs += 1;
  const peerDomain = `attack${runs}.test`;
  for (const [name, at] of peersAt(peerDomain, host.url)) own.peers.set(parseDomain(name), at);
  return testAgainst(attacks, {
    url,
    driver,
    host,
    peerDomain,
    seed,
    invite: runs === 1 ? own.invite : undefined,
    only,
    quick: !full,
    patienceMs: 20_000,
    pass: own.pass,
  });
}

test("T-12 T-18 T-30 T-36 T-39 our own server refuses what the kit tries", async () => {
  const slice = new Set<AttackId>(["T-12", "T-18", "T-30", "T-36", "T-39"]);
  // Octets that no client sends go past the proxy, which is one.
  const { rules, passed } = await attacked(full ? undefined : slice, own.url);
  // They need a server at an address of its own, and a name server.
  const tried = rules.filter(({ rule }) => rule !== "H-12" && rule !== "H-13");
  expect(tried.filter(({ result }) => result !== "PASS").flatMap(linesOf)).toEqual([]);
  expect(rules.find(({ rule }) => rule === "H-12")?.result).toBe(full ? "SKIP" : undefined);
  expect(passed).toBe(full ? attacks.length - 2 : slice.size);
}, 600_000);

/** Servers that leave a check out, of the conformance suite's, and the attack that then succeeds. */
const control: readonly (readonly [AttackId, string])[] = [
  ["H-01", "lets any known key sign for any server"],
  ["H-02", "does not ask what a signature covers"],
  ["H-03", "answers what comes again as it did before"],
  ["H-09", "does not look at content-encoding"],
  ["H-20", "does not look at the time of a signature"],
];

test.each(control)(
  "%s succeeds at a server that %s",
  async (id, name) => {
    const fault = faults.find((one) => one.name === name);
    if (fault === undefined) throw new Error("There is no such fault.");
    proxy.passage = fault.inbound?.();
    const { rules } = await attacked(new Set([id]), proxy.url);
    expect(rules.map(({ rule, result }) => [rule, result])).toEqual([[id, "FAIL"]]);
  },
  60_000,
);

test("the kit has a line for each of the hostile peer's attempts", () => {
  const page = readFileSync("federation-spec/threat-model.md", "utf8");
  const numbers = page.match(/(?<=^\| )H-\d\d/gm) ?? [];
  expect(numbers).toHaveLength(20);
  expect(attacks.map(({ id }) => id).filter((id) => id.startsWith("H-"))).toEqual(numbers);
});

test("each number of docs/security.md stands in the table of docs/testing.md, with what proves it", () => {
  const rows = attackRows();
  const numbers = Array.from({ length: 41 }, (_, at) => `T-${String(at + 1).padStart(2, "0")}`);
  expect(rows.map(({ id }) => id)).toEqual([...numbers, "H-13"]);
  const inKit = new Set<string>(attacks.map(({ id }) => id));
  expect(rows.filter(({ id, inKit: said }) => said !== inKit.has(id))).toEqual([]);
  for (const { id, tests } of rows) {
    for (const file of tests) {
      expect(existsSync(file), `${id}: ${file}`).toBe(true);
      // A contract's titles stand in the file beside its users.
      const source = file.endsWith("crypto/node/node.test.ts")
        ? "packages/mls/src/crypto/crypto.contract.ts"
        : file;
      const named = new RegExp(`["'\`][^"'\n]*\\b${id}\\b`).test(readFileSync(source, "utf8"));
      expect(named, `${id} in a title of ${file}`).toBe(true);
    }
  }
  const without = rows.filter(({ tests, inKit: said }) => tests.length === 0 && !said);
  expect(
    without.filter(({ remark }) => !remark.startsWith("does not concern what exists: ")),
  ).toEqual([]);
});

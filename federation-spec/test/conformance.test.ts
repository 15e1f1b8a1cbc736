import { parseDomain } from "@treehouse/protocol";
import { globSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { linesOf, PeerHost, peersAt, ruleIds, testServer } from "../src/conformance/index.ts";
import type { Report } from "../src/conformance/index.ts";
import { driver } from "../../tools/conformance/driver.ts";
import { elsewhereRules } from "../src/conformance/rules/elsewhere.ts";
import { faults } from "./conformance/faults/index.ts";
import { startOwnServer } from "./conformance/own-server.ts";
import { startProxy } from "./conformance/proxy.ts";

let report: Report;
const cleanUp: AsyncDisposable[] = [];

// Through the proxies of the faults, with none of the faults: so those cause nothing by themselves.
beforeAll(async () => {
  const own = await startOwnServer();
  const host = await PeerHost.listen({ host: "127.0.0.1", port: 0 });
  const inbound = await startProxy(() => own.url);
  const outbound = await startProxy(() => host.url);
  cleanUp.push(own, host, inbound, outbound);
  const peerDomain = "conformance.test";
  for (const [name] of peersAt(peerDomain, host.url))
    own.peers.set(parseDomain(name), outbound.url);
  const { invite, pass } = own;
  // Beside other tests the server has little of the machine.
  const patienceMs = 40_000;
  report = await testServer({
    url: inbound.url,
    driver,
    host,
    peerDomain,
    invite,
    pass,
    patienceMs,
  });
}, 180_000);

afterAll(async () => {
  for (const each of cleanUp) await each[Symbol.asyncDispose]();
});

test("X-20 our own server keeps every rule that can be seen from outside", () => {
  const broken = report.rules.filter(({ result }) => result === "FAIL");
  expect(broken.flatMap(linesOf)).toEqual([]);
  expect(report.passed).toBeGreaterThan(70);
});

test("nothing is left out but what cannot be seen", () => {
  const skipped = report.rules.filter(({ result }) => result === "SKIP");
  const hidden = new Set(elsewhereRules.map(({ id }) => id));
  for (const rule of ["FED-914", "FED-916", "FED-959"] as const) hidden.add(rule);
  expect(skipped.filter(({ rule }) => !hidden.has(rule)).flatMap(linesOf)).toEqual([]);
  expect(skipped).toHaveLength(hidden.size);
});

test("the suite has a line for each rule, and for one that it cannot look at the reason", () => {
  const folder = new URL("../", import.meta.url);
  const text = globSync("*.md", { cwd: fileURLToPath(folder) })
    .filter((file) => /^\d\d-/.test(file))
    .map((file) => readFileSync(new URL(file, folder), "utf8"))
    .join("\n");
  const numbers = [...text.matchAll(/\*\*(FED-\d{3,4})\*\*/g)].map(([, rule]) => rule);
  expect(numbers.length).toBeGreaterThan(150);
  expect(new Set(ruleIds)).toEqual(new Set(numbers));
  expect(report.rules.map(({ rule }) => rule)).toEqual(ruleIds);
});

test("each check of a rule is a sentence of its own", () => {
  const doubled = report.rules.filter(
    ({ checks }) => new Set(checks.map(({ check }) => check)).size < checks.length,
  );
  expect(doubled.map(({ rule }) => rule)).toEqual([]);
});

test("the rules that faults break are rules that the server keeps without them", () => {
  const kept = new Set(
    report.rules
      .filter(({ checks }) => checks.some(({ result }) => result === "held"))
      .map(({ rule }) => rule),
  );
  expect(faults.filter(({ rule }) => !kept.has(rule))).toEqual([]);
});

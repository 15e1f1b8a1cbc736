import { parseDomain } from "@treehouse/protocol";
import { afterAll, beforeAll, expect, test } from "vitest";
import { PeerHost, peersAt, testServer } from "../src/conformance/index.ts";
import type { Report } from "../src/conformance/index.ts";
import { driver } from "../../tools/conformance/driver.ts";
import type { Fault } from "./conformance/faults/fault.ts";
import { faults } from "./conformance/faults/index.ts";
import { seed } from "./conformance/faults/signing.ts";
import { startOwnServer } from "./conformance/own-server.ts";
import type { OwnServer } from "./conformance/own-server.ts";
import { startProxy } from "./conformance/proxy.ts";
import type { Proxy } from "./conformance/proxy.ts";

/** With it the whole suite runs behind each fault, and not only the rule that it breaks. */
const full = process.env["TREEHOUSE_SCALE"] === "full";
const windowMs = 660_000;

let own: OwnServer;
let host: PeerHost;
/** Before the server, and before the suite's servers. */
let inbound: Proxy;
let outbound: Proxy;
let runs = 0;

beforeAll(async () => {
  own = await startOwnServer();
  host = await PeerHost.listen({ host: "127.0.0.1", port: 0 });
  inbound = await startProxy(() => own.url);
  outbound = await startProxy(() => host.url);
});

afterAll(async () => {
  await own[Symbol.asyncDispose]();
  for (const each of [host, inbound, outbound]) await each[Symbol.asyncDispose]();
});

/** Runs the suite against the server behind the proxies, under names that are new to it. */
async function runBehind(fault: Fault): Promise<Report> {
  // Earlier runs must not use up what one network address may do.
  await own.pass(windowMs);
  runs += 1;
  const peerDomain = `run${runs}.test`;
  for (const [name, url] of peersAt(peerDomain, outbound.url))
    own.peers.set(parseDomain(name), url);
  inbound.passage = fault.inbound?.();
  outbound.passage = fault.outbound?.();
  return testServer({
    url: inbound.url,
    driver,
    host,
    peerDomain,
    seed,
    invite: runs === 1 ? own.invite : undefined,
    only: full ? undefined : new Set([fault.rule, ...(fault.along ?? [])]),
    quick: fault.slow !== true,
    patienceMs: 3_000,
    pass: own.pass,
  });
}

test("X-20 there are more than twenty faulty servers, each with a name of its own", () => {
  expect(new Set(faults.map(({ name }) => name)).size).toBe(faults.length);
  expect(faults.length).toBeGreaterThan(20);
});

// The operator's rule needs the first administrator, hence the first run.
const inOrder = faults.toSorted((left, right) => Number(isAdmins(right)) - Number(isAdmins(left)));

test.each(inOrder.map((fault) => [fault.rule, fault.name, fault] as const))(
  "%s is found broken by a server that %s",
  async (rule, _name, fault) => {
    const report = await runBehind(fault);
    const verdict = report.rules.find((each) => each.rule === rule);
    const failed = verdict?.checks.filter(({ result }) => result === "failed") ?? [];
    expect(failed.map(({ check }) => check)).toContain(fault.breaks);
  },
  full ? 600_000 : 60_000,
);

function isAdmins({ rule }: Fault): boolean {
  return rule === "FED-917";
}

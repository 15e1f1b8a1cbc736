import { parseDomain } from "@treehouse/protocol";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { conformance, developmentPeers, linesOf, peersAt } from "../src/conformance/index.ts";
import { driver } from "../../tools/conformance/driver.ts";
import { startOwnServer } from "./conformance/own-server.ts";
import type { OwnServer } from "./conformance/own-server.ts";
import { startProxy } from "./conformance/proxy.ts";
import type { Proxy } from "./conformance/proxy.ts";
import { directoryFaults } from "./conformance/faults/directory.ts";

let own: OwnServer;
let proxy: Proxy;

beforeAll(async () => {
  own = await startOwnServer();
  proxy = await startProxy(() => own.url);
});

afterAll(async () => {
  await own[Symbol.asyncDispose]();
  await proxy[Symbol.asyncDispose]();
});

/** Runs the command in this process, against a server that is there already. */
async function run(...args: readonly string[]) {
  const lines: string[] = [];
  const exit = await conformance(args, {
    driver,
    startOwn: () => Promise.reject(new Error("no server of our own is wanted here")),
    out: (line) => lines.push(line),
  });
  return { exit, lines };
}

test("X-20 npm run conformance starts our own server, prints a line per rule and totals as JSON", async () => {
  const tool = fileURLToPath(new URL("../../tools/conformance.ts", import.meta.url));
  const args = [tool, "--quick", "--json", "--only", "FED-902,FED-907,FED-914"];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  let out = "";
  child.stdout.on("data", (part) => (out += String(part)));
  const [code] = await once(child, "close");
  const lines = out.trim().split("\n");
  expect(lines.slice(0, -1)).toEqual([
    expect.stringMatching(/^PASS FED-902 /),
    expect.stringMatching(/^SKIP FED-914 .*: the suite signs its requests/),
    expect.stringMatching(/^PASS FED-907 /),
  ]);
  expect(JSON.parse(lines.at(-1) ?? "")).toMatchObject({ passed: 2, failed: 0, skipped: 1 });
  expect(code).toBe(0);
});

test("a server that breaks a rule gives a line that says how, and exit code 1", async () => {
  const fault = directoryFaults.find(({ rule }) => rule === "FED-902");
  proxy.passage = fault?.inbound?.();
  const { exit, lines } = await run(
    proxy.url.href,
    "--json",
    "--only",
    "FED-902",
    "--peer-listen",
    "127.0.0.1:0",
  );
  proxy.passage = undefined;
  expect(exit).toBe(1);
  expect(lines[0]).toMatch(
    /^FAIL FED-902 .*: names the server's domain: the domain in the directory/,
  );
  expect(JSON.parse(lines.at(-1) ?? "")).toMatchObject({ passed: 0, failed: 1, skipped: 0 });
});

test("what a server cannot reach, or whom it does not register, makes a SKIP and never a PASS", async () => {
  const { exit, lines } = await run(
    own.url.href,
    "--only",
    "FED-906,FED-917",
    "--peer-listen",
    "127.0.0.1:0",
    "--peer-domain",
    "nowhere.test",
  );
  expect(exit).toBe(0);
  const skipped = lines.filter((line) => line.startsWith("SKIP ")).toSorted();
  expect(skipped).toEqual([
    expect.stringMatching(/^SKIP FED-906 /),
    expect.stringMatching(/^SKIP FED-917 .*: the invite does not make an administrator/),
  ]);
  expect(lines.join("\n")).toContain("the server does not find the suite's a.nowhere.test");
  expect(lines.at(-1)).toBe("0 passed, 0 failed, 2 skipped");
});

test("each check that failed has a line, and those left out for one reason have one together", () => {
  const verdict = { rule: "FED-999", what: "all is well" } as const;
  const failed = (check: string) => ({ check, result: "failed", why: "got 500" }) as const;
  const skipped = (check: string) => ({ check, result: "skipped", why: "no peer" }) as const;
  const checks = [failed("one"), skipped("two"), failed("three"), skipped("four")];
  expect(linesOf({ ...verdict, result: "FAIL", checks })).toEqual([
    "FAIL FED-999 all is well: one: got 500",
    "     three: got 500",
  ]);
  expect(linesOf({ ...verdict, result: "SKIP", checks })).toEqual([
    "SKIP FED-999 all is well: two: no peer",
  ]);
});

test("arguments that mean nothing are refused with the help, and exit code 2", async () => {
  for (const args of [
    ["--unknown"],
    ["ftp://a.test"],
    ["http://a.test", "http://b.test"],
    ["--patience", "10s"],
    ["--patience", "0"],
    ["--only", "FED-000"],
    ["--peer-listen", "here"],
  ]) {
    const { exit, lines } = await run(...args);
    expect(exit).toBe(2);
    expect(lines.join("\n")).toContain("Usage: npm run conformance");
  }
});

test("the setting by which a server in development finds the suite names all its servers", async () => {
  const { exit, lines } = await run(
    "--print-peers",
    "--peer-domain",
    "c.test",
    "--peer-listen",
    "127.0.0.1:4390",
  );
  expect(exit).toBe(0);
  expect(lines[0]).toBe("[federation.development.peers]");
  const url = new URL("http://127.0.0.1:4390");
  expect(lines).toEqual(developmentPeers("c.test", url));
  expect(lines).toContain('"a.c.test" = "http://127.0.0.1:4390"');
  for (const [name] of peersAt("c.test", url)) expect(parseDomain(name)).toBe(name);
});

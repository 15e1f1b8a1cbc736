import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { healthAnswerSchema, paths, routes, ticketAnswerSchema } from "@treehouse/protocol";
import { afterAll, beforeAll, expect, test } from "vitest";
import { WebSocket } from "ws";
import { createHomeserver, createNodeEnv, loadConfig } from "../../src/index.ts";
import type { Homeserver } from "../../src/index.ts";
import { ask } from "../people/ask.ts";
import { createPerson } from "../people/person.ts";

let directory = "";
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "treehouse-homeserver-"));
});
afterAll(() => rmSync(directory, { recursive: true }));

function configOf(name: string, metrics = true) {
  return loadConfig({
    overrides: {
      server: { port: 0, domain: "example.org" },
      storage: { directory: join(directory, name), reserve_mib: 1 },
      metrics: { port: 0, enabled: metrics },
    },
  });
}

function start(name: string, metrics = true): Promise<Homeserver> {
  const env = createNodeEnv({ log: { level: "silent" } });
  return createHomeserver({ config: configOf(name, metrics), env });
}

test("metrics are served on a port of their own, and only there", async () => {
  await using homeserver = await start("metrics");
  const { url, metricsUrl = "" } = homeserver;
  expect(new URL(metricsUrl).port).not.toBe(new URL(url).port);
  const text = await (await fetch(metricsUrl)).text();
  for (const name of [
    "treehouse_nodejs_eventloop_lag_p99_seconds",
    "treehouse_database_commit_seconds_count",
    "treehouse_database_group_closures_bucket",
    "treehouse_realtime_connections",
  ]) {
    expect(text).toContain(name);
  }
  expect((await ask(url, "/metrics")).refusal?.code).toBe("notFound");
  expect((await fetch(new URL(paths.health(), metricsUrl))).status).toBe(404);
});

test("metrics can be switched off", async () => {
  await using homeserver = await start("unmeasured", false);
  expect(homeserver.metricsUrl).toBeUndefined();
});

test("the API document has every path of the client API", async () => {
  await using homeserver = await start("document");
  const { json } = await ask(homeserver.url, paths.openapi());
  const served = Object.keys(new Map(Object.entries(json ?? {})).get("paths") ?? {});
  expect(served.length).toBeGreaterThan(20);
  // The socket is no HTTP exchange and is described with the binary part.
  const documented = Object.values(routes).filter((path) => path !== routes.stream);
  expect(documented.filter((path) => !served.includes(path))).toEqual([]);
});

test("a session is needed wherever one is", async () => {
  await using homeserver = await start("sessions");
  const { json } = await ask(homeserver.url, paths.openapi());
  const operations = Object.entries(new Map(Object.entries(json ?? {})).get("paths") ?? {}).flatMap(
    ([path, methods]) =>
      Object.entries(methods ?? {}).map(([method, { security }]) => ({ path, method, security })),
  );
  const guarded = operations.filter(({ security }) => security !== undefined);
  expect(guarded.length).toBeGreaterThan(10);
  for (const { path, method } of guarded) {
    const response = await fetch(new URL(path, homeserver.url), { method });
    expect([path, response.status]).toEqual([path, 401]);
  }
});

test("stopping tells connected clients to come back, and may be asked for twice", async () => {
  const homeserver = await start("stopping");
  const alice = createPerson("alice");
  const { session } = await homeserver.authentication.enrol(alice);
  const asked = await ask(homeserver.url, paths.tickets(), { token: session.token, json: {} });
  const { ticket } = ticketAnswerSchema.parse(asked.json);
  const socket = new WebSocket(homeserver.url.replace("http", "ws") + paths.stream(ticket));
  await once(socket, "open");
  expect(healthAnswerSchema.parse((await ask(homeserver.url, paths.health())).json).status).toBe(
    "ok",
  );
  const closed = once(socket, "close");
  await Promise.all([homeserver[Symbol.asyncDispose](), homeserver[Symbol.asyncDispose]()]);
  expect((await closed)[0]).toBe(1001);
  await expect(ask(homeserver.url, paths.health())).rejects.toThrow("fetch failed");
  // What was accepted is there when it starts again.
  await using again = await start("stopping");
  expect((await ask(again.url, paths.session(), { token: session.token })).status).toBe(200);
});

test("what cannot be started is stopped again", async () => {
  await using homeserver = await start("first");
  await expect(start("first")).rejects.toThrow("Another process uses the database");
  expect((await ask(homeserver.url, paths.health())).status).toBe(200);
});

test("a server that cannot be put together leaves nothing behind that comes back", async () => {
  const [name, config] = ["half", configOf("half")];
  await (await start(name))[Symbol.asyncDispose]();
  const secrets = join(directory, name, "secrets");
  for (const file of readdirSync(secrets)) {
    if (file.startsWith("federation-key-")) writeFileSync(join(secrets, file), "no key");
  }
  const real = createNodeEnv({ log: { level: "silent" } });
  const due = new Set<() => void>();
  const env = {
    ...real,
    timer(delayMs: number, run: () => void) {
      const cancel = real.timer(delayMs, () => {
        due.delete(cancelled);
        run();
      });
      const cancelled = () => {
        due.delete(cancelled);
        cancel();
      };
      due.add(cancelled);
      return cancelled;
    },
  };
  await expect(createHomeserver({ config, env })).rejects.toThrow("not version 1");
  expect(due.size).toBe(0);
});

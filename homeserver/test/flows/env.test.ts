import { once } from "node:events";
import { createServer } from "node:http";
import type { RequestListener, Server } from "node:http";
import { afterEach, expect, test } from "vitest";
import { WebSocketServer } from "ws";
import { createNodeEnv } from "../../src/index.ts";

const env = createNodeEnv({ log: { level: "silent" } });
const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.close();
    server.closeAllConnections();
  }
});

async function listen(listener: RequestListener): Promise<{ server: Server; url: string }> {
  const server = createServer(listener).listen(0, "127.0.0.1");
  servers.push(server);
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return { server, url: `http://127.0.0.1:${address.port}` };
}

const bounds = { timeoutMs: 5_000, responseBytesMax: 1_000 };

test("a request arrives as it was made, and its answer comes whole, whatever its status", async () => {
  const { url } = await listen(async (incoming, outgoing) => {
    const chunks = await incoming.toArray();
    outgoing.writeHead(404, { "x-method": incoming.method, "x-kind": incoming.headers["x-kind"] });
    outgoing.end(Buffer.concat(chunks));
  });
  const body = Uint8Array.of(0, 1, 255);
  const headers = { "x-kind": "test" };
  const answer = await env.fetch({ method: "PUT", url, headers, body, ...bounds });
  expect(answer).toMatchObject({
    status: 404,
    headers: { "x-method": "PUT", "x-kind": "test" },
    body,
  });
});

test("a redirect is an answer and is not followed", async () => {
  const { url } = await listen((_, outgoing) => {
    outgoing.writeHead(302, { location: "http://127.0.0.1:1/" }).end();
  });
  expect((await env.fetch({ method: "GET", url, ...bounds })).status).toBe(302);
});

test("an answer that is too long, too late, broken or refused is a fault that says so", async () => {
  const { url } = await listen((incoming, outgoing) => {
    if (incoming.url === "/long") outgoing.end("x".repeat(1_001));
    if (incoming.url === "/broken") outgoing.writeHead(200, { "content-length": "9" }).write("x");
    if (incoming.url === "/broken") setImmediate(() => incoming.socket.destroy());
  });
  const reasonOf = (path: string, timeoutMs = 5_000) =>
    env.fetch({ method: "GET", url: url + path, ...bounds, timeoutMs }).then(
      () => "answered",
      (fault: unknown) => fault,
    );
  expect(await reasonOf("/long")).toMatchObject({ name: "NetworkFault", reason: "tooLarge" });
  expect(await reasonOf("/late", 50)).toMatchObject({ name: "NetworkFault", reason: "timeout" });
  expect(await reasonOf("/broken")).toMatchObject({ name: "NetworkFault", reason: "broken" });
  const { server, url: gone } = await listen(() => {});
  server.close();
  await once(server, "close");
  await expect(env.fetch({ method: "GET", url: gone, ...bounds })).rejects.toMatchObject({
    name: "NetworkFault",
    reason: "refused",
  });
});

/** Opens a socket and writes down what it tells, until it is closed. */
function listenTo(url: string, onOpen: (send: (bytes: Uint8Array) => void) => void) {
  const told: string[] = [];
  const done = new Promise<readonly string[]>((resolve) => {
    const socket = env.openSocket(url, {
      opened() {
        told.push("opened");
        onOpen((bytes) => socket.send(bytes));
      },
      message: (bytes) => void told.push(`message ${bytes.join()}`),
      closed(code) {
        told.push(`closed ${code}`);
        setImmediate(() => resolve(told));
      },
    });
  });
  return done;
}

test("a socket tells what happens to it, and its end exactly once", async () => {
  const { server, url } = await listen(() => {});
  const sockets = new WebSocketServer({ server });
  sockets.on("connection", (socket) => {
    socket.on("message", (data) => {
      socket.send(data);
      socket.close(1001);
    });
  });
  const told = await listenTo(url.replace("http", "ws"), (send) => send(Uint8Array.of(1, 2)));
  expect(told).toEqual(["opened", "message 1,2", "closed 1001"]);
});

test("a socket that cannot be opened, or that speaks text, is closed", async () => {
  const { url: plain } = await listen((_, outgoing) => outgoing.end());
  expect(await listenTo(plain.replace("http", "ws"), () => {})).toEqual(["closed 1006"]);
  const { server, url } = await listen(() => {});
  new WebSocketServer({ server }).on("connection", (socket) => socket.send("text"));
  expect(await listenTo(url.replace("http", "ws"), () => {})).toEqual(["opened", "closed 1003"]);
});

test("a timer longer than Node's own limit does not fire at once, and can be cancelled", async () => {
  let fired = 0;
  const cancel = env.timer(2 ** 33, () => (fired += 1));
  const other = env.timer(0, () => (fired += 10));
  await new Promise((resolve) => env.timer(5, () => resolve(undefined)));
  cancel();
  other();
  cancel();
  expect(fired).toBe(10);
});

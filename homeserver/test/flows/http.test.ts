import { once } from "node:events";
import { connect } from "node:net";
import { LIMITS, parseClientUri, parseProblem, parseUserUri, Refusal } from "@treehouse/protocol";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import {
  createHttpServer,
  createNodeEnv,
  jsonAnswer,
  jsonBody,
  noAnswer,
  route,
  tlsAnswer,
  tlsBody,
} from "../../src/platform/index.ts";
import type { HttpServer, Session } from "../../src/platform/index.ts";

const mediaType = "application/vnd.treehouse.mimi+tls";
const session = (admin: boolean): Session => ({
  id: "1",
  user: parseUserUri("mimi://localhost/u/alice"),
  client: parseClientUri("mimi://localhost/d/alice/aaaaaaaaaaaaaaaaaaaaaaaaaa"),
  admin,
  expiresAt: 1,
});

const routes = [
  route({
    method: "POST",
    path: "/v1/echo/{name}",
    access: "session",
    summary: "Octets back",
    body: tlsBody("Echo", "descriptionBytesMax"),
    answer: tlsAnswer("Echo"),
    handle: ({ body }) => body,
  }),
  route({
    method: "POST",
    path: "/v1/sum/{name}",
    access: "open",
    summary: "Adds",
    query: z.object({ times: z.coerce.number().int().default(1) }),
    body: jsonBody(z.strictObject({ a: z.number(), b: z.number() })),
    answer: jsonAnswer(z.object({ name: z.string(), sum: z.number() })),
    handle: ({ param, query, body }) => ({
      name: param("name"),
      sum: (body.a + body.b) * query.times,
    }),
  }),
  route({
    method: "GET",
    path: "/v1/failures/{kind}",
    access: "open",
    summary: "Fails",
    answer: noAnswer,
    handle({ param }) {
      if (param("kind") === "bug") throw new TypeError("secret words");
      throw new Refusal("rateLimited", "Slowly.", { retryAfterMs: 1_500 });
    },
  }),
  route({
    method: "DELETE",
    path: "/v1/admin",
    access: "admin",
    summary: "For administrators",
    answer: noAnswer,
    handle() {},
  }),
];

const page = "https://chat.example.org";
let server: HttpServer;
let url = "";
const lines: string[] = [];

beforeAll(async () => {
  server = createHttpServer({
    env: createNodeEnv({ log: { level: "error", write: (line) => lines.push(line) } }),
    authenticate: async (token) =>
      token === "good" || token === "admin" ? session(token === "admin") : undefined,
    trustedProxies: new Set(),
    routes,
    upgrades: new Map(),
    version: "1",
    webOrigins: [page],
  });
  url = await server.listen({ host: "127.0.0.1", port: 0 });
});
afterAll(() => server.close());

type Ask = { method?: string; headers?: Record<string, string>; body?: string | Uint8Array };

async function ask(path: string, { method = "GET", headers = {}, body }: Ask = {}) {
  const response = await fetch(url + path, { method, headers, ...(body ? { body } : {}) });
  const bytes = new Uint8Array(await response.arrayBuffer());
  return { status: response.status, headers: response.headers, bytes };
}

const refusalOf = ({ bytes }: { bytes: Uint8Array }) =>
  parseProblem(JSON.parse(Buffer.from(bytes).toString()));

const json = (value: unknown): Ask => ({
  method: "POST",
  headers: { "content-type": "application/json" },
  body: typeof value === "string" ? value : JSON.stringify(value),
});
const echo = (body: Uint8Array, headers: Record<string, string> = {}): Ask => ({
  method: "POST",
  headers: { "content-type": mediaType, authorization: "Bearer good", ...headers },
  body,
});

test("octets come back as they were sent, as an answer no cache keeps", async () => {
  const bytes = Uint8Array.from({ length: 1_000 }, (_, index) => index % 256);
  const answer = await ask("/v1/echo/x", echo(bytes));
  expect(answer.status).toBe(200);
  expect(answer.bytes).toEqual(bytes);
  expect(answer.headers.get("content-type")).toBe(mediaType);
  expect(answer.headers.get("cache-control")).toBe("no-store");
  expect(answer.headers.get("x-content-type-options")).toBe("nosniff");
  expect(answer.headers.get("x-request-id")).toMatch(/^[0-9a-f]{8}-[0-9a-z]+$/);
});

test("path, query and JSON body reach the operation decoded", async () => {
  const name = encodeURIComponent("mimi://localhost/r/ä?#");
  const answer = await ask(`/v1/sum/${name}?times=2`, json({ a: 1, b: 2 }));
  expect(JSON.parse(Buffer.from(answer.bytes).toString())).toEqual({
    name: "mimi://localhost/r/ä?#",
    sum: 6,
  });
});

test.each([
  ["an unknown path", "/v1/nothing", {}, 404, "notFound"],
  ["an unknown path of a hot shape", "/v1/echo/x/y", echo(new Uint8Array(1)), 404, "notFound"],
  ["another method of a JSON route", "/v1/sum/x", { method: "PUT" }, 405, "methodNotAllowed"],
  ["another method of a hot route", "/v1/echo/x", { method: "GET" }, 405, "methodNotAllowed"],
  ["a method nobody knows", "/v1/sum/x", { method: "PATCH" }, 405, "methodNotAllowed"],
  ["another media type", "/v1/sum/x", { method: "POST", body: "x" }, 415, "unsupportedMediaType"],
  [
    "a compressed body",
    "/v1/echo/x",
    echo(new Uint8Array(1), { "content-encoding": "gzip" }),
    415,
    "unsupportedMediaType",
  ],
  ["no JSON", "/v1/sum/x", json("{"), 400, "malformed"],
  ["no UTF-8", "/v1/sum/x", { ...json({}), body: Uint8Array.of(0xff) }, 400, "malformed"],
  ["an unknown field", "/v1/sum/x", json({ a: 1, b: 1, c: 1 }), 400, "malformed"],
  ["a wrong query", "/v1/sum/x?times=y", json({ a: 1, b: 1 }), 400, "malformed"],
  ["a path that is no UTF-8", "/v1/echo/%ff", echo(new Uint8Array(1)), 400, "malformed"],
  [
    "no session",
    "/v1/echo/x",
    echo(new Uint8Array(1), { authorization: "" }),
    401,
    "notAuthenticated",
  ],
  [
    "an ended session",
    "/v1/echo/x",
    echo(new Uint8Array(1), { authorization: "Bearer old" }),
    401,
    "sessionEnded",
  ],
  [
    "an administrator's operation",
    "/v1/admin",
    { method: "DELETE", headers: { authorization: "Bearer good" } },
    403,
    "notAllowed",
  ],
  [
    "a large JSON body",
    "/v1/sum/x",
    json("x".repeat(LIMITS.jsonBodyBytesMax + 1)),
    413,
    "tooLarge",
  ],
] satisfies [string, string, Ask, number, string][])(
  "%s is refused as a problem of RFC 9457",
  async (_what, path, request, status, code) => {
    const answer = await ask(path, request);
    expect(answer.status).toBe(status);
    expect(answer.headers.get("content-type")).toBe("application/problem+json");
    expect(refusalOf(answer).code).toBe(code);
  },
);

test("FED-601 a body that is too large is told which limit it exceeds", async () => {
  const limitName = "descriptionBytesMax";
  const answer = await ask("/v1/echo/x", echo(new Uint8Array(LIMITS[limitName] + 1)));
  expect([answer.status, refusalOf(answer).code]).toEqual([413, "tooLarge"]);
  expect(refusalOf(answer).data).toEqual({ limitName, limit: LIMITS[limitName] });
});

test("a wrong method names the right ones; an open question for a session says Bearer", async () => {
  expect((await ask("/v1/sum/x")).headers.get("allow")).toBe("POST");
  expect((await ask("/v1/echo/x")).headers.get("allow")).toBe("POST");
  const answer = await ask("/v1/echo/x", echo(new Uint8Array(1), { authorization: "" }));
  expect(answer.headers.get("www-authenticate")).toBe("Bearer");
});

test("an administrator may", async () => {
  const headers = { authorization: "Bearer admin" };
  expect((await ask("/v1/admin", { method: "DELETE", headers })).status).toBe(204);
});

test("FED-502 a refusal that passes says when, in seconds and milliseconds", async () => {
  const answer = await ask("/v1/failures/limit");
  expect(answer.status).toBe(429);
  expect(answer.headers.get("retry-after")).toBe("2");
  expect(refusalOf(answer).data.retryAfterMs).toBe(1_500);
});

test("a bug is answered without detail and found in the log by its request id", async () => {
  const answer = await ask("/v1/failures/bug");
  expect(answer.status).toBe(500);
  expect(refusalOf(answer).code).toBe("internal");
  expect(Buffer.from(answer.bytes).toString()).not.toContain("secret");
  const line = lines.find((one) => one.includes(answer.headers.get("x-request-id") ?? "?"));
  expect(line).toContain("TypeError");
  expect(line).not.toContain("secret words");
});

test("a body without a length that grows too large is refused while it arrives", async () => {
  const socket = connect(Number(new URL(url).port), "127.0.0.1");
  socket.write(
    "POST /v1/echo/x HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer good\r\n" +
      `Content-Type: ${mediaType}\r\nTransfer-Encoding: chunked\r\n\r\n`,
  );
  for (let chunk = 0; chunk < 3; chunk += 1) socket.write(`1f4\r\n${"x".repeat(500)}\r\n`);
  const [answer] = await once(socket, "data");
  expect(String(answer)).toMatch(/^HTTP\/1\.1 413 /);
  await once(socket, "close");
});

test.each(["a b", "/../", "x:y:z"])("a host that is none (%s) is refused", async (host) => {
  const socket = connect(Number(new URL(url).port), "127.0.0.1");
  socket.write(`GET /v1/openapi.json HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
  const [answer] = await once(socket, "data");
  expect(String(answer)).toMatch(/^HTTP\/1\.1 400 [^]*urn:treehouse:problem:malformed/);
  socket.destroy();
});

test("a target in the absolute form is the same path (RFC 9112 §3.2.2)", async () => {
  const socket = connect(Number(new URL(url).port), "127.0.0.1");
  socket.write(
    "GET http://any.example/v1/failures/limit?x=/y HTTP/1.1\r\nHost: any.example\r\n\r\n",
  );
  const [answer] = await once(socket, "data");
  expect(String(answer)).toMatch(/^HTTP\/1\.1 429 /);
  socket.destroy();
});

test("any octets as a request get an answer or the end of the connection", async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 300 }), async (octets) => {
      const socket = connect(Number(new URL(url).port), "127.0.0.1");
      socket.on("error", () => {});
      socket.resume();
      socket.end(octets);
      await once(socket, "close");
    }),
    { numRuns: 50 },
  );
  expect((await ask("/v1/failures/limit")).status).toBe(429);
});

test("an upgrade that nobody serves is refused", async () => {
  const socket = connect(Number(new URL(url).port), "127.0.0.1");
  socket.write("GET /x HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
  const [answer] = await once(socket, "data");
  expect(String(answer)).toMatch(/^HTTP\/1\.1 404 /);
  socket.destroy();
});

test("the API is served as an OpenAPI 3.1 document with every route", async () => {
  const answer = await ask("/v1/openapi.json");
  const document = JSON.parse(Buffer.from(answer.bytes).toString());
  expect(document.openapi).toBe("3.1.0");
  expect(Object.keys(document.paths)).toEqual([
    ...routes.map(({ path }) => path),
    "/v1/openapi.json",
  ]);
  expect(document.paths["/v1/echo/{name}"].post).toMatchObject({
    security: [{ session: [] }],
    requestBody: { content: { [mediaType]: { schema: { type: "string", format: "binary" } } } },
  });
  expect(document.paths["/v1/sum/{name}"].post.requestBody.content["application/json"]).toEqual({
    schema: {
      type: "object",
      properties: { a: { type: "number" }, b: { type: "number" } },
      required: ["a", "b"],
      additionalProperties: false,
    },
  });
});

test("pages of an origin that the operator named may ask, and read what they are answered", async () => {
  const preflight = (headers: Record<string, string>, path = "/v1/echo/x") =>
    ask(path, {
      method: "OPTIONS",
      headers: { "access-control-request-method": "POST", ...headers },
    });
  const asked = await preflight({
    origin: page,
    "access-control-request-headers": "authorization",
  });
  expect([asked.status, asked.bytes.length]).toEqual([204, 0]);
  expect(asked.headers.get("access-control-allow-origin")).toBe(page);
  expect(asked.headers.get("access-control-allow-headers")).toBe("authorization, *");
  expect(asked.headers.get("access-control-allow-credentials")).toBeNull();
  for (const done of [
    await ask("/v1/echo/x", echo(Uint8Array.of(1), { origin: page })),
    await ask("/v1/sum/x", { ...json({ a: 1, b: 2 }), headers: { origin: page } }),
    await ask("/v1/failures/bug", { headers: { origin: page } }),
  ]) {
    expect(done.headers.get("access-control-allow-origin")).toBe(page);
    expect(done.headers.get("vary")).toBe("origin");
    expect(done.headers.get("content-security-policy")).toContain("default-src 'none'");
  }
  // Neither other origins, nor any where there is nothing for clients.
  const other = await preflight({ origin: "https://chat.example.org.evil.example" });
  expect([other.status, other.headers.get("access-control-allow-origin")]).toEqual([405, null]);
  const nothing = await preflight({ origin: page }, "/federation/v1/nothing");
  expect([nothing.status, nothing.headers.get("access-control-allow-origin")]).toEqual([404, null]);
});

test("a server whose operator named no origin serves no foreign page", async () => {
  const quiet = createHttpServer({
    env: createNodeEnv({ log: { level: "error" } }),
    authenticate: async () => undefined,
    trustedProxies: new Set(),
    routes,
    upgrades: new Map(),
    version: "1",
  });
  const at = await quiet.listen({ host: "127.0.0.1", port: 0 });
  const headers = { origin: page, "access-control-request-method": "POST" };
  const asked = await fetch(`${at}/v1/echo/x`, { method: "OPTIONS", headers });
  expect([asked.status, asked.headers.get("access-control-allow-origin")]).toEqual([405, null]);
  await quiet.close();
});

import { createServer } from "node:http";
import type { IncomingMessage, Server } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { Server as TlsServer } from "node:https";
import type { Duplex } from "node:stream";
import { getRequestListener, RequestError } from "@hono/node-server";
import type { HttpBindings } from "@hono/node-server";
import { RESPONSE_ALREADY_SENT } from "@hono/node-server/utils/response";
import { OpenAPIHono } from "@hono/zod-openapi";
import {
  MEDIA_TYPE_OCTETS,
  MEDIA_TYPE_PROBLEM,
  MEDIA_TYPE_TLS,
  problemOf,
  Refusal,
} from "@treehouse/protocol";
import type { Env } from "@treehouse/protocol";
import { z } from "zod";
import { Assertion } from "../assertion.ts";
import { errorFields } from "../env/log.ts";
import { describeApi } from "./api-document.ts";
import { createExchange } from "./exchange.ts";
import type { Exchange, ExchangeOptions } from "./exchange.ts";
import { jsonAnswer } from "./form.ts";
import { lifecycle } from "./lifecycle.ts";
import type { HttpServer, Listener } from "./lifecycle.ts";
import { createRouteTable } from "./route-table.ts";
import type { RouteTable } from "./route-table.ts";
import type { TlsFiles, TlsMaterial } from "./tls-files.ts";
import { createWebOrigins } from "./web-origins.ts";
import { route } from "./route.ts";
import type { Route } from "./route.ts";

/** Takes over a connection that asks for another protocol, and answers refusals by itself. */
export type UpgradeHandler = (incoming: IncomingMessage, socket: Duplex, head: Buffer) => void;

interface HttpServerOptions extends ExchangeOptions {
  readonly routes: readonly Route[];
  readonly upgrades: ReadonlyMap<string, UpgradeHandler>;
  readonly version: string;
  readonly tls?: ServerTls;
  /** A TCP port, unless it is given. */
  readonly listener?: Listener | undefined;
  /** Origins of pages that may use the client API from a browser; `*` is any. */
  readonly webOrigins?: readonly string[];
}

/** With it the server speaks HTTPS itself. */
interface ServerTls {
  readonly files: TlsFiles;
  /** Asks who connects for a certificate; whether that is needed is for the routes to say. */
  readonly asksForCertificate: boolean;
}

/** A request whose headers or body take longer is cut off. */
const headersTimeoutMs = 15_000;
const requestTimeoutMs = 60_000;
const keepAliveMs = 65_000;
/** Until a TLS handshake must be done. */
const handshakeTimeoutMs = 15_000;

/**
 * One listener for the whole API. Routes with a TLS-encoded body or answer are served on the spot;
 * the others go through hono, which costs about half as much again per request.
 */
export function createHttpServer(options: HttpServerOptions): HttpServer {
  const exchange = createExchange(options);
  // Whoever starts need not wait for what few ask for.
  let document: unknown;
  const describe = (): unknown => (document ??= describeApi(forClients, info));
  const routes: readonly Route[] = [...options.routes, documentRoute(describe)];
  const info = { title: "Treehouse client API", version: options.version };
  const forClients = routes.filter(isForClients);
  const all = createRouteTable(routes);
  const forPages = createRouteTable(forClients);
  const origins = createWebOrigins(
    options.webOrigins ?? [],
    (path) => forPages.methods(path).length > 0,
  );
  const hot = createRouteTable(routes.filter(isHot));
  const rest = getRequestListener(
    jsonApp(
      routes.filter((candidate) => !isHot(candidate)),
      all,
      exchange,
    ).fetch,
    { overrideGlobalObjects: false, errorHandler: (error) => requestRefused(error, options.env) },
  );
  const server = listenerOf(options);
  server.headersTimeout = headersTimeoutMs;
  server.requestTimeout = requestTimeoutMs;
  server.on("request", (incoming, outgoing) => {
    try {
      if (origins.answer(incoming, outgoing)) return;
      const match = hot.find(incoming.method ?? "", pathOf(incoming));
      void (match ? exchange.perform(match, incoming, outgoing) : rest(incoming, outgoing));
    } catch (error) {
      exchange.fail(error, incoming, outgoing);
    }
  });
  server.on("upgrade", (incoming, socket, head) => {
    // Node listens to this socket no more, and an error that nobody listens to ends the process.
    socket.on("error", () => socket.destroy());
    options.upgrades.get(pathOf(incoming))?.(incoming, socket, head);
  });
  return lifecycle(server, options.env, options.listener);
}

function listenerOf({ upgrades, tls }: HttpServerOptions): Server | TlsServer {
  const plain = {
    keepAliveTimeout: keepAliveMs,
    // A wish for a protocol that a path does not have is ignored (RFC 9110 §7.8): some clients add
    // one for HTTP/2 to every request.
    shouldUpgradeCallback: (incoming: IncomingMessage) => upgrades.has(pathOf(incoming)),
  };
  if (tls === undefined) return createServer(plain);
  const server = createTlsServer({
    ...plain,
    ...contextOf(tls.files.current),
    handshakeTimeout: handshakeTimeoutMs,
    requestCert: tls.asksForCertificate,
    rejectUnauthorized: false,
  });
  // Connections that are open keep the certificate that they began with.
  tls.files.onChange((material) => server.setSecureContext(contextOf(material)));
  return server;
}

function contextOf({ own, authorities }: TlsMaterial) {
  if (own === undefined) throw new Assertion("A listener with TLS has a certificate.");
  return { ...own, ...(authorities.length === 0 ? {} : { ca: [...authorities] }) };
}

function jsonApp(
  routes: readonly Route[],
  all: RouteTable,
  exchange: Exchange,
): OpenAPIHono<{ Bindings: HttpBindings }> {
  const app = new OpenAPIHono<{ Bindings: HttpBindings }>();
  for (const declared of routes) {
    app.on(declared.method, declared.path.replaceAll(/\{(\w+)\}/g, ":$1"), async (context) => {
      const named: Readonly<Record<string, string>> = context.req.param();
      const params = new Map(Object.entries(named));
      const { incoming, outgoing } = context.env;
      await exchange.perform({ route: declared, params }, incoming, outgoing);
      return RESPONSE_ALREADY_SENT;
    });
  }
  app.notFound((context) => {
    const { incoming, outgoing } = context.env;
    const methods = all.methods(pathOf(incoming));
    if (methods.length === 0) {
      exchange.fail(new Refusal("notFound", "There is nothing at this path."), incoming, outgoing);
    } else {
      const refusal = new Refusal("methodNotAllowed", "This path has other methods.");
      exchange.fail(refusal, incoming, outgoing, ["allow", methods.join(", ")]);
    }
    return RESPONSE_ALREADY_SENT;
  });
  app.onError((error, context) => {
    exchange.fail(error, context.env.incoming, context.env.outgoing);
    return RESPONSE_ALREADY_SENT;
  });
  return app;
}

/** Answers what hono does not even take for a request, such as a host that is none. */
function requestRefused(error: unknown, env: Pick<Env, "log">): Response {
  const known = error instanceof RequestError;
  if (!known) env.log.error("requestFailed", errorFields(error));
  const refusal = known
    ? new Refusal("malformed", "The request's target or host is not understood.")
    : new Refusal("internal", "The server failed.");
  const { status, ...problem } = problemOf(refusal);
  const headers = { "content-type": MEDIA_TYPE_PROBLEM };
  return new Response(JSON.stringify({ ...problem, status }), { status, headers });
}

function documentRoute(current: () => unknown): Route {
  return route({
    method: "GET",
    path: "/v1/openapi.json",
    access: "open",
    summary: "This API as an OpenAPI 3.1 document",
    answer: jsonAnswer(z.looseObject({ openapi: z.string() })),
    handle: () => z.looseObject({ openapi: z.string() }).parse(current()),
  });
}

/** What servers ask each other, their directory included, is no part of the API of clients. */
function isForClients({ access, path }: Route): boolean {
  return access !== "peer" && !path.startsWith("/.well-known/");
}

function isHot({ body, answer }: Route): boolean {
  const types = [body?.mediaType, answer.mediaType];
  return types.some((type) => type === MEDIA_TYPE_TLS || type === MEDIA_TYPE_OCTETS);
}

function pathOf(incoming: IncomingMessage): string {
  const url = incoming.url ?? "/";
  const mark = url.indexOf("?");
  return mark < 0 ? url : url.slice(0, mark);
}

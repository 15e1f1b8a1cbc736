import { createServer } from "node:http";
import type { IncomingMessage, Server } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { Server as TlsServer } from "node:https";
import type { Duplex } from "node:stream";
import { Refusal } from "@treehouse/protocol";
import { z } from "zod";
import { Assertion } from "../assertion.ts";
import { describeApi } from "./api-document.ts";
import { createExchange } from "./exchange.ts";
import type { ExchangeOptions } from "./exchange.ts";
import { jsonAnswer } from "./form.ts";
import { lifecycle } from "./lifecycle.ts";
import type { HttpServer, Listener } from "./lifecycle.ts";
import { createRouteTable } from "./route-table.ts";
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

/** One listener for the whole API. */
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
  const server = listenerOf(options);
  server.headersTimeout = headersTimeoutMs;
  server.requestTimeout = requestTimeoutMs;
  server.on("request", (incoming, outgoing) => {
    try {
      if (origins.answer(incoming, outgoing)) return;
      checkHost(incoming);
      const path = pathOf(incoming);
      const match = all.find(incoming.method ?? "", path);
      if (match !== undefined) {
        void exchange.perform(match, incoming, outgoing);
        return;
      }
      const methods = all.methods(path);
      if (methods.length === 0) throw new Refusal("notFound", "There is nothing at this path.");
      const refusal = new Refusal("methodNotAllowed", "This path has other methods.");
      exchange.fail(refusal, incoming, outgoing, ["allow", methods.join(", ")]);
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

/** A name or an address, and a port (RFC 3986 §3.2). */
const hostForm = /^(?:[\w.~!$&'()*+,;=%-]+|\[[\da-f:.]+\])(?::\d{0,5})?$/i;

/** Node itself refuses a request without one, unless it is of HTTP/1.0. */
function checkHost({ headers }: IncomingMessage): void {
  if (headers.host === undefined || hostForm.test(headers.host)) return;
  throw new Refusal("malformed", "The request's host is not understood.");
}

/** Of a target in the origin form or, as a proxy is asked, in the absolute form (RFC 9112 §3.2). */
function pathOf(incoming: IncomingMessage): string {
  const url = incoming.url ?? "/";
  const mark = url.indexOf("?");
  const target = mark < 0 ? url : url.slice(0, mark);
  return target.startsWith("/") ? target : target.replace(/^https?:\/\/[^/]*/i, "");
}

import type { IncomingMessage, ServerResponse } from "node:http";
import { Refusal } from "@treehouse/protocol";
import type { Env } from "@treehouse/protocol";
import { Assertion } from "../assertion.ts";
import { errorFields } from "../env/log.ts";
import { addressOf } from "./address.ts";
import { securityHeaders, writeAnswer, writeProblem } from "./answer.ts";
import { createBodyBudget } from "./body-budget.ts";
import type { BodyShare } from "./body-budget.ts";
import { checkBodyHeaders, Disconnected, readBody } from "./body.ts";
import { parseWith } from "./form.ts";
import type { Match } from "./route-table.ts";
import type { Route, Session } from "./route.ts";

/** Answers requests whose route is known, and everything that goes wrong with any request. */
export interface Exchange {
  perform(match: Match, incoming: IncomingMessage, outgoing: ServerResponse): Promise<void>;
  /** Answers what a request failed with, if it can still be answered. */
  fail(
    error: unknown,
    incoming: IncomingMessage,
    outgoing: ServerResponse,
    headers?: readonly string[],
  ): void;
}

export interface ExchangeOptions {
  readonly env: Pick<Env, "log" | "metrics" | "monotonic" | "random" | "timer">;
  /** Returns undefined for a token that is unknown, expired or revoked. */
  authenticate(token: string): Promise<Session | undefined>;
  readonly trustedProxies: ReadonlySet<string>;
  /** Whether clients reach the server over HTTPS, through a proxy. */
  readonly secure?: boolean;
}

/** How long the rest of a refused body is read and dropped, so that the asker sees the answer. */
const lingerMs = 1_000;
/** After a body that took longer than this its session is asked for again. */
const slowBodyMs = 1_000;

export function createExchange(options: ExchangeOptions): Exchange {
  const { env } = options;
  const seconds = env.metrics.histogram(
    "treehouse_http_request_seconds",
    "Time from a request's headers to its answer, by route and status.",
    { labels: ["route", "status"], buckets: [0.001, 0.005, 0.02, 0.1, 0.5, 2] },
  );
  const prefix = Buffer.from(env.random(4)).toString("hex");
  const fixed = securityHeaders(options.secure ?? false);
  const budget = createBodyBudget();
  let count = 0;
  const nextId = (): string => `${prefix}-${(count += 1).toString(36)}`;

  async function sessionFor(route: Route, incoming: IncomingMessage): Promise<Session | undefined> {
    if (route.access === "open") return undefined;
    const session = await options.authenticate(bearerToken(incoming));
    if (session === undefined) throw new Refusal("sessionEnded", "The session has ended.");
    if (route.access === "admin" && !session.admin) {
      throw new Refusal("notAllowed", "Only an administrator may do this.");
    }
    return session;
  }

  async function perform(
    { route, params }: Match,
    incoming: IncomingMessage,
    outgoing: ServerResponse,
  ): Promise<void> {
    const from = env.monotonic();
    const requestId = nextId();
    const address = addressOf(incoming, options.trustedProxies);
    let share: BodyShare | undefined;
    try {
      let session = await sessionFor(route, incoming);
      const query = route.query && parseWith(route.query, queryOf(incoming), "query");
      share = route.body && budget.open(session?.user ?? address);
      const body = share && (await bodyFor(route, incoming, share));
      if (env.monotonic() - from > slowBodyMs) session = await sessionFor(route, incoming);
      const answer = await route.handle({
        param: (name) => paramOf(params, name),
        query,
        body,
        session,
        address,
      });
      writeAnswer(outgoing, route.answer, answer, [...fixed, "x-request-id", requestId]);
    } catch (error) {
      failWith(error, incoming, outgoing, requestId, route);
    } finally {
      share?.release();
    }
    const ms = env.monotonic() - from;
    const status = outgoing.statusCode;
    seconds.observe(ms / 1000, { route: route.path, status: String(status) });
    env.log.debug("request", { requestId, method: route.method, route: route.path, status, ms });
  }

  function failWith(
    error: unknown,
    incoming: IncomingMessage,
    outgoing: ServerResponse,
    requestId: string,
    route: Route | undefined,
    more: readonly string[] = [],
  ): void {
    if (error instanceof Disconnected || outgoing.headersSent) {
      outgoing.destroy();
      return;
    }
    const refusal = error instanceof Refusal ? error : internal(error, requestId, route);
    const unread = !incoming.complete;
    const headers = [...fixed, "x-request-id", requestId, ...more];
    writeProblem(outgoing, refusal, unread ? [...headers, "connection", "close"] : headers);
    if (unread) linger(incoming);
  }

  function internal(error: unknown, requestId: string, route: Route | undefined): Refusal {
    const where = { requestId, route: route?.path, method: route?.method };
    env.log.error("requestFailed", { ...where, ...errorFields(error) });
    return new Refusal("internal", "The server failed.");
  }

  /** Closing at once would reset the connection before the asker has read why. */
  function linger(incoming: IncomingMessage): void {
    incoming.resume();
    const cancel = env.timer(lingerMs, () => incoming.socket.destroy());
    incoming.socket.once("close", cancel);
  }

  return {
    perform,
    fail: (error, incoming, outgoing, more) =>
      failWith(error, incoming, outgoing, nextId(), undefined, more),
  };
}

async function bodyFor(
  { body }: Route,
  incoming: IncomingMessage,
  share: BodyShare,
): Promise<unknown> {
  if (body === undefined) return undefined;
  checkBodyHeaders(incoming, body);
  return body.parse(await readBody(incoming, body, share));
}

/** The token of `Authorization: Bearer …` (RFC 6750 §2.1). */
function bearerToken(incoming: IncomingMessage): string {
  const match = /^Bearer +([A-Za-z0-9._~+/=-]{1,512})$/i.exec(incoming.headers.authorization ?? "");
  const token = match?.[1];
  if (token === undefined) throw new Refusal("notAuthenticated", "A session token is needed.");
  return token;
}

function queryOf(incoming: IncomingMessage): Record<string, string> {
  const url = incoming.url ?? "";
  const mark = url.indexOf("?");
  return mark < 0 ? {} : Object.fromEntries(new URLSearchParams(url.slice(mark + 1)));
}

function paramOf(params: ReadonlyMap<string, string>, name: string): string {
  const value = params.get(name);
  if (value === undefined) throw new Assertion(`The route has no segment named ${name}.`);
  return value;
}

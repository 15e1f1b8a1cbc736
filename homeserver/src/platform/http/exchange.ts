import type { IncomingMessage, ServerResponse } from "node:http";
import { LIMITS, PROOF_HEADER, Refusal } from "@treehouse/protocol";
import type { Env } from "@treehouse/protocol";
import { Assertion } from "../assertion.ts";
import { errorFields } from "../env/log.ts";
import { addressOf } from "./address.ts";
import { securityHeaders, writeAnswer, writeProblem } from "./answer.ts";
import { createBodyBudget } from "./body-budget.ts";
import { TooSlow } from "./body-pace.ts";
import { checkBodyHeaders, Disconnected, readBody } from "./body.ts";
import { parseWith } from "./form.ts";
import { writeOctets } from "./octets.ts";
import { createPeerIntake } from "./peer-intake.ts";
import type { PeerGate } from "./peer-gate.ts";
import type { Match } from "./route-table.ts";
import type { Peer, ProvedRequest, Route, Session } from "./route.ts";

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
  /** Undefined for a token that is unknown, expired or revoked. The address is the one it comes from. */
  authenticate(token: string, address: string): Promise<Session | undefined>;
  /** Refuses a request that the session's client has not signed; for routes that want it. */
  prove?(session: Session, request: ProvedRequest): Promise<void>;
  readonly trustedProxies: ReadonlySet<string>;
  /** Whether clients reach the server over HTTPS, through a proxy. */
  readonly secure?: boolean;
  /** Who other servers are; without it nothing answers at their routes. */
  readonly peers?: PeerGate;
}

/** Who asks what, once it is known. */
interface Intake {
  readonly session?: Session | undefined;
  readonly peer?: Peer;
  readonly body: unknown;
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

  const peerIntake = createPeerIntake({ env, budget, gate: options.peers });

  async function sessionFor(
    route: Route,
    incoming: IncomingMessage,
    address: string,
  ): Promise<Session | undefined> {
    if (route.access === "open") return undefined;
    const session = await options.authenticate(bearerToken(incoming), address);
    if (session === undefined) throw new Refusal("sessionEnded", "The session has ended.");
    if (route.access === "admin" && !session.admin) {
      throw new Refusal("notAllowed", "Only an administrator may do this.");
    }
    return session;
  }

  async function intake(
    route: Route,
    incoming: IncomingMessage,
    address: string,
    held: (() => void)[],
  ): Promise<Intake> {
    const from = env.monotonic();
    const session = await sessionFor(route, incoming, address);
    if (route.body === undefined) {
      await proveFor(route, incoming, session, new Uint8Array());
      return { session, body: undefined };
    }
    if ("stream" in route.body) {
      checkBodyHeaders(incoming, route.body);
      return { session, body: route.body.stream(incoming) };
    }
    const share = budget.open(session?.user ?? address);
    held.push(() => share.release());
    checkBodyHeaders(incoming, route.body);
    const octets = await readBody(incoming, route.body, share);
    const body = route.body.parse(octets);
    const slow = env.monotonic() - from > slowBodyMs;
    const current = slow ? await sessionFor(route, incoming, address) : session;
    await proveFor(route, incoming, current, octets);
    return { session: current, body };
  }

  async function proveFor(
    route: Route,
    incoming: IncomingMessage,
    session: Session | undefined,
    body: Uint8Array,
  ): Promise<void> {
    if (route.proved !== true) return;
    if (session === undefined || options.prove === undefined) {
      throw new Assertion("Nobody can prove anything here.");
    }
    const proof = incoming.headers[PROOF_HEADER];
    await options.prove(session, {
      method: route.method,
      path: incoming.url ?? "",
      body,
      proof: typeof proof === "string" ? proof : undefined,
    });
  }

  async function perform(
    { route, params }: Match,
    incoming: IncomingMessage,
    outgoing: ServerResponse,
  ): Promise<void> {
    const from = env.monotonic();
    const requestId = nextId();
    const address = addressOf(incoming, options.trustedProxies);
    const held: (() => void)[] = [];
    try {
      const receive = route.access === "peer" ? peerIntake : intake;
      const { session, peer, body }: Intake = await receive(route, incoming, address, held);
      const query = route.query && parseWith(route.query, queryOf(incoming), "query");
      const headers = route.headers && parseWith(route.headers, headersOf(incoming), "headers");
      const answer = await route.handle({
        param: (name) => paramOf(params, name),
        query,
        headers,
        body,
        session,
        peer,
        address,
      });
      const more = [...fixed, "x-request-id", requestId];
      if ("stream" in route.answer) {
        const { mediaType } = route.answer;
        const out = { ...route.answer.stream(answer), mediaType, idleMs: LIMITS.assetIdleMs };
        await writeOctets(env, outgoing, out, more);
      } else {
        writeAnswer(outgoing, route.answer, answer, more);
      }
    } catch (error) {
      failWith(error, incoming, outgoing, requestId, route);
    } finally {
      for (const release of held) release();
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
    const forPeer = route?.access === "peer";
    if (forPeer && error instanceof TooSlow) options.peers?.refused("slow");
    if (error instanceof Disconnected || error instanceof TooSlow || outgoing.headersSent) {
      outgoing.destroy();
      return;
    }
    const refusal = error instanceof Refusal ? error : internal(error, requestId, route);
    if (forPeer) options.peers?.refused(refusal.code);
    const unread = !incoming.complete;
    const headers = [...fixed, "x-request-id", requestId, ...more];
    // RFC 9110 §11.6.1 wants a challenge with each 401; servers sign by RFC 9421.
    const challenge = forPeer ? "Signature" : "Bearer";
    const all = unread ? [...headers, "connection", "close"] : headers;
    writeProblem(outgoing, refusal, all, challenge);
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

/** Those that came once: whoever sends one twice has sent none. */
function headersOf({ headersDistinct }: IncomingMessage): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, values] of Object.entries(headersDistinct)) {
    const [value] = values ?? [];
    if (values?.length === 1 && value !== undefined) headers[name] = value;
  }
  return headers;
}

function paramOf(params: ReadonlyMap<string, string>, name: string): string {
  const value = params.get(name);
  if (value === undefined) throw new Assertion(`The route has no segment named ${name}.`);
  return value;
}

import type { ClientUri, Domain, UserUri } from "@treehouse/protocol";
import type { z } from "zod";
import type { AnswerForm, BodyForm } from "./form.ts";
import type { OctetsAnswer, OctetsBody } from "./octets.ts";

/** Who asks. Met by authentication. */
export interface Session {
  readonly id: string;
  readonly user: UserUri;
  readonly client: ClientUri;
  readonly admin: boolean;
  /** Milliseconds since the Unix epoch. */
  readonly expiresAt: number;
}

/** A request as its client has to sign it. */
export interface ProvedRequest {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly body: Uint8Array;
  /** The header, if there is one. */
  readonly proof: string | undefined;
}

/** Another homeserver that asks, authenticated. Met by peers. */
export interface Peer {
  readonly domain: Domain;
  /** 32 hexadecimal digits, the same when that server sends this request again. */
  readonly transactionId: string;
}

/**
 * `open`: anybody. `session`: who has a session. `admin`: whose session is an administrator's.
 * `peer`: another homeserver; such a route is no part of the client API.
 */
export type Access = "open" | "session" | "admin" | "peer";

type Names<Path extends string> = Path extends `${string}{${infer Name}}${infer Rest}`
  ? Name | Names<Rest>
  : never;

/** One request, after its path, its session, its query and its body were found good. */
interface Call<Path extends string, A extends Access, Q, H, B> {
  /** A percent-decoded segment of the path. */
  readonly param: (name: Names<Path>) => string;
  readonly query: Q;
  readonly headers: H;
  readonly body: B;
  readonly session: A extends "open" | "peer" ? undefined : Session;
  readonly peer: A extends "peer" ? Peer : undefined;
  /** Key for limits per network: an IPv4 address, or the /64 of an IPv6 address. */
  readonly address: string;
}

interface RouteOptions<Path extends string, A extends Access, Q, H, B, R> {
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  /** `/v1/rooms/{room}/found`: a name stands for one percent-encoded segment. */
  readonly path: Path;
  readonly access: A;
  /** Needs the signature of the session's client over the request, and not its token alone. */
  readonly proved?: boolean;
  readonly summary: string;
  /** Reads the query, an object of strings; without it `query` is undefined. */
  readonly query?: z.ZodType<Q>;
  /** Reads the headers that came once, an object of strings; without it `headers` is undefined. */
  readonly headers?: z.ZodType<H>;
  /** Reads the body; without it `body` is undefined. */
  readonly body?: BodyForm<B> | OctetsBody<B>;
  readonly answer: AnswerForm<R> | OctetsAnswer<R>;
  handle(call: Call<Path, A, Q, H, B>): Promise<R> | R;
}

/**
 * A route whose types are closed. Whoever calls `handle` provides what the route's own fields
 * demand: the session or the peer of its access, and what `query`, `headers` and `body` returned.
 */
export type Route = RouteOptions<string, Access, unknown, unknown, unknown, unknown>;

/** Declares one operation of the API. */
export function route<
  const Path extends string,
  const A extends Access,
  Q = undefined,
  H = undefined,
  B = undefined,
  R = void,
>(options: RouteOptions<Path, A, Q, H, B, R>): Route {
  return options;
}

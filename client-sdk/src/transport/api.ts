import {
  type Bytes,
  type Env,
  type HttpRequest,
  type HttpResponse,
  LIMITS,
  MEDIA_TYPE_TLS,
  NetworkFault,
  parseProblem,
  paths,
  PROOF_HEADER,
  Refusal,
  serverAnswerSchema,
  utf8Decode,
  utf8Encode,
} from "@treehouse/protocol";

import { isOfStranger, WrongServer } from "./wrong-server.ts";

/** A parser of foreign JSON; a zod schema is one. */
export type Parser<T> = { parse(value: unknown): T };

/**
 * Requests to the own homeserver. A refusal of the server is thrown as `Refusal`, an answer that
 * never came as `NetworkFault`: then nothing is known about what the server did.
 */
export interface Api {
  readonly server: string;
  /** The newest time that the server has told, in milliseconds since the Unix epoch; 0 at first. */
  serverTime(): number;
  json<T>(
    method: HttpRequest["method"],
    path: string,
    answer: Parser<T>,
    body?: unknown,
  ): Promise<T>;
  /** A request whose answer has no content. */
  done(method: HttpRequest["method"], path: string, body?: unknown): Promise<void>;
  /** A TLS struct out, a TLS struct back. */
  tls(path: string, body: Uint8Array): Promise<Bytes>;
  /** A TLS struct out, JSON back. */
  tlsToJson<T>(path: string, body: Uint8Array, answer: Parser<T>): Promise<T>;
  getTls(path: string): Promise<Bytes>;
  /** Octets out, octets back, with headers of one's own. */
  octets(request: OctetsRequest): Promise<HttpResponse>;
  /** The same server, but for requests that end with a signal. */
  within(signal: AbortSignal): Api;
  /**
   * Of an error that says that an account is not known to the server, whether it is another server than
   * the account's; what the server itself refuses is looked at already.
   */
  explained(error: unknown): Promise<unknown>;
}

export type OctetsRequest = Omit<HttpRequest, "url"> & { readonly path: string };

const requestTimeoutMs = 30_000;
/** What the server puts off for no longer than this is asked for once more, so many times in all. */
const putOffMostMs = 1_000;
const attemptsMax = 3;

/** A request that the server wants signed by the client's own key. */
export type ToProve = {
  readonly challenge: string;
  readonly method: HttpRequest["method"];
  readonly path: string;
  readonly body: Uint8Array;
};

/** Who asks. Looked up at every request, so that a new session counts at once. */
export type Asker = {
  token(): string | undefined;
  /** The value of the header that proves it; undefined while there is no key. */
  prove(request: ToProve): string | undefined;
  /** Of the account: what another server refuses is a `WrongServer`. */
  readonly domain?: string;
};

export function createApi(env: Pick<Env, "fetch" | "timer">, server: string, asker: Asker): Api {
  let serverTime = 0;
  const once = async (
    method: HttpRequest["method"],
    path: string,
    contentType: string | undefined,
    body: Uint8Array | undefined,
    proof?: string,
  ): Promise<Bytes> => {
    const bearer = asker.token();
    const response = await env.fetch({
      method,
      url: server + path,
      headers: {
        ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }),
        ...(contentType === undefined ? {} : { "content-type": contentType }),
        ...(proof === undefined ? {} : { [PROOF_HEADER]: proof }),
      },
      ...(body === undefined ? {} : { body }),
      timeoutMs: requestTimeoutMs,
      responseBytesMax: LIMITS.responseBodyBytesMax,
    });
    const told = Date.parse(response.headers["date"] ?? "");
    if (told > serverTime) serverTime = told;
    if (response.status >= 200 && response.status < 300) return response.body;
    throw refusalOf(response.status, response.body);
  };
  /** The same, and once more with a proof if the server asks for one: nothing was done before it. */
  const proven = async (
    method: HttpRequest["method"],
    path: string,
    contentType: string | undefined,
    body: Uint8Array | undefined,
  ): Promise<Bytes> => {
    try {
      return await once(method, path, contentType, body);
    } catch (error) {
      const wanted = error instanceof Refusal && error.code === "proofRequired";
      const challenge = wanted ? error.data.challenge : undefined;
      if (challenge === undefined) throw error;
      const proof = asker.prove({ challenge, method, path, body: body ?? new Uint8Array() });
      if (proof === undefined) throw error;
      return once(method, path, contentType, body, proof);
    }
  };
  /** Whoever is not known to a server may have the wrong one. */
  const explained = async (error: unknown): Promise<unknown> => {
    const { domain: wanted } = asker;
    if (error instanceof WrongServer || !(error instanceof Refusal)) return error;
    if (wanted === undefined || !isOfStranger(error)) return error;
    try {
      const answer = await once("GET", paths.server(), undefined, undefined);
      const { domain } = parseAnswer(serverAnswerSchema, answer);
      return domain === wanted ? error : new WrongServer(error, { server, domain, wanted });
    } catch {
      return error;
    }
  };
  /** A refused request has done nothing: many at once, of a user's many clients too, only take longer. */
  const request: typeof proven = async (...asked) => {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await proven(...asked);
      } catch (error) {
        const waitMs = putOffMs(error);
        if (waitMs === undefined || attempt === attemptsMax) throw await explained(error);
        await new Promise<void>((resolve) => void env.timer(waitMs, resolve));
      }
    }
  };
  const encode = (body: unknown) => utf8Encode(JSON.stringify(body));
  const ask = (method: HttpRequest["method"], path: string, body: unknown) =>
    body === undefined
      ? request(method, path, undefined, undefined)
      : request(method, path, "application/json", encode(body));
  return {
    server,
    explained,
    serverTime: () => serverTime,
    async json(method, path, answer, body) {
      return parseAnswer(answer, await ask(method, path, body));
    },
    async done(method, path, body) {
      await ask(method, path, body);
    },
    tls(path, body) {
      return request("POST", path, MEDIA_TYPE_TLS, body);
    },
    async tlsToJson(path, body, answer) {
      return parseAnswer(answer, await request("POST", path, MEDIA_TYPE_TLS, body));
    },
    async octets({ path, headers, ...rest }) {
      const bearer = asker.token();
      const response = await env.fetch({
        ...rest,
        url: server + path,
        headers: {
          ...headers,
          ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }),
        },
      });
      if (response.status >= 200 && response.status < 300) return response;
      throw refusalOf(response.status, response.body);
    },
    getTls(path) {
      return request("GET", path, undefined, undefined);
    },
    within: (signal) => createApi(ending(env, signal), server, asker),
  };
}

/** A request may have a signal of its own besides. It is over with either, whatever the platform does. */
function ending(env: Pick<Env, "fetch" | "timer">, life: AbortSignal): typeof env {
  return {
    timer: (delayMs, run) => env.timer(delayMs, run),
    fetch({ signal: own, ...request }) {
      const signal = own === undefined ? life : AbortSignal.any([life, own]);
      return new Promise((resolve, reject) => {
        const end = () => reject(new NetworkFault("broken", "the request was ended"));
        if (signal.aborted) return end();
        signal.addEventListener("abort", end, { once: true });
        env
          .fetch({ ...request, signal })
          .then(resolve, reject)
          .finally(() => signal.removeEventListener("abort", end));
      });
    },
  };
}

/** Undefined where it is no matter of a moment. */
function putOffMs(error: unknown): number | undefined {
  if (!(error instanceof Refusal) || error.code !== "rateLimited") return undefined;
  const { retryAfterMs } = error.data;
  return retryAfterMs !== undefined && retryAfterMs <= putOffMostMs ? retryAfterMs : undefined;
}

function parseAnswer<T>(answer: Parser<T>, body: Uint8Array): T {
  try {
    return answer.parse(JSON.parse(utf8Decode(body)));
  } catch (cause) {
    throw new NetworkFault("broken", "the server's answer is not what this client understands", {
      cause,
    });
  }
}

function refusalOf(status: number, body: Uint8Array): Error {
  try {
    return parseProblem(JSON.parse(utf8Decode(body)));
  } catch (cause) {
    if (status >= 500) {
      return new Refusal("unavailable", `the server answered ${status}`, { retryAfterMs: 1000 });
    }
    return new NetworkFault("broken", `the server answered ${status} without a reason`, { cause });
  }
}

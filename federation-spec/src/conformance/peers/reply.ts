import { MEDIA_TYPE_PROBLEM, MEDIA_TYPE_TLS, problemOf, Refusal } from "@treehouse/protocol";
import type { Codec, RefusalCode, RefusalData } from "@treehouse/protocol";
import type { Reply } from "./host.ts";

/** A reply that does not break off. */
export type Whole = Exclude<Reply, "drop">;

/** The struct, as FED-920 says. */
export function tls<T>(codec: Codec<T>, value: T): Whole {
  return octets(codec.encode(value));
}

export function octets(body: Uint8Array): Whole {
  return { status: 200, headers: { "content-type": MEDIA_TYPE_TLS }, body };
}

/** A refusal, as FED-502 says. */
export function refusal(code: RefusalCode, data: RefusalData = {}): Whole {
  const problem = problemOf(new Refusal(code, "as the suite wants it", data));
  return problemReply(problem.status, problem);
}

export function problemReply(status: number, problem: object): Whole {
  const headers = { "content-type": MEDIA_TYPE_PROBLEM };
  return { status, headers, body: JSON.stringify(problem) };
}

export function json(value: unknown): Whole {
  return {
    status: 200,
    headers: { "content-type": "application/json" },
    body: JSON.stringify(value),
  };
}

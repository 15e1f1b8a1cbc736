import type { IncomingMessage, ServerResponse } from "node:http";
import { MEDIA_TYPE_OCTETS } from "@treehouse/protocol";
import type { Env, LimitName } from "@treehouse/protocol";
import { z } from "zod";
import { Disconnected } from "./body.ts";

/** A body that is not held: its octets come one buffer after another, as fast as they are taken. */
export interface OctetsBody<B> {
  readonly mediaType: string;
  readonly limitName: LimitName;
  readonly schema: z.ZodType;
  /** Must be taken to its end, unless it throws: `Disconnected` when the asker went away. */
  stream(incoming: IncomingMessage): B;
}

/** An answer that is not held either; `octets` end it, or throw and cut it off. */
export interface OctetsAnswer<R> {
  readonly mediaType: string;
  readonly schema: z.ZodType;
  stream(answer: R): OctetsOut;
}

export interface OctetsOut {
  readonly status: 200 | 206;
  readonly headers: readonly string[];
  readonly length: number;
  readonly octets: AsyncIterable<Uint8Array>;
  /** Called with each buffer that has left. */
  readonly spent?: ((octets: Uint8Array) => void) | undefined;
  /** Called once when the answer is over, whatever became of it. */
  readonly ended?: () => void;
}

const binary = z.string().meta({ format: "binary" });

export function octetsBody(limitName: LimitName): OctetsBody<AsyncIterable<Uint8Array>> {
  return { mediaType: MEDIA_TYPE_OCTETS, limitName, schema: binary, stream: octetsOf };
}

/**
 * What it answers is never a page: browsers neither show it nor guess what it might be, and if one
 * did, nothing in it would run (T-30).
 */
export const octetsAnswer: OctetsAnswer<OctetsOut> = {
  mediaType: MEDIA_TYPE_OCTETS,
  schema: binary,
  stream: ({ headers, ...rest }) => ({ ...rest, headers: [...attachment, ...headers] }),
};

/** A second policy beside the one that every answer has: both are in force. */
const attachment = ["content-disposition", "attachment", "content-security-policy", "sandbox"];

async function* octetsOf(incoming: IncomingMessage): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of incoming) {
      if (!(chunk instanceof Uint8Array)) throw new TypeError("The body is no octets.");
      yield chunk;
    }
  } catch (error) {
    if (!incoming.destroyed || incoming.complete) throw error;
    throw new Disconnected("The request was not completed.", { cause: error });
  }
}

/**
 * Writes an answer as fast as the asker reads it. Whoever stops reading for `idleMs` is cut off, as
 * is an answer whose octets end too early.
 */
export async function writeOctets(
  env: Pick<Env, "timer">,
  outgoing: ServerResponse,
  out: OctetsOut & { readonly mediaType: string; readonly idleMs: number },
  fixed: readonly string[],
): Promise<void> {
  try {
    await write(env, outgoing, out, fixed);
  } finally {
    out.ended?.();
  }
}

async function write(
  env: Pick<Env, "timer">,
  outgoing: ServerResponse,
  { headers, idleMs, length, mediaType, octets, spent, status }: Parameters<typeof writeOctets>[2],
  fixed: readonly string[],
): Promise<void> {
  outgoing.writeHead(status, [
    ...fixed,
    ...headers,
    "content-type",
    mediaType,
    "content-length",
    String(length),
  ]);
  if (outgoing.req.method === "HEAD") {
    outgoing.end();
    return;
  }
  let written = 0;
  for await (const chunk of octets) {
    if (outgoing.destroyed) return;
    written += chunk.byteLength;
    if (written > length) break;
    if (!outgoing.write(chunk, () => spent?.(chunk))) await writable(env, outgoing, idleMs);
  }
  if (written === length) outgoing.end();
  else outgoing.destroy();
}

/** Resolves when more can be written, or when nobody is there any more. */
function writable(
  env: Pick<Env, "timer">,
  outgoing: ServerResponse,
  idleMs: number,
): Promise<void> {
  if (outgoing.destroyed) return Promise.resolve();
  return new Promise((resolve) => {
    const cancel = env.timer(idleMs, () => outgoing.destroy());
    const done = (): void => {
      cancel();
      outgoing.off("drain", done);
      outgoing.off("close", done);
      resolve();
    };
    outgoing.once("drain", done);
    outgoing.once("close", done);
  });
}

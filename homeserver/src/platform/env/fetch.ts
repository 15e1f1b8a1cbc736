import { request as requestHttp } from "node:http";
import type { IncomingMessage } from "node:http";
import { request as requestHttps } from "node:https";
import { NetworkFault } from "@treehouse/protocol";
import type { Bytes, HttpRequest, HttpResponse } from "@treehouse/protocol";

/**
 * One HTTP exchange, bounded in time and size; redirects are answers like any other.
 *
 * It connects to any address it is given, also within the own network. Nothing may pass it a URL
 * that comes from a user or a peer: federation brings a client of its own that refuses those.
 */
export function nodeFetch(request: HttpRequest): Promise<HttpResponse> {
  return new Promise((resolve, reject) => {
    const url = new URL(request.url);
    const send = url.protocol === "https:" ? requestHttps : requestHttp;
    const body = request.body;
    const outgoing = send(url, {
      method: request.method,
      headers: {
        ...request.headers,
        ...(body === undefined ? {} : { "content-length": String(body.byteLength) }),
      },
      signal: AbortSignal.any([AbortSignal.timeout(request.timeoutMs), ...given(request)]),
    });
    outgoing.on("error", (error) => reject(networkFault(error)));
    outgoing.on("response", (incoming) => {
      readAll(incoming, request.responseBytesMax).then(
        (bytes) =>
          resolve({
            status: incoming.statusCode ?? 0,
            headers: headersOf(incoming),
            body: bytes,
          }),
        (error: unknown) => {
          outgoing.destroy();
          reject(networkFault(error));
        },
      );
    });
    outgoing.end(body);
  });
}

function given({ signal }: HttpRequest): readonly AbortSignal[] {
  return signal === undefined ? [] : [signal];
}

async function readAll(incoming: IncomingMessage, bytesMax: number): Promise<Bytes> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of incoming) {
    if (!(chunk instanceof Uint8Array)) throw new TypeError("The body is no octets.");
    length += chunk.byteLength;
    if (length > bytesMax) throw new NetworkFault("tooLarge", "The answer is too large.");
    chunks.push(chunk);
  }
  const bytes = new Uint8Array(length);
  let offset = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, offset);
    offset += chunk.byteLength;
  }
  return bytes;
}

function headersOf(incoming: IncomingMessage): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(incoming.headers)) {
    if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(", ") : value;
  }
  return headers;
}

function networkFault(error: unknown): NetworkFault {
  if (error instanceof NetworkFault) return error;
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  const name = error instanceof Error ? error.name : "";
  if (name === "TimeoutError" || name === "AbortError" || code === "ETIMEDOUT") {
    return new NetworkFault("timeout", "There was no answer in time.", { cause: error });
  }
  if (code === "ECONNREFUSED") {
    return new NetworkFault("refused", "The connection was refused.", { cause: error });
  }
  return new NetworkFault("broken", "The connection broke.", { cause: error });
}

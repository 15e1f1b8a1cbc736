import { MEDIA_TYPE_JSON, MEDIA_TYPE_TLS, parseProblem } from "@treehouse/protocol";
import type { Bytes, Refusal } from "@treehouse/protocol";

export type Question = {
  readonly method?: "GET" | "POST" | "PUT" | "DELETE";
  readonly token?: string | undefined;
  readonly json?: unknown;
  readonly tls?: Uint8Array;
  /** Sent as it is, under the media type. */
  readonly raw?: { readonly mediaType: string; readonly body: Uint8Array };
};

export type Answer = {
  readonly status: number;
  readonly headers: Headers;
  readonly bytes: Bytes;
  /** The parsed body, when it is JSON. */
  readonly json: unknown;
  /** The refusal, when the answer is a problem. */
  readonly refusal: Refusal | undefined;
};

/** One request over the network, as any client would make it. */
export async function ask(url: string, path: string, question: Question = {}): Promise<Answer> {
  const sent = bodyOf(question);
  const response = await fetch(new URL(path, url), {
    method: question.method ?? (sent ? "POST" : "GET"),
    headers: {
      ...(question.token === undefined ? {} : { authorization: `Bearer ${question.token}` }),
      ...(sent ? { "content-type": sent.mediaType } : {}),
    },
    ...(sent ? { body: new Uint8Array(sent.body) } : {}),
  });
  const bytes = new Uint8Array(await response.arrayBuffer());
  const mediaType = response.headers.get("content-type") ?? "";
  const json: unknown = mediaType.includes("json")
    ? JSON.parse(new TextDecoder().decode(bytes))
    : undefined;
  const refusal = mediaType.includes("problem") ? parseProblem(json) : undefined;
  return { status: response.status, headers: response.headers, bytes, json, refusal };
}

function bodyOf(
  question: Question,
): { readonly mediaType: string; readonly body: Uint8Array } | undefined {
  if (question.raw) return question.raw;
  if (question.tls) return { mediaType: MEDIA_TYPE_TLS, body: question.tls };
  if (question.json === undefined) return undefined;
  const body = new TextEncoder().encode(JSON.stringify(question.json));
  return { mediaType: MEDIA_TYPE_JSON, body };
}

import type { ServerResponse } from "node:http";
import { MEDIA_TYPE_PROBLEM, problemOf } from "@treehouse/protocol";
import type { Refusal } from "@treehouse/protocol";
import type { AnswerForm } from "./form.ts";

/** On every answer. None of them is a page, and none may be kept by a cache. */
export function securityHeaders(secure: boolean): readonly string[] {
  const headers = Object.entries({
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
  }).flat();
  // Said over plain HTTP it would be ignored (RFC 6797 §7.2), and wrong where there is no HTTPS.
  return secure ? [...headers, "strict-transport-security", "max-age=31536000"] : headers;
}

export function writeAnswer(
  outgoing: ServerResponse,
  form: AnswerForm<unknown>,
  answer: unknown,
  headers: readonly string[],
): void {
  const body = form.encode(answer);
  if (body === undefined || form.mediaType === undefined) {
    outgoing.writeHead(form.status, [...headers]);
    outgoing.end();
    return;
  }
  outgoing.writeHead(form.status, [
    ...headers,
    "content-type",
    form.mediaType,
    "content-length",
    String(Buffer.byteLength(body)),
  ]);
  outgoing.end(body);
}

/** Answers a refusal as a problem of RFC 9457. */
export function writeProblem(
  outgoing: ServerResponse,
  refusal: Refusal,
  fixed: readonly string[],
  challenge: "Bearer" | "Signature",
): void {
  const problem = problemOf(refusal);
  const body = JSON.stringify(problem);
  const headers = [
    ...fixed,
    "content-type",
    MEDIA_TYPE_PROBLEM,
    "content-length",
    String(Buffer.byteLength(body)),
  ];
  const retryAfterMs = refusal.data.retryAfterMs;
  // RFC 9110 §10.2.3 has whole seconds; the problem itself has the milliseconds.
  if (retryAfterMs !== undefined) {
    headers.push("retry-after", String(Math.ceil(retryAfterMs / 1000)));
  }
  if (problem.status === 401) headers.push("www-authenticate", challenge);
  outgoing.writeHead(problem.status, headers);
  outgoing.end(body);
}

import {
  domainOf,
  MEDIA_TYPE_JSON,
  MEDIA_TYPE_TLS,
  parseProblem,
  PROOF_HEADER,
  requestProofMessage,
  toBase64Url,
} from "@treehouse/protocol";
import type { Bytes, Refusal } from "@treehouse/protocol";
import { testCrypto } from "./person.ts";
import type { Person } from "./person.ts";

export type Question = {
  readonly method?: "GET" | "POST" | "PUT" | "DELETE";
  readonly token?: string | undefined;
  /** The value of the header with which a client proves that it asks. */
  readonly proof?: string | undefined;
  readonly json?: unknown;
  readonly tls?: Uint8Array;
  /** The address from which a proxy says that it comes. */
  readonly from?: string | undefined;
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
      ...(question.from === undefined ? {} : { "x-forwarded-for": question.from }),
      ...(question.proof === undefined ? {} : { [PROOF_HEADER]: question.proof }),
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

export type Signer = Pick<Person, "user" | "client" | "clientKeys">;

/** Asks, and once more with the signature of the client's key when the server wants that. */
export async function askProved(
  signer: Signer,
  url: string,
  path: string,
  question: Question,
): Promise<Answer> {
  const first = await ask(url, path, question);
  const challenge = first.refusal?.data.challenge;
  if (challenge === undefined) return first;
  return ask(url, path, { ...question, proof: proofOf(signer, path, question, challenge) });
}

/** The header for a challenge, as the person's client would make it. */
export function proofOf(
  { user, client, clientKeys }: Signer,
  path: string,
  question: Question,
  challenge: string,
): string {
  const body = bodyOf(question)?.body;
  const method = question.method ?? (body ? "POST" : "GET");
  const message = requestProofMessage({
    server: domainOf(user),
    challenge,
    client,
    method,
    path,
    body: body ?? new Uint8Array(),
  });
  return `${challenge}.${toBase64Url(testCrypto.sign(clientKeys.privateKey, message))}`;
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

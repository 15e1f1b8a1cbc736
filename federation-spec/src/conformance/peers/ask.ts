import { hash } from "node:crypto";
import type { ClientRequest } from "node:http";
import { formatDigest, MEDIA_TYPE_TLS, toBase64Url, toHex } from "@treehouse/protocol";
import type { EndpointName } from "@treehouse/protocol";
import { random } from "../clients/person.ts";
import type { HttpCall, Header } from "../http/send.ts";
import { pathOf } from "../subject.ts";
import type { Subject } from "../subject.ts";
import type { PeerKey } from "./peer-key.ts";
import { profileForm, signatureHeaders } from "./sign-request.ts";
import type { SignatureFacts, SignatureForm, SignedParts } from "./sign-request.ts";

/** What a request asks, and how it differs from a good one. */
export interface Question {
  readonly endpoint: EndpointName;
  /** Of the endpoint's variable. */
  readonly value?: string | undefined;
  readonly body: Uint8Array;
  readonly transactionId?: string | undefined;
  readonly tweak?: Tweak | undefined;
}

/** Differences of a request, in the order in which they are made. */
export interface Tweak {
  /** Signed and sent so. */
  readonly signed?: Partial<SignedParts & SignatureFacts>;
  /** Signs instead of the key that `kid` names. */
  readonly key?: PeerKey;
  /** Another form of signature, whose octets are valid for it. */
  readonly form?: (form: SignatureForm) => SignatureForm;
  /** Sent so, after signing. */
  readonly sent?: {
    readonly method?: string;
    readonly host?: string;
    readonly path?: string;
    readonly body?: Uint8Array;
  };
  /** The headers as they go onto the wire. */
  readonly headers?: (headers: readonly Header[]) => readonly Header[];
  readonly write?: (request: ClientRequest) => void;
  readonly timeoutMs?: number;
}

/** A request of one of the suite's servers to the tested one, signed with this key. */
export function peerCall(subject: Subject, from: string, key: PeerKey, asked: Question): HttpCall {
  const { tweak = {}, body, transactionId = toHex(random(16)) } = asked;
  const { sent = {} } = tweak;
  const parts = {
    method: "POST",
    authority: subject.domain,
    path: pathOf(subject, asked.endpoint, asked.value),
    from: `mimi@${from}`,
    contentDigest: formatDigest(sha256(body)),
    transactionId,
    created: Math.floor(Date.now() / 1000),
    kid: key.kid,
    nonce: toBase64Url(random(16)),
    ...tweak.signed,
  };
  const form = profileForm(parts, parts);
  const signer = tweak.key ?? key;
  const signature = signatureHeaders(tweak.form?.(form) ?? form, signer.signing.sign);
  const headers: readonly Header[] = [
    ["host", sent.host ?? parts.authority],
    ["content-type", MEDIA_TYPE_TLS],
    ["from", parts.from],
    ["content-digest", parts.contentDigest],
    ["mimi-transaction-id", parts.transactionId],
    ["signature-input", signature["signature-input"]],
    ["signature", signature.signature],
  ];
  return {
    method: sent.method ?? parts.method,
    path: sent.path ?? parts.path,
    headers: tweak.headers?.(headers) ?? headers,
    body: sent.body ?? body,
    ...(tweak.write === undefined ? {} : { write: tweak.write }),
    ...(tweak.timeoutMs === undefined ? {} : { timeoutMs: tweak.timeoutMs }),
  };
}

/** Replaces the value of one header. */
export function withHeader(name: string, value: string | readonly string[]) {
  const values = typeof value === "string" ? [value] : value;
  return (headers: readonly Header[]): readonly Header[] => [
    ...headers.filter(([each]) => each !== name),
    ...values.map((each) => [name, each] as const),
  ];
}

export function sha256(octets: Uint8Array): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(hash("sha256", octets, "buffer"));
}

import {
  checkDigest,
  MEDIA_TYPE_TLS,
  parseDigest,
  parseFrom,
  parseSignature,
  parseTransactionId,
  Refusal,
  toHex,
  verifyRequest,
} from "@treehouse/protocol";
import type { Domain } from "@treehouse/protocol";
import type { Monitor } from "../monitor.ts";
import type { RuleId } from "../rule.ts";
import { verifySignature } from "../../signing-keys.ts";
import type { Subject } from "../subject.ts";
import type { ReceivedRequest } from "./host.ts";

const skewSeconds = 5;

/** Judges a request of the tested server by the rules that hold for each request between servers. */
export function judgeRequest(
  { monitor, subject }: { readonly monitor: Monitor; readonly subject: Subject },
  to: Domain,
  request: ReceivedRequest,
  nonces: Set<string>,
): void {
  const { headers, method, path, body } = request;
  const judge = (rule: RuleId, test: () => string | undefined): void => {
    monitor.judge(rule, faultOf(test));
  };
  judge("FED-901", () => {
    const host = headers["host"];
    return host?.length === 1 && host[0] === to
      ? undefined
      : `it asked with the Host ${host?.join()}`;
  });
  judge("FED-920", () => {
    if (method !== "POST") return `it asked with ${method}`;
    const type = headers["content-type"]?.[0];
    return type === MEDIA_TYPE_TLS ? undefined : `it asked with the media type ${type}`;
  });
  judge("FED-906", () =>
    parseFrom(headers) === subject.domain ? undefined : "it does not say that it is itself",
  );
  judge("FED-907", () => {
    if (headers["content-encoding"] !== undefined) return "it compressed a request";
    checkDigest(parseDigest(headers), body);
    return undefined;
  });
  judge("FED-908", () => {
    parseTransactionId(headers);
    return undefined;
  });
  judge("FED-905", () => {
    const signature = parseSignature(headers);
    const key = subject.directory?.keys.find(({ kid }) => kid === signature.kid);
    if (key === undefined) return "it signs with a key that its directory does not list";
    const now = Date.now();
    const isValid = key.notBefore <= now && (key.exp === undefined || now < key.exp);
    monitor.judge("FED-913", isValid ? undefined : "it signs with a key out of its time");
    const signed = {
      method,
      authority: to,
      path,
      from: parseFrom(headers),
      digest: parseDigest(headers),
      transactionId: parseTransactionId(headers),
    };
    if (!verifyRequest(signed, signature, key.x, verifySignature)) return "a signature is wrong";
    const nonce = toHex(signature.nonce);
    monitor.judge("FED-910", nonces.has(nonce) ? "it used a nonce twice" : undefined);
    nonces.add(nonce);
    return undefined;
  });
}

/** Whether the request was signed about now by the given clock, in seconds. */
export function isCreatedAt(request: ReceivedRequest, seconds: number): boolean {
  const { created } = parseSignature(request.headers);
  return Math.abs(created - seconds) <= skewSeconds;
}

function faultOf(test: () => string | undefined): string | undefined {
  try {
    return test();
  } catch (error) {
    if (error instanceof Refusal) return `a request of it is ${error.code}: ${error.message}`;
    throw error;
  }
}

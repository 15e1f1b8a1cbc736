import type { SignedHeaders, SignedRequest } from "@treehouse/protocol";
import {
  expandTemplate,
  parseDomain,
  peerRoutes,
  sha256,
  signatureBase,
  signRequest,
  toBase64,
  toHex,
} from "@treehouse/protocol";
import { federationKey } from "./directory-samples.ts";
import { hubDomain, octets, room, time } from "./sample-values.ts";
import { signingKeys } from "./signing-keys.ts";

/** A request as it was sent, with what it says and the text that was signed. */
export type SignedRequestVector = {
  readonly name: string;
  readonly method: string;
  readonly authority: string;
  readonly path: string;
  readonly body: string;
  readonly from: string;
  readonly transactionId: string;
  readonly created: number;
  readonly kid: string;
  readonly nonce: string;
  readonly base: string;
  readonly headers: readonly HeaderPair[];
};

/** A request that is refused, whatever the time, by whoever has the key. */
export type RefusedRequestVector = Pick<
  SignedRequestVector,
  "name" | "method" | "authority" | "path" | "body" | "headers"
> & { readonly rule: string; readonly code: "signatureInvalid" | "digestMismatch" };

export type HttpSignatureVectors = {
  readonly requests: readonly SignedRequestVector[];
  readonly refused: readonly RefusedRequestVector[];
};

type HeaderPair = readonly [name: string, value: string];

const body = octets(40);
const request: SignedRequest = {
  method: "POST",
  authority: parseDomain("b.example"),
  path: expandTemplate("update", peerRoutes.update, room),
  from: hubDomain,
  digest: sha256(body),
  transactionId: toHex(octets(16)),
};
const parameters = { created: time / 1000, kid: federationKey.kid, nonce: octets(16) };
const headers = signRequest(request, parameters, signingKeys.federation.sign);
const input = headers["signature-input"];

/** The rules of single headers; the others are FED-905's. */
const rules: ReadonlyMap<string, string> = new Map([
  ["from", "FED-906"],
  ["content-digest", "FED-907"],
  ["mimi-transaction-id", "FED-908"],
]);

/** The vectors of FED-905: all are signed with the key `federation`. */
export function httpSignatureVectors(): HttpSignatureVectors {
  const notify: SignedRequest = { ...request, path: peerRoutes.notify, digest: sha256(octets(0)) };
  return {
    requests: [
      signedVector("a request about a room", request, body),
      signedVector("an empty body", notify, octets(0)),
    ],
    refused: [
      ...altered(),
      ...otherForms().map(([name, change]) => {
        const [header = ""] = Object.keys(change);
        const rule = rules.get(header) ?? "FED-905";
        return refusedVector(rule, name, { headers: { ...headers, ...change } });
      }),
      refusedVector("FED-907", "another body", { body: octets(41) }),
      refusedVector("FED-905", "another method", { method: "PUT" }),
      refusedVector("FED-905", "for another server", { authority: "c.example" }),
      refusedVector("FED-905", "for another path", { path: `${request.path}/` }),
      refusedVector("FED-905", "with a query", { path: `${request.path}?a=1` }),
      refusedVector("FED-906", "signed with another key", {
        headers: signRequest(request, parameters, signingKeys.nextFederation.sign),
      }),
      refusedVector("FED-907", "a digest of another body, signed", {
        headers: signRequest(
          { ...request, digest: sha256(octets(41)) },
          parameters,
          signingKeys.federation.sign,
        ),
      }),
    ],
  };
}

function signedVector(
  name: string,
  signed: SignedRequest,
  content: Uint8Array,
): SignedRequestVector {
  const { digest: _, ...fields } = signed;
  const { nonce, ...rest } = parameters;
  return {
    name,
    ...fields,
    body: toHex(content),
    ...rest,
    nonce: toHex(nonce),
    base: signatureBase(signed, parameters),
    headers: pairsOf(signRequest(signed, parameters, signingKeys.federation.sign)),
  };
}

/** Each header missing, twice, joined with itself, and with an octet changed. */
function altered(): readonly RefusedRequestVector[] {
  return pairsOf(headers).flatMap(([name, value]) => {
    const others = pairsOf(headers).filter(([other]) => other !== name);
    const rule = rules.get(name) ?? "FED-905";
    const at = Math.floor(value.length / 2);
    const swapped = value[at] === "e" ? "f" : "e";
    const vector = (what: string, ...pairs: readonly HeaderPair[]) => ({
      ...refusedVector(rule, `${name} ${what}`, {}),
      headers: [...others, ...pairs],
    });
    return [
      vector("missing"),
      vector("twice", [name, value], [name, value]),
      vector("joined with itself", [name, `${value}, ${value}`]),
      vector("altered", [name, value.slice(0, at) + swapped + value.slice(at + 1)]),
    ];
  });
}

function otherForms(): readonly (readonly [string, Partial<SignedHeaders>])[] {
  const inputWith = (from: string, to: string) => ({ "signature-input": input.replace(from, to) });
  return [
    ["another label", inputWith("sig1", "sig2")],
    ["a component less", inputWith('"@path" ', "")],
    ["a component more", inputWith('"from"', '"from" "date"')],
    ["components in another order", inputWith('"@method" "@authority"', '"@authority" "@method"')],
    ["a component with a parameter", inputWith('"@path"', '"@path";req')],
    ["an algorithm", { "signature-input": `${input};alg="ed25519"` }],
    ["an end", { "signature-input": `${input};expires=1767225700` }],
    ["no nonce", inputWith(';nonce="AAECAwQFBgcICQoLDA0ODw"', "")],
    ["a nonce of 15 octets", inputWith("CQoLDA0ODw", "CQoLDA0O")],
    ["a nonce in another spelling", inputWith("CQoLDA0ODw", "CQoLDA0ODx")],
    ["another tag", inputWith("mimi-fed", "mimi")],
    [
      "parameters in another order",
      inputWith(
        `created=${parameters.created};keyid="2026-1"`,
        `keyid="2026-1";created=${parameters.created}`,
      ),
    ],
    ["a time with a zero before it", inputWith("created=", "created=0")],
    ["a time with a fraction", inputWith(";keyid", ".0;keyid")],
    ["a second signature", { "signature-input": `${input}, sig2=()` }],
    ["a signature of 63 octets", { signature: `sig1=:${toBase64(octets(63))}:` }],
    ["a transaction in capitals", { "mimi-transaction-id": request.transactionId.toUpperCase() }],
    ["a sender with a port", { from: `${headers.from}:443` }],
    ["a sender without mimi@", { from: hubDomain }],
  ];
}

function refusedVector(
  rule: string,
  name: string,
  change: {
    readonly method?: string;
    readonly authority?: string;
    readonly path?: string;
    readonly body?: Uint8Array;
    readonly headers?: SignedHeaders;
  },
): RefusedRequestVector {
  return {
    name,
    rule,
    method: change.method ?? request.method,
    authority: change.authority ?? request.authority,
    path: change.path ?? request.path,
    body: toHex(change.body ?? body),
    headers: pairsOf(change.headers ?? headers),
    code: rule === "FED-907" ? "digestMismatch" : "signatureInvalid",
  };
}

function pairsOf(record: SignedHeaders): readonly HeaderPair[] {
  return Object.entries(record);
}

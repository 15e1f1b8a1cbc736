import { type Bytes, fromBase64Url, toBase64Url, utf8Encode } from "@treehouse/protocol";
import type { Form } from "../target.ts";
import { textOf } from "./text.ts";

/** A request as an input: JSON, in which octets stand as base64url. */
export type Request = {
  /** Method and path as the server's own document has them. */
  readonly operation: string;
  /** What stands for the variable of the path. */
  readonly part: string;
  readonly query: string;
  /** Whether a session, or a server's key, stands behind it. */
  readonly known: boolean;
  readonly mediaType: string;
  readonly body: Bytes;
};

const octets = "base64url:";

/** Bodies that are JSON vary as JSON, the others as octets. */
export const requestForm: Form = {
  decode(input) {
    const value: unknown = JSON.parse(textOf(input));
    const request = requestOf(value);
    if (request === undefined) throw new TypeError("no request");
    return { ...request, body: jsonOf(request.body) ?? request.body };
  },
  encode(value) {
    if (typeof value !== "object" || value === null) throw new TypeError("no request");
    const body: unknown = Reflect.get(value, "body");
    const sent = body instanceof Uint8Array ? octets + toBase64Url(body) : JSON.stringify(body);
    return utf8Encode(JSON.stringify({ ...value, body: sent ?? "" }));
  },
};

export function encodeRequest(request: Request): Bytes {
  const body = octets + toBase64Url(request.body);
  return utf8Encode(JSON.stringify({ ...request, body }));
}

/** The request in an input, if it is one at all. */
export function decodeRequest(input: Bytes): Request | undefined {
  try {
    return requestOf(JSON.parse(textOf(input)));
  } catch {
    return undefined;
  }
}

function requestOf(value: unknown): Request | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const field = (name: string): unknown => Reflect.get(value, name);
  const text = (name: string): string => {
    const found = field(name);
    return typeof found === "string" ? found : "";
  };
  return {
    operation: text("operation"),
    part: text("part"),
    query: text("query"),
    known: field("known") === true,
    mediaType: text("mediaType"),
    body: bodyOf(text("body")),
  };
}

function bodyOf(text: string): Bytes {
  return text.startsWith(octets) ? fromBase64Url(text.slice(octets.length)) : utf8Encode(text);
}

function jsonOf(body: Bytes): unknown {
  if (body[0] !== 0x7b && body[0] !== 0x5b) return undefined;
  try {
    return JSON.parse(textOf(body));
  } catch {
    return undefined;
  }
}

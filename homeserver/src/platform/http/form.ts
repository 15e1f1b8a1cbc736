import { MEDIA_TYPE_JSON, MEDIA_TYPE_TLS, Refusal, utf8Decode } from "@treehouse/protocol";
import type { Bytes, LimitName } from "@treehouse/protocol";
import { z } from "zod";

/** How the body of a request is read. */
export interface BodyForm<B> {
  readonly mediaType: string;
  /** How many octets it may have. */
  readonly limitName: LimitName;
  /** What the API document says about it. */
  readonly schema: z.ZodType;
  /** Throws `Refusal("malformed")` for anything that is not of this form. */
  parse(bytes: Bytes): B;
}

/** How an answer is written. */
export interface AnswerForm<A> {
  readonly status: 200 | 201 | 204;
  readonly mediaType: string | undefined;
  readonly schema: z.ZodType | undefined;
  encode(answer: A): string | Uint8Array | undefined;
}

/** A JSON body; fields that the schema does not have are refused if it is strict. */
export function jsonBody<S extends z.ZodType>(schema: S): BodyForm<z.output<S>> {
  return {
    mediaType: MEDIA_TYPE_JSON,
    limitName: "jsonBodyBytesMax",
    schema,
    parse: (bytes) => parseWith(schema, jsonOf(bytes), "body"),
  };
}

/** A TLS-encoded struct, handed on as the octets that arrived. */
export function tlsBody(
  struct: string,
  limitName: LimitName = "requestBodyBytesMax",
): BodyForm<Bytes> {
  return { mediaType: MEDIA_TYPE_TLS, limitName, schema: binary(struct), parse: (bytes) => bytes };
}

export function jsonAnswer<S extends z.ZodType>(
  schema: S,
  status: 200 | 201 = 200,
): AnswerForm<z.input<S>> {
  return { status, mediaType: MEDIA_TYPE_JSON, schema, encode: (answer) => JSON.stringify(answer) };
}

/** A TLS-encoded struct; always an octet view, never an ArrayBuffer. */
export function tlsAnswer(struct: string): AnswerForm<Uint8Array> {
  return {
    status: 200,
    mediaType: MEDIA_TYPE_TLS,
    schema: binary(struct),
    encode: (answer) => answer,
  };
}

/** 204, for acts whose success says everything. */
export const noAnswer: AnswerForm<void> = {
  status: 204,
  mediaType: undefined,
  schema: undefined,
  encode: () => undefined,
};

/** Parses with a schema; the refusal names where the input is wrong and never quotes it. */
export function parseWith<S extends z.ZodType>(
  schema: S,
  value: unknown,
  what: string,
): z.output<S> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const places = parsed.error.issues.slice(0, 5).map((issue) => {
    const path = issue.path.map(String).join(".").slice(0, 80);
    if (issue.code !== "unrecognized_keys") return `${path || what} (${issue.code})`;
    return `${path || what} has unknown fields`;
  });
  throw new Refusal("malformed", `Not as documented: ${places.join(", ")}.`);
}

function jsonOf(bytes: Bytes): unknown {
  try {
    return JSON.parse(utf8Decode(bytes));
  } catch (error) {
    throw new Refusal("malformed", "The body is no JSON.", {}, { cause: error });
  }
}

function binary(struct: string): z.ZodType {
  return z.string().meta({ format: "binary", description: `\`${struct}\`, TLS-encoded` });
}

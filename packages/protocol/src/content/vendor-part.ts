import { type Bytes, utf8Decode, utf8Encode } from "../bytes/index.ts";
import { Refusal } from "../refusals/index.ts";
import {
  DISPOSITIONS,
  MEDIA_TYPE_TEXT,
  type MimiContent,
  type NestedPart,
  type SinglePart,
} from "./mimi-content.ts";

/** A part of a type of ours; what it holds is JSON. */
export function jsonPart(contentType: string, value: unknown, disposition: number): SinglePart {
  const content = utf8Encode(JSON.stringify(value));
  return { kind: "single", disposition, language: "", contentType, content };
}

/**
 * FED-832: something of a type that not everybody knows, and what those who do not are shown in its
 * place. The receiver takes the first that it understands.
 */
export function withFallback(part: SinglePart, fallback: string): NestedPart {
  const text: SinglePart = {
    kind: "single",
    disposition: DISPOSITIONS.render,
    language: "",
    contentType: MEDIA_TYPE_TEXT,
    content: utf8Encode(fallback),
  };
  return {
    kind: "multi",
    disposition: DISPOSITIONS.render,
    language: "",
    semantics: "chooseOne",
    parts: [part, text],
  };
}

/** The part that says what a message is: its only one, or the first of those to choose from. */
export function mainPart({ body }: MimiContent): SinglePart | undefined {
  if (body.kind === "single") return body;
  if (body.kind !== "multi" || body.semantics !== "chooseOne") return undefined;
  const [first] = body.parts;
  return first?.kind === "single" ? first : undefined;
}

/** What a part of ours holds; undefined where it is no JSON. */
export function jsonIn(bytes: Bytes): unknown {
  try {
    return JSON.parse(utf8Decode(bytes));
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof Refusal) return undefined;
    throw error;
  }
}

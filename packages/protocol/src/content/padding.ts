import { KIB } from "../units.ts";
import { encodeContent } from "./encode-content.ts";
import { DISPOSITIONS, type MimiContent, type MultiPart, type NestedPart } from "./mimi-content.ts";

/** Zeros that a receiver passes over. */
export const MEDIA_TYPE_PADDING = "application/vnd.treehouse.padding";

/** What a message takes for each of its files, previews included (FED-879). */
export const FILE_STEP_BYTES = 8 * KIB;
/** Beyond this length of the content, steps would not fit into a message. */
const paddedMax = 56 * KIB;

/**
 * FED-879: the same message with a last part of zeros, so long as the number of its files says, and
 * not what they are: a picture with its preview and a document have one length. What is longer goes to
 * the next step.
 */
export function padded(
  content: MimiContent & { readonly body: MultiPart },
  files: number,
): MimiContent {
  const { length } = encodeContent(withPadding(content, 0));
  // The head of a byte string of 256 octets or more takes two more than that of an empty one.
  const smallest = length + 2 + 256;
  const steps = Math.max(files, Math.ceil(smallest / FILE_STEP_BYTES));
  const wanted = Math.min(steps * FILE_STEP_BYTES, paddedMax);
  return withPadding(content, wanted < smallest ? 0 : wanted - length - 2);
}

function withPadding(
  content: MimiContent & { readonly body: MultiPart },
  octets: number,
): MimiContent {
  const padding: NestedPart = {
    kind: "single",
    disposition: DISPOSITIONS.unspecified,
    language: "",
    contentType: MEDIA_TYPE_PADDING,
    content: new Uint8Array(octets),
  };
  return { ...content, body: { ...content.body, parts: [...content.body.parts, padding] } };
}

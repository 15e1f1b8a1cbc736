import { LIMITS } from "../limits.ts";
import { Refusal } from "../refusals/index.ts";
import { ENDPOINTS } from "./endpoints.ts";
import type { EndpointName } from "./endpoints.ts";

/** Whether the text is a template of that endpoint: its variable once, and no other braces. */
export function isTemplate(endpoint: EndpointName, text: string): boolean {
  if (text.length > LIMITS.endpointBytesMax) return false;
  const variable = ENDPOINTS[endpoint];
  const rest = variable === undefined ? text : without(text, `{${variable}}`);
  return rest !== undefined && !rest.includes("{") && !rest.includes("}");
}

/**
 * The URL of an endpoint: the variable, a URI or a domain, percent-encoded as one segment.
 * "malformed" if the template is not one of that endpoint. Whether the URL may be asked at all (its
 * scheme, host and address) is for whoever asks.
 */
export function expandTemplate(
  endpoint: EndpointName,
  template: string,
  value: string | undefined,
): string {
  if (!isTemplate(endpoint, template)) {
    throw new Refusal("malformed", "not a template of that endpoint");
  }
  const variable = ENDPOINTS[endpoint];
  if (variable === undefined) return template;
  if (value === undefined) throw new TypeError(`${endpoint} needs a value for ${variable}`);
  return template.replace(`{${variable}}`, () => encodeURIComponent(value));
}

/** `undefined` unless the part occurs once. */
function without(text: string, part: string): string | undefined {
  const [before, after, ...more] = text.split(part);
  return before === undefined || after === undefined || more.length > 0
    ? undefined
    : before + after;
}

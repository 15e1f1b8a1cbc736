import type { Bytes } from "../bytes/index.ts";
import { checked, opaque, struct, u16, vector } from "../codec/index.ts";
import type { Codec } from "../codec/index.ts";
import { LIMITS } from "../limits.ts";

export type Component = { readonly component: number; readonly data: Bytes };

/** Components strictly ascending by their id. */
export type Dictionary = readonly Component[];

/** The codec of a dictionary (app_data_dictionary, SafeAAD) of at most so many octets. */
export function dictionaryCodec(bytesMax: number): Codec<Dictionary> {
  return checked(
    vector(struct<Component>({ component: u16, data: opaque({ max: bytesMax }) }), {
      bytesMax,
      countMax: LIMITS.dictionaryComponentsMax,
    }),
    (dictionary) => (isAscending(dictionary) ? undefined : "components that are not ascending"),
  );
}

/** The data of a component, if it is there. */
export function componentOf(dictionary: Dictionary, component: number): Bytes | undefined {
  return dictionary.find((item) => item.component === component)?.data;
}

function isAscending(dictionary: Dictionary): boolean {
  return dictionary.every(
    ({ component }, index) => index === 0 || component > (dictionary[index - 1]?.component ?? -1),
  );
}

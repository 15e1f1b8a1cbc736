import { toHex } from "@treehouse/protocol";
import type { Codec } from "@treehouse/protocol";
import { jsonValue } from "./json-value.ts";
import type { JsonValue } from "./json-value.ts";
import { structs } from "./structs.ts";
import type { StructName, StructValue } from "./structs.ts";

/** One value of a struct with its only encoding. */
export type Vector = {
  readonly name: string;
  readonly struct: StructName;
  readonly value: JsonValue;
  readonly hex: string;
};

type Codecs = { readonly [N in StructName]: Codec<StructValue<N>> };
const codecs: Codecs = structs;

export function vectorOf<N extends StructName>(
  struct: N,
  name: string,
  value: StructValue<N>,
): Vector {
  const codec: Codecs[N] = codecs[struct];
  return { name, struct, value: jsonValue(value), hex: toHex(codec.encode(value)) };
}

import { type Codec, equalBytes, fromHex } from "@treehouse/protocol";
import { loadVectors, structs } from "../../../../../federation-spec/src/index.ts";
import type { Form, Target } from "../target.ts";
import { named, split } from "./text.ts";

const codecs: Readonly<Record<string, Codec<unknown>>> = structs;

/** Every struct of the specification; the vectors are what an honest sender makes. */
const form: Form = {
  decode(input) {
    const { name, reader, rest } = split(codecs, input);
    return { name, value: reader.decode(rest) };
  },
  encode(value) {
    const { name, value: inner } = asNamed(value);
    return named(name, split(codecs, named(name, new Uint8Array(0))).reader.encode(inner));
  },
};

function asNamed(value: unknown): { readonly name: string; readonly value: unknown } {
  if (typeof value !== "object" || value === null) throw new TypeError("no struct");
  return { name: String(Reflect.get(value, "name")), value: Reflect.get(value, "value") };
}

export const structTarget: Target = {
  name: "structs",
  reads: "the codecs of all structs of the specification; what is taken has one encoding",
  async open() {
    const vectors = loadVectors().flatMap((family) => [...family.vectors, ...family.rejections]);
    return {
      seeds: vectors.map(({ struct, hex }) => named(struct, fromHex(hex))),
      form,
      judge(input) {
        const { reader, rest } = split(codecs, input);
        const copied = reader.decode(rest);
        if (!equalBytes(reader.encode(copied), rest)) {
          throw new Error("a value has two encodings (FED-102)");
        }
        reader.decode(rest, "sliced");
        return "taken";
      },
    };
  },
};

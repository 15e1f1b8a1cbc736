import { malformed } from "../codec/index.ts";
import { items, list, octets, text, uint } from "./cbor-fields.ts";
import type { CborValue } from "./cbor.ts";
import {
  CONTENT_BOUNDS,
  type ExternalPart,
  type NestedPart,
  partSemantics,
} from "./mimi-content.ts";

const UINT32_MAX = 0xffff_ffff;

export function decodePart(value: CborValue | undefined): NestedPart {
  const fields = list(value);
  const [dispositionField, languageField, cardinalityField] = fields;
  const disposition = uint(dispositionField, 255);
  const language = text(languageField);
  const cardinality = uint(cardinalityField, 3);
  switch (cardinality) {
    case 0:
      items(value, 3);
      return { kind: "null", disposition, language };
    case 1: {
      const [, , , contentType, content] = items(value, 5);
      return {
        kind: "single",
        disposition,
        language,
        contentType: text(contentType),
        content: octets(content),
      };
    }
    case 2:
      return decodeExternal(items(value, 15), disposition, language);
    default: {
      const [, , , index, parts] = items(value, 5);
      const semantics = partSemantics[uint(index, 255)];
      if (semantics === undefined) throw malformed("unknown part semantics");
      return {
        kind: "multi",
        disposition,
        language,
        semantics,
        parts: list(parts).map(decodePart),
      };
    }
  }
}

function decodeExternal(
  fields: readonly CborValue[],
  disposition: number,
  language: string,
): NestedPart {
  return {
    kind: "external",
    disposition,
    language,
    contentType: text(fields[3]),
    url: text(fields[4]),
    expires: uint(fields[5], UINT32_MAX),
    size: uint(fields[6], Number.MAX_SAFE_INTEGER),
    encAlg: uint(fields[7], 0xffff),
    key: octets(fields[8]),
    nonce: octets(fields[9]),
    aad: octets(fields[10]),
    hashAlg: uint(fields[11], 255),
    contentHash: octets(fields[12]),
    description: text(fields[13]),
    filename: text(fields[14]),
  };
}

export function partToCbor(part: NestedPart): CborValue {
  const { disposition, language } = part;
  switch (part.kind) {
    case "null":
      return [disposition, language, 0];
    case "single":
      return [disposition, language, 1, part.contentType, part.content];
    case "external":
      return [disposition, language, 2, ...externalFields(part)];
    case "multi": {
      const semantics = partSemantics.indexOf(part.semantics);
      return [disposition, language, 3, semantics, part.parts.map(partToCbor)];
    }
    default:
      return part satisfies never;
  }
}

function externalFields(part: ExternalPart): readonly CborValue[] {
  const { contentType, url, expires, size, encAlg, key, nonce, aad } = part;
  const { hashAlg, contentHash, description, filename } = part;
  const file = [contentType, url, expires, size, encAlg, key, nonce, aad];
  return file.concat([hashAlg, contentHash, description, filename]);
}

/** Says what is wrong with a tree of parts (FED-805 among others); `undefined` if nothing is. */
export function partsFault(root: NestedPart): string | undefined {
  let count = 0;
  const visit = (part: NestedPart, level: number): string | undefined => {
    if (++count > CONTENT_BOUNDS.partsMax) return "too many parts";
    if (level > CONTENT_BOUNDS.partDepthMax) return "parts nested too deeply";
    if (part.kind === "external" && part.encAlg === 0) {
      const plain = part.key.length + part.nonce.length + part.aad.length === 0;
      return plain ? undefined : "a key for a part that is not encrypted";
    }
    if (part.kind !== "multi") return undefined;
    if (part.parts.length < 2) return "a multipart of fewer than two parts";
    for (const inner of part.parts) {
      const fault = visit(inner, level + 1);
      if (fault !== undefined) return fault;
    }
    return undefined;
  };
  return visit(root, 1);
}

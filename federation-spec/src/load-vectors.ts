import { readdirSync, readFileSync } from "node:fs";
import type { DirectoryVectors } from "./directory-vectors.ts";
import type { Ed25519Vector } from "./ed25519-vectors.ts";
import type { HttpSignatureVectors } from "./http-signature-vectors.ts";
import type { HashVector, SignatureVector } from "./proof-vectors.ts";
import type { Rejection } from "./rejection-vectors.ts";
import type { SigningKeyName } from "./signing-keys.ts";
import type { Vector } from "./vector-of.ts";

const folder = new URL("../vectors/", import.meta.url);
const PROOFS = "proofs.json";

/** The vectors of one family of structs: encodings of values, and octets to be refused. */
export type VectorFamily = {
  readonly name: string;
  readonly vectors: readonly Vector[];
  readonly rejections: readonly Rejection[];
};

/** Labelled octets, hashes and signatures. */
export type ProofVectors = {
  readonly keys: Readonly<
    Record<SigningKeyName, { readonly seed: string; readonly publicKey: string }>
  >;
  readonly signatures: readonly SignatureVector[];
  readonly hashes: readonly HashVector[];
  readonly signedBytes: readonly {
    readonly label: string;
    readonly content: string;
    readonly bytes: string;
  }[];
  /** Where a generation begins whose former hub is gone, by an encoded GenerationClaim. */
  readonly firstPositions: readonly {
    readonly claim: string;
    readonly formerTerm: number;
    readonly firstPosition: number;
  }[];
  readonly safeAad: readonly { readonly name: string; readonly hex: string }[];
  /** Signatures, good and bad, on which verifiers disagree. */
  readonly ed25519: readonly Ed25519Vector[];
};

/** Reads the struct vectors, by family in the order of their names. */
export function loadVectors(): readonly VectorFamily[] {
  return vectorFileNames().flatMap((file) => {
    const content: Partial<VectorFamily> = JSON.parse(readVectorFile(file));
    const { vectors, rejections } = content;
    if (vectors === undefined || rejections === undefined) return [];
    return [{ name: file.replace(".json", ""), vectors, rejections }];
  });
}

/** Reads the vectors of labels, hashes and signatures. */
export function loadProofVectors(): ProofVectors {
  const content: ProofVectors = JSON.parse(readVectorFile(PROOFS));
  return content;
}

/** Reads the vectors of signed requests. */
export function loadHttpSignatureVectors(): HttpSignatureVectors {
  const content: HttpSignatureVectors = JSON.parse(readVectorFile("http-signature.json"));
  return content;
}

/** Reads the vectors of directories, their keys, templates and versions. */
export function loadDirectoryVectors(): DirectoryVectors {
  const content: DirectoryVectors = JSON.parse(readVectorFile("directory.json"));
  return content;
}

export function vectorFileNames(): readonly string[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith(".json"))
    .sort();
}

export function readVectorFile(file: string): string {
  return readFileSync(new URL(file, folder), "utf8");
}

import {
  type Bytes,
  checkCreated,
  commonVersion,
  type Directory,
  directorySchema,
  endpointNames,
  fromHex,
  parseDomain,
  parsePeerHeaders,
  parseSignature,
  type ReceivedHeaders,
  Refusal,
  utf8Encode,
  verifyRequest,
  VERSIONS,
} from "@treehouse/protocol";
import {
  loadDirectoryVectors,
  loadHttpSignatureVectors,
  loadProofVectors,
} from "../../../../../federation-spec/src/index.ts";
import { createNodeCrypto } from "@treehouse/mls/crypto/node";
import { checkAble, urlOf } from "../../../../../homeserver/src/peers/directory.ts";
import { ContactFault } from "../../../../../homeserver/src/peers/outbound/fault.ts";
import type { Target } from "../target.ts";
import { jsonForm, textOf } from "./text.ts";

type Asked = {
  readonly method: string;
  readonly authority: string;
  readonly path: string;
  readonly headers: readonly (readonly [string, string])[];
};

const seconds = 1_767_225_600;
const crypto = createNodeCrypto({ random: (length) => new Uint8Array(length) });
const verify = (...parts: Parameters<typeof crypto.verify>) => crypto.verify(...parts);

/** The headers of a request that another server signs, up to the verdict on its signature. */
export const requestTarget: Target = {
  name: "peer-requests",
  reads: "the headers that other servers sign their requests with, and the signature",
  async open() {
    const { requests, refused } = loadHttpSignatureVectors();
    const key = fromHex(loadProofVectors().keys.federation.publicKey);
    const asked = [...requests, ...refused].map((one): Asked => {
      const { method, authority, path, headers } = one;
      return { method, authority, path, headers };
    });
    return {
      seeds: asked.map((one) => utf8Encode(JSON.stringify(one))),
      form: jsonForm,
      judge(input) {
        const one = askedOf(input);
        if (one === undefined) return "no request";
        const received = Map.groupBy(one.headers, ([name]) => name.toLowerCase());
        const headers: ReceivedHeaders = Object.fromEntries(
          [...received].map(([name, all]) => [name, all.map(([, value]) => value)]),
        );
        const signed = {
          ...one,
          authority: parseDomain(one.authority),
          ...parsePeerHeaders(headers),
        };
        const signature = parseSignature(headers);
        checkCreated(signature.created, seconds * 1_000);
        return verifyRequest(signed, signature, key, verify) ? "valid" : "not signed";
      },
    };
  },
};

/** A request as JSON, if the input is one at all. */
function askedOf(input: Bytes): Asked | undefined {
  let value: unknown;
  try {
    value = JSON.parse(textOf(input));
  } catch {
    return undefined;
  }
  if (typeof value !== "object" || value === null) return undefined;
  const [method, authority, path, headers] = ["method", "authority", "path", "headers"].map(
    (name): unknown => Reflect.get(value, name),
  );
  if (typeof method !== "string" || typeof authority !== "string") return undefined;
  if (typeof path !== "string" || !Array.isArray(headers)) return undefined;
  const pairs = headers.flatMap((pair: unknown): (readonly [string, string])[] =>
    Array.isArray(pair) ? [[String(pair[0]), String(pair[1])]] : [],
  );
  return { method, authority, path, headers: pairs };
}

/** Another server's directory, and all that is made of it. */
export const directoryTarget: Target = {
  name: "directories",
  reads: "the directory documents of other servers, their templates and versions",
  async open() {
    const { directories, malformed } = loadDirectoryVectors();
    const documents = [...directories, ...malformed].map(({ document }) => document);
    return {
      seeds: documents.map((document) => utf8Encode(JSON.stringify(document))),
      form: jsonForm,
      judge(input) {
        let value: unknown;
        try {
          value = JSON.parse(textOf(input));
        } catch {
          return "no JSON";
        }
        const parsed = directorySchema.safeParse(value);
        if (!parsed.success) return "not a directory";
        use(parsed.data);
        return "taken";
      },
    };
  },
};

/** Whoever asks that server makes its URLs of this; they lead to no other host. */
function use(directory: Directory): void {
  commonVersion(VERSIONS, directory.versions);
  for (const endpoint of endpointNames) {
    try {
      checkAble(directory, { endpoint, body: new Uint8Array(9) });
      const { path } = urlOf(directory, endpoint, "mimi://b.example/r/../%2e%2e?x#y");
      if (!path.startsWith("/")) throw new Error("a path that begins elsewhere");
    } catch (error) {
      if (!(error instanceof Refusal) && !(error instanceof ContactFault)) throw error;
    }
  }
}

import { describe, expect, test } from "vitest";
import type { EndpointName, SignedRequest } from "@treehouse/protocol";
import {
  checkDigest,
  commonVersion,
  directorySchema,
  endpointNames,
  ENDPOINTS,
  expandTemplate,
  federationKeyCodec,
  fromHex,
  parseDomain,
  parsePeerHeaders,
  parseSignature,
  Reader,
  Refusal,
  sha256,
  signatureBase,
  signRequest,
  toHex,
  utf8Decode,
  verifyFederationKey,
  verifyRequest,
} from "@treehouse/protocol";
import type { RefusedRequestVector } from "../src/index.ts";
import {
  jsonValue,
  loadDirectoryVectors,
  loadHttpSignatureVectors,
  loadProofVectors,
  verifySignature,
} from "../src/index.ts";
import { readPage } from "../src/page-tables.ts";
import { signingKeyOf } from "../src/signing-keys.ts";

const { keys } = loadProofVectors();
const { requests, refused } = loadHttpSignatureVectors();
const { directories, malformed, certificates, templates, versions } = loadDirectoryVectors();
const federation = signingKeyOf(fromHex(keys.federation.seed));

type Received = Omit<RefusedRequestVector, "code" | "rule">;

/** What a receiver says that knows the key, and has all the time of the world. */
function judge({ method, authority, path, body, headers }: Received): string {
  const received = Object.fromEntries(
    [...Map.groupBy(headers, ([name]) => name)].map(([name, pairs]) => [
      name,
      pairs.map(([, value]) => value),
    ]),
  );
  try {
    const told = parsePeerHeaders(received);
    checkDigest(told.digest, fromHex(body));
    const signature = parseSignature(received);
    const request = { method, authority: parseDomain(authority), path, ...told };
    const { publicKey } = federation;
    const valid = verifyRequest(request, signature, publicKey, verifySignature);
    return valid ? "taken" : "signatureInvalid";
  } catch (error) {
    if (error instanceof Refusal) return error.code;
    throw error;
  }
}

describe("FED-905 a signed request", () => {
  test.each(requests)("is taken, and made from its values: $name", (vector) => {
    const { method, path, transactionId, created, kid } = vector;
    const request: SignedRequest = {
      method,
      authority: parseDomain(vector.authority),
      path,
      from: parseDomain(vector.from),
      digest: sha256(fromHex(vector.body)),
      transactionId,
    };
    const parameters = { created, kid, nonce: fromHex(vector.nonce) };
    expect(signatureBase(request, parameters)).toBe(vector.base);
    expect(Object.entries(signRequest(request, parameters, federation.sign))).toEqual(
      vector.headers,
    );
    expect(judge(vector)).toBe("taken");
  });

  test.each(refused)("$rule is refused: $name ($code)", (vector) => {
    expect(judge(vector)).toBe(vector.code);
  });
});

describe("FED-902 a directory", () => {
  test.each(directories)("is read: $name", ({ document }) => {
    expect(directorySchema.safeParse(document).error).toBeUndefined();
  });

  test.each(malformed)("is refused: $name", ({ document }) => {
    expect(directorySchema.safeParse(document).success).toBe(false);
  });
});

test("FED-904 the endpoints of some capabilities may be missing, and no others", () => {
  const { document } = directories[0] ?? { document: {} };
  const all = Object.fromEntries(endpointNames.map((name) => [name, endpointAt(name)]));
  const isRead = (endpoints: object) =>
    directorySchema.safeParse({ ...document, endpoints }).success;
  expect(isRead(all)).toBe(true);
  const rule = /\*\*FED-904\*\* .* may be missing;/.exec(readPage("09-servers.md"))?.[0] ?? "";
  expect(endpointNames.filter((name) => isRead({ ...all, [name]: undefined }))).toEqual(
    endpointNames.filter((name) => rule.includes(`\`${name}\``)),
  );
});

function endpointAt(name: EndpointName): string {
  const variable = ENDPOINTS[name];
  return `https://a.example/${name}${variable === undefined ? "" : `/{${variable}}`}`;
}

test.each(certificates)("FED-911 a certificate: $name", (vector) => {
  const reader = new Reader(fromHex(vector.message));
  expect(utf8Decode(reader.opaque(100))).toBe("Treehouse 1.0 FederationKeyTBS");
  const key = federationKeyCodec.decode(reader.opaque(1000));
  reader.finish();
  expect(jsonValue(key)).toEqual(vector.key);
  const certifier = fromHex(keys[vector.certifier].publicKey);
  expect(verifyFederationKey(key, fromHex(vector.certificate), certifier, verifySignature)).toBe(
    vector.valid,
  );
});

test.each(templates)("FED-904 a template of $endpoint: $template", (vector) => {
  const { endpoint, template, value, url } = vector;
  const expand = () => expandTemplate(endpoint, template, value ?? undefined);
  expect(outcomeOf(expand)).toBe(url ?? "malformed");
});

test.each(versions)("FED-918 of $ours and $theirs: $common", ({ ours, theirs, common }) => {
  expect(commonVersion(ours, theirs) ?? null).toBe(common);
  expect(commonVersion(theirs, ours) ?? null).toBe(common);
});

test("the keys of the vectors are those of their seeds", () => {
  expect(toHex(federation.publicKey)).toBe(keys.federation.publicKey);
});

function outcomeOf(run: () => string): string {
  try {
    return run();
  } catch (error) {
    if (error instanceof Refusal) return error.code;
    throw error;
  }
}

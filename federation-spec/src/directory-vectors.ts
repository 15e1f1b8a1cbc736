import type { DirectoryDocument, EndpointName, FederationKey } from "@treehouse/protocol";
import {
  certifyFederationKey,
  commonVersion,
  endpointNames,
  ENDPOINTS,
  expandTemplate,
  federationKeyCodec,
  LABELS,
  LIMITS,
  parseDomain,
  PEER_CAPABILITIES,
  peerRoutes,
  PROFILE,
  signedBytes,
  toBase64Url,
  toHex,
} from "@treehouse/protocol";
import { federationKey, nextFederationKey } from "./directory-samples.ts";
import { jsonValue } from "./json-value.ts";
import type { JsonValue } from "./json-value.ts";
import { bob, hubDomain, octets, room } from "./sample-values.ts";
import { signingKeys } from "./signing-keys.ts";
import type { SigningKeyName } from "./signing-keys.ts";

/** A certificate of a federation key, and whether the key that is named made it. */
export type CertificateVector = {
  readonly name: string;
  readonly certifier: SigningKeyName;
  readonly key: JsonValue;
  readonly message: string;
  readonly certificate: string;
  readonly valid: boolean;
};

export type DirectoryVectors = {
  readonly directories: readonly { readonly name: string; readonly document: object }[];
  readonly malformed: readonly { readonly name: string; readonly document: object }[];
  readonly certificates: readonly CertificateVector[];
  readonly templates: readonly {
    readonly endpoint: EndpointName;
    readonly template: string;
    readonly value: string | null;
    /** `null`: the template is malformed. */
    readonly url: string | null;
  }[];
  readonly versions: readonly {
    readonly ours: readonly string[];
    readonly theirs: readonly string[];
    readonly common: string | null;
  }[];
};

const certificate = certifyFederationKey(nextFederationKey, signingKeys.federation.sign);
const values = { domain: hubDomain, targetUser: bob, roomId: room };

function endpointsAt(base: string): DirectoryDocument["endpoints"] {
  const at = (name: EndpointName) => base + peerRoutes[name];
  return {
    keyMaterial: at("keyMaterial"),
    update: at("update"),
    notify: at("notify"),
    submitMessage: at("submitMessage"),
    groupInfo: at("groupInfo"),
    tree: at("tree"),
    leave: at("leave"),
    ephemeral: at("ephemeral"),
    events: at("events"),
    standing: at("standing"),
    identifierQuery: at("identifierQuery"),
  };
}

function jwk({ kid, key, notBefore, expires }: FederationKey) {
  return {
    kid,
    kty: "OKP" as const,
    crv: "Ed25519" as const,
    x: toBase64Url(key),
    notBefore,
    ...(expires === 0 ? {} : { exp: expires }),
  };
}

const first = jwk(federationKey);
const second = {
  ...jwk(nextFederationKey),
  certifiedBy: federationKey.kid,
  certificate: toBase64Url(certificate),
};

const document: DirectoryDocument = {
  profile: PROFILE,
  versions: [PROFILE],
  domain: hubDomain,
  capabilities: [...PEER_CAPABILITIES],
  keys: [first, second],
  countersigners: [{ kid: "2026-1", x: toBase64Url(signingKeys.server.publicKey) }],
  endpoints: endpointsAt(`https://${hubDomain}`),
  limits: {
    maxBody: LIMITS.peerBodyBytesMax,
    maxNotifyBody: LIMITS.notifyBodyBytesMax,
    eventRetentionSeconds: LIMITS.handshakeKeptMs / 1000,
  },
};

const changed = (name: string, changes: object) => ({
  name,
  document: { ...document, ...changes },
});
const endpoint = (changes: object) => ({ endpoints: { ...document.endpoints, ...changes } });

/** The vectors of page 9 beside signatures. */
export function directoryVectors(): DirectoryVectors {
  return {
    directories: [
      { name: "a key and the one that follows it", document },
      changed("members, endpoints, capabilities and keys that are not known", {
        versions: [PROFILE, "mimi-07+12", "something else"],
        capabilities: ["batches", "teleport"],
        keys: [
          { kid: "pq", kty: "AKP", alg: "ML-DSA-44", pub: "AA" },
          { ...first, use: "sig" },
        ],
        endpoints: { ...document.endpoints, moreOf: "https://a.example/{x}" },
        limits: { ...document.limits, more: "more" },
        news: null,
      }),
      changed("a server without ephemeral messages", endpoint({ ephemeral: undefined })),
      changed("no key for now", { keys: [], countersigners: [] }),
    ],
    malformed: malformedDirectories(),
    certificates: certificateVectors(),
    templates: templateVectors(),
    versions: [
      version([PROFILE], [PROFILE]),
      version(["mimi-06+1", "mimi-06+2"], ["mimi-06+2", "mimi-06+1"]),
      version(["mimi-06+9", "mimi-06+10"], ["mimi-06+10", "mimi-06+9"]),
      version(["mimi-06+9", "mimi-07+1"], ["mimi-07+1", "mimi-06+9"]),
      version(["mimi-06+1"], ["mimi-06+2"]),
      version(["something else"], ["something else"]),
    ],
  };
}

function malformedDirectories() {
  const { domain: _, ...nameless } = document;
  return [
    { name: "no object", document: [document] },
    { name: "no domain", document: nameless },
    changed("a domain with a port", { domain: "a.example:443" }),
    changed("an address for a domain", { domain: "127.0.0.1" }),
    changed("no version", { versions: [] }),
    changed("17 versions", {
      versions: Array.from({ length: 17 }, (__, index) => `mimi-06+${index + 1}`),
    }),
    changed("17 keys", {
      keys: Array.from({ length: 17 }, (__, index) => ({ ...first, kid: String(index) })),
    }),
    changed("a kid twice", { keys: [first, first] }),
    changed("a kid with a quote", { keys: [{ ...first, kid: '"' }] }),
    changed("a kid of 65 characters", { keys: [{ ...first, kid: "a".repeat(65) }] }),
    changed("a key of 31 octets", { keys: [{ ...first, x: toBase64Url(octets(31)) }] }),
    changed("a key with padding", { keys: [{ ...first, x: `${first.x}=` }] }),
    changed("a key without time", { keys: [{ ...first, notBefore: undefined }] }),
    changed("a time with a fraction", { keys: [{ ...first, notBefore: 0.5 }] }),
    changed("a certificate of 63 octets", {
      keys: [first, { ...second, certificate: toBase64Url(octets(63)) }],
    }),
    changed("an endpoint less", endpoint({ notify: undefined })),
    changed("a template without its variable", endpoint({ update: "https://a.example/update" })),
    changed(
      "a template with its variable twice",
      endpoint({ update: "https://a.example/{roomId}/{roomId}" }),
    ),
    changed(
      "a template with another variable",
      endpoint({ notify: "https://a.example/{roomId}/notify" }),
    ),
    changed("no limits", { limits: undefined }),
  ];
}

function certificateVectors(): readonly CertificateVector[] {
  const other = { ...nextFederationKey, domain: parseDomain("b.example") };
  const vector = (
    name: string,
    key: FederationKey,
    certifier: SigningKeyName,
    valid: boolean,
  ): CertificateVector => ({
    name,
    certifier,
    key: jsonValue(key),
    message: toHex(signedBytes(LABELS.federationKey, federationKeyCodec.encode(key))),
    certificate: toHex(certificate),
    valid,
  });
  return [
    vector("the key that follows, by the one before", nextFederationKey, "federation", true),
    vector("the same by itself", nextFederationKey, "nextFederation", false),
    vector("the same for another domain", other, "federation", false),
    vector("with another kid", { ...nextFederationKey, kid: "2026-3" }, "federation", false),
    vector("valid earlier", { ...nextFederationKey, notBefore: 0 }, "federation", false),
    vector("valid for ever", { ...nextFederationKey, expires: 0 }, "federation", false),
  ];
}

function templateVectors(): DirectoryVectors["templates"] {
  const good = endpointNames.flatMap((name) => {
    const template = document.endpoints[name];
    if (template === undefined) return [];
    const variable = ENDPOINTS[name];
    const value = variable === undefined ? undefined : values[variable];
    const url = expandTemplate(name, template, value);
    return { endpoint: name, template, value: value ?? null, url };
  });
  const bad = [
    "https://a.example/",
    "https://a.example/{room}",
    "https://a.example/{roomId}{roomId}",
    "https://a.example/{roomId}/{",
    `https://a.example/${"a".repeat(2048)}{roomId}`,
  ];
  return [
    ...good,
    ...bad.map((template) => ({ endpoint: "update" as const, template, value: room, url: null })),
  ];
}

function version(ours: readonly string[], theirs: readonly string[]) {
  return { ours, theirs, common: commonVersion(ours, theirs) ?? null };
}

import { isIP } from "node:net";
import { parseDomain } from "@treehouse/protocol";
import { z } from "zod";
import { assetSettings } from "./asset-settings.ts";
import { about, described, path } from "./described.ts";
import type { About } from "./described.ts";
import { isLoopbackUrl } from "./loopback.ts";

const isDomain = (text: string): boolean => {
  try {
    parseDomain(text);
    return true;
  } catch {
    return false;
  }
};
const domain = z.string().refine(isDomain).transform(parseDomain);
const port = z.int().min(0).max(65_535);
const address = z.string().min(1).max(253);
const httpUrl = z.url({ protocol: /^https?$/ });

/** Every setting. Sections and keys are written as in the file; each has a default. */
export const settingsSchema = z.strictObject({
  server: z
    .strictObject({
      domain: described(
        domain.prefault("localhost"),
        "a domain name such as example.org, in lower case",
        "The name behind the @ in its users' addresses. A name, never an address; it can never change.",
      ),
      host: described(
        address.default("127.0.0.1"),
        "an address of this machine, such as 127.0.0.1 or 0.0.0.0",
        "Where the server listens. Put a proxy that speaks HTTPS in front of it, or fill in `[tls]`.",
      ),
      port: described(
        port.default(4280),
        "a whole number from 0 to 65535",
        "Port of the client API; 0 takes any free one.",
      ),
      public_url: described(
        httpUrl.default("http://127.0.0.1:4280"),
        "a URL such as https://chat.example.org",
        "How clients reach the server. With https, browsers are told to insist on it.",
      ),
      trusted_proxies: described(
        z.array(z.string().refine((text) => isIP(text) !== 0)).default([]),
        'a list of IP addresses such as ["127.0.0.1"]',
        "Proxies whose X-Forwarded-For header is believed, for rate limits per address.",
      ),
      web_origins: described(
        z
          .array(
            z.union([
              z.literal("*"),
              z.url({ protocol: /^https?$/ }).transform((url) => new URL(url).origin),
            ]),
          )
          .default([]),
        'a list of origins such as ["https://chat.example.org"], or ["*"]',
        "Web apps that may use the client API from pages of their own origin, or all of them. Pages " +
          "of the server's own origin always may. Who they are for is still told by their session " +
          "alone: browsers are not asked for cookies.",
      ),
    })
    .prefault({}),
  tls: z
    .strictObject({
      certificate: described(
        path(),
        "a path, or nothing",
        "PEM file with the server's certificate and those that lead to its authority. With it the " +
          "server speaks HTTPS itself; a file that is renewed is taken within ten seconds, and no " +
          "connection ends.",
      ),
      key: described(
        path(),
        "a path, or nothing",
        "PEM file with the key of that certificate, without a passphrase.",
      ),
    })
    .prefault({}),
  storage: z
    .strictObject({
      directory: described(
        z.string().min(1).default("./data"),
        "a path",
        "Where the database and the server's secret keys lie; relative to the working directory.",
      ),
      reserve_mib: described(
        z.int().min(1).max(65_536).default(64),
        "a whole number of MiB, 1 at least",
        "Room in that directory that is kept aside, so that deletions still work when the disk is " +
          "full. Less than 64 may not do for a busy server.",
      ),
    })
    .prefault({}),
  sealing: z
    .strictObject({
      key_file: described(
        path(),
        "a path, or nothing",
        "File with the keys under which authenticator secrets, e-mail addresses and the like are " +
          "sealed in the database; one a line, 64 hexadecimal digits, the current one first. It " +
          "lies outside of the data directory, so that a copy of that does not open them, and only " +
          "its owner may read it. It is made at the first start. By default it is named like the " +
          "data directory with `.sealing-keys` behind it.",
      ),
    })
    .prefault({}),
  mail: z
    .strictObject({
      smtp_url: described(
        z.union([z.literal(""), z.url({ protocol: /^smtps?$/ })]).default(""),
        "a URL such as smtps://user:password@mail.example.org, or nothing",
        "The server that sends mail, with the codes for e-mail addresses. With `smtp:` the connection " +
          "must become TLS, except on loopback. Without it no address can be added. The variable " +
          "keeps the password out of the file.",
      ),
      from: described(
        z.string().max(320).default(""),
        'an address such as "Treehouse <chat@example.org>"',
        "Whom these mails come from; needed with `smtp_url`.",
      ),
      password_file: described(
        path(),
        "a path, or nothing",
        "A file that holds the password for that server and nothing else, instead of one in " +
          "`smtp_url`, which then names the user alone.",
      ),
      reset_delay_hours: described(
        z.int().min(24).max(72).default(24),
        "a whole number of hours from 24 to 72",
        "How long a password's reset by e-mail waits if a client of the account was in use within " +
          "30 days: until then each of them can stop it.",
      ),
    })
    .prefault({}),
  registration: z
    .strictObject({
      mode: described(
        z.enum(["invite", "oidc", "open"]).default("invite"),
        '"invite", "oidc" or "open"',
        "Who may register: only bearers of an invite token, beside them whoever logs in at the " +
          "provider of `[oidc]`, once each, or anybody who reaches the server.",
      ),
    })
    .prefault({}),
  oidc: z
    .strictObject({
      issuer: described(
        z
          .union([z.literal(""), z.url({ protocol: /^https$/ }), z.string().refine(isLoopbackUrl)])
          .default(""),
        "a URL such as https://id.example.org, or nothing",
        "The issuer of an OpenID Connect provider, with whose accounts users can prove theirs: to " +
          "register, and as a second factor. It never gives keys, and opens no message.",
      ),
      client_id: described(
        z.string().max(256).default(""),
        "a text, or nothing",
        "What the provider calls this server; needed with `issuer`. Register it there with the " +
          "redirect address http://127.0.0.1/callback, at any port (RFC 8252), and those below.",
      ),
      client_secret: described(
        z.string().max(1024).default(""),
        "a text, or nothing",
        "The secret that goes with it; nothing for a public client. The variable keeps it out of " +
          "the file. It is never stored.",
      ),
      client_secret_file: described(
        path(),
        "a path, or nothing",
        "A file that holds that secret and nothing else, instead of `client_secret`.",
      ),
      redirect_uris: described(
        z.array(z.url({ protocol: /^https$/ })).default([]),
        'a list of URLs such as ["https://chat.example.org/callback"]',
        "Addresses beside loopback to which the provider may send a browser back, exactly.",
      ),
    })
    .prefault({}),
  limits: z
    .strictObject({
      registrations_per_address: described(
        z.int().min(1).max(1_000_000).default(6),
        "a whole number, 1 at least",
        "Registrations that one network address may begin at once; one more every 30 seconds. Raise " +
          "it while many people register behind one address, such as a school's.",
      ),
      key_package_uploads: described(
        z.int().min(1).max(1_000_000).default(6),
        "a whole number, 1 at least",
        "Uploads of KeyPackages, of up to 100 each, that one client may make in 10 minutes.",
      ),
      claims_per_pair: described(
        z.int().min(1).max(1_000_000).default(10),
        "a whole number, 1 at least",
        "How often in an hour one user may fetch KeyPackages of another: once for each conversation " +
          "that the other one is added to.",
      ),
    })
    .prefault({}),
  assets: assetSettings,
  passkeys: z
    .strictObject({
      rp_id: described(
        z.string().max(253).default(""),
        "a host name such as example.org, or nothing",
        "The name that passkeys are made for: the host of the web clients, or a domain above it. By " +
          "default the host of `server.public_url`. Passkeys of another name are lost.",
      ),
      origins: described(
        z
          .array(z.url({ protocol: /^https?$/ }).transform((url) => new URL(url).origin))
          .default([]),
        'a list of origins such as ["https://chat.example.org"]',
        "Where web clients are loaded from that may ask for passkeys. By default `server.public_url`.",
      ),
    })
    .prefault({}),
  contacts: z
    .strictObject({
      local: described(
        z.enum(["implied", "ask"]).default("implied"),
        '"implied" or "ask"',
        "Whether users of this server may add each other without asking, or need leave like users " +
          'of other servers do. A server that is open to the public should set "ask".',
      ),
    })
    .prefault({}),
  federation: z
    .strictObject({
      mode: described(
        z.enum(["open", "allow", "closed"]).default("open"),
        '"open", "allow" or "closed"',
        "With which other servers this one speaks: with all that are not denied, with those alone " +
          "that are allowed, or with none. Rules are made with `treehouse fed`.",
      ),
      port: described(
        z.literal([443, 8448]).default(443),
        "443 or 8448",
        "The port at which other servers reach this one's endpoints under its domain. The " +
          "directory is always asked for at 443.",
      ),
      authentication: described(
        z.enum(["signature", "mtls"]).default("signature"),
        '"signature" or "mtls"',
        "How other servers prove who they are: by signatures, which pass through proxies, or by " +
          "certificates in TLS, which needs `[tls]` and `ca`.",
      ),
      ca: described(
        path(),
        "a path, or nothing",
        "PEM file with authorities that are trusted for other servers: beside those of Node when " +
          "this server connects, and alone for the certificates that others show with `mtls`.",
      ),
      key_age_days: described(
        z.int().min(1).max(3650).default(90),
        "a whole number of days, 1 at least",
        "The age at which the key that signs requests to other servers is replaced.",
      ),
      development: described(
        z
          .strictObject({
            peers: z.record(z.string().refine(isDomain), z.string().refine(isLoopbackUrl)),
          })
          .default({ peers: {} }),
        'a table such as { peers = { "b.example" = "http://127.0.0.1:4380" } }',
        "For development only: servers that are reached at a loopback URL, over plain HTTP if it " +
          "says so, instead of their own name. Refused unless this server listens on loopback " +
          "addresses alone.",
        "development.peers",
      ),
    })
    .prefault({}),
  log: z
    .strictObject({
      level: described(
        z.enum(["debug", "info", "warn", "error", "silent"]).default("info"),
        '"debug", "info", "warn", "error" or "silent"',
        "Least level of what is written to standard error, one JSON object per line.",
      ),
    })
    .prefault({}),
  metrics: z
    .strictObject({
      enabled: described(
        z.boolean().default(true),
        "true or false",
        "Whether Prometheus metrics are served, on a port of their own.",
      ),
      host: described(
        address.default("127.0.0.1"),
        "an address of this machine, such as 127.0.0.1",
        "Where metrics are served. They are for the operator: keep them off the public network.",
      ),
      port: described(
        port.default(4281),
        "a whole number from 0 to 65535",
        "Port of the metrics; 0 takes any free one.",
      ),
    })
    .prefault({}),
});

/** Everything that can be configured, checked, with defaults filled in. */
export type Config = z.output<typeof settingsSchema>;

/** One setting as the operator meets it. */
export interface Setting extends About {
  readonly section: string;
  readonly key: string;
  readonly schema: z.ZodType;
  readonly fallback: unknown;
}

/** All settings in the order of the reference. */
export const settings: readonly Setting[] = Object.entries(settingsSchema.shape).flatMap(
  ([section, fields]) =>
    Object.entries(fields.unwrap().shape).map(([key, schema]: [string, z.ZodType]) => ({
      section,
      key,
      schema,
      fallback: schema.parse(undefined),
      ...(about.get(schema) ?? { expected: "another value", help: "" }),
    })),
);

/** The environment variable that overrides a setting. */
export function variableOf({ section, key }: Setting): string {
  return `TREEHOUSE__${section.toUpperCase()}__${key.toUpperCase()}`;
}

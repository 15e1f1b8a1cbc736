import { createPrivateKey, X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { createSecureContext, rootCertificates } from "node:tls";
import type { Env } from "@treehouse/protocol";
import { errorFields } from "../env/log.ts";

/** The PEM files that cannot be used. The message says what the operator can do. */
export class TlsRefused extends Error {
  override readonly name = "TlsRefused";
}

export interface TlsPaths {
  /** The server's certificate with those that lead to its authority, and its key. */
  readonly own?: { readonly certificate: string; readonly key: string };
  /** Certificates of authorities that are trusted beside the ones that Node brings. */
  readonly authorities?: string;
}

/** What the files held when they were last good. */
export interface TlsMaterial {
  readonly own: { readonly cert: string; readonly key: string } | undefined;
  /** Only those of the file. */
  readonly authorities: readonly string[];
  /** Whom to believe when a server shows its certificate: those of the file and of Node. */
  readonly trusted: readonly string[];
}

/** Keys and certificates that follow their files. */
export interface TlsFiles {
  readonly current: TlsMaterial;
  /** Takes what the files hold now, if that can be used; answers whether it was something new. */
  reload(): boolean;
  /** Called after each change. */
  onChange(run: (material: TlsMaterial) => void): void;
}

/** Reads the files; throws `TlsRefused` when they cannot be used from the start. */
export function openTlsFiles(paths: TlsPaths, env: Pick<Env, "log" | "metrics">): TlsFiles {
  const expiry = env.metrics.gauge(
    "treehouse_tls_certificate_expires",
    "When the server's certificate ends, in seconds since the Unix epoch.",
  );
  const listeners: ((material: TlsMaterial) => void)[] = [];
  let current = readMaterial(paths);
  told(current);

  function told({ own }: TlsMaterial): void {
    if (own === undefined) return;
    expiry.set(Date.parse(new X509Certificate(own.cert).validTo) / 1_000);
  }

  return {
    get current() {
      return current;
    },
    reload() {
      let next: TlsMaterial;
      try {
        next = readMaterial(paths);
      } catch (error) {
        // Certificate and key are two files: between the two writes they do not belong together.
        env.log.warn("certificateNotReloaded", errorFields(error));
        return false;
      }
      if (JSON.stringify(next) === JSON.stringify(current)) return false;
      current = next;
      told(current);
      for (const run of listeners) run(current);
      env.log.info("certificateReloaded");
      return true;
    },
    onChange: (run) => void listeners.push(run),
  };
}

function readMaterial(paths: TlsPaths): TlsMaterial {
  const authorities =
    paths.authorities === undefined ? [] : certificatesIn(paths.authorities, "federation.ca");
  const own =
    paths.own === undefined
      ? undefined
      : {
          cert: certificatesIn(paths.own.certificate, "tls.certificate").join(""),
          key: read(paths.own.key, "tls.key"),
        };
  if (own !== undefined) checkPair(own, paths.own);
  return { own, authorities, trusted: [...rootCertificates, ...authorities] };
}

function checkPair(own: { readonly cert: string; readonly key: string }, paths: TlsPaths["own"]) {
  try {
    if (!new X509Certificate(own.cert).checkPrivateKey(createPrivateKey(own.key))) {
      throw new TlsRefused(
        `The key in ${paths?.key} (tls.key) is not the one of the certificate in ` +
          `${paths?.certificate} (tls.certificate). Name the two files of one pair.`,
      );
    }
    createSecureContext(own);
  } catch (error) {
    if (error instanceof TlsRefused) throw error;
    throw new TlsRefused(
      `The key in ${paths?.key} (tls.key) cannot be used. It must be PEM, without a passphrase.`,
      { cause: error },
    );
  }
}

function certificatesIn(path: string, setting: string): readonly string[] {
  const text = read(path, setting);
  const found = text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  try {
    for (const certificate of found) void new X509Certificate(certificate);
    if (found.length > 0) return found.map((certificate) => `${certificate}\n`);
  } catch (error) {
    throw new TlsRefused(`${path} (${setting}) has a certificate that is none.`, { cause: error });
  }
  throw new TlsRefused(`${path} (${setting}) has no certificate. It must be PEM.`);
}

function read(path: string, setting: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw new TlsRefused(
      `${path} (${setting}) cannot be read. The user of the server must be allowed to.`,
      { cause: error },
    );
  }
}

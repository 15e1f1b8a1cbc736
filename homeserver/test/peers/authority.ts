// oxlint-disable-next-line import/no-unassigned-import -- x509 needs it and does not bring it
import "reflect-metadata";
import { createPrivateKey } from "node:crypto";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
} from "@peculiar/x509";
import type { X509Certificate } from "@peculiar/x509";

const { crypto } = globalThis;
const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
const day = 86_400_000;

/** An authority that exists for one test. */
export interface Authority {
  /** Its certificate, in PEM. */
  readonly pem: string;
  /** A certificate for these names with its key, in PEM, good for servers and clients. */
  issue(names: readonly string[], options?: { readonly expired?: boolean }): Promise<Pair>;
}

export interface Pair {
  readonly cert: string;
  readonly key: string;
}

export async function createAuthority(name = "Test Authority"): Promise<Authority> {
  const keys = await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const own = await X509CertificateGenerator.createSelfSigned({
    serialNumber: "01",
    name: `CN=${name}`,
    notBefore: new Date(Date.now() - day),
    notAfter: new Date(Date.now() + 30 * day),
    keys,
    signingAlgorithm: algorithm,
    extensions: [
      new BasicConstraintsExtension(true, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
    ],
  });
  let serial = 1;
  return {
    pem: pemOf(own),
    async issue(names, { expired = false } = {}) {
      const pair = await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
      const certificate = await X509CertificateGenerator.create({
        serialNumber: (serial += 1).toString(16).padStart(2, "0"),
        subject: `CN=${names[0]}`,
        issuer: own.subject,
        notBefore: new Date(Date.now() - 10 * day),
        notAfter: new Date(Date.now() + (expired ? -day : day)),
        signingKey: keys.privateKey,
        publicKey: pair.publicKey,
        signingAlgorithm: algorithm,
        extensions: [
          new SubjectAlternativeNameExtension(names.map((value) => ({ type: "dns", value }))),
          new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth, ExtendedKeyUsage.clientAuth]),
        ],
      });
      const der = await crypto.subtle.exportKey("pkcs8", pair.privateKey);
      const key = createPrivateKey({ key: Buffer.from(der), format: "der", type: "pkcs8" });
      return {
        cert: pemOf(certificate),
        key: String(key.export({ format: "pem", type: "pkcs8" })),
      };
    },
  };
}

/** Files of a server with TLS, which a test writes anew. */
export interface PairFiles {
  readonly certificate: string;
  readonly key: string;
  write(pair: Pair): void;
}

export function writePair(pair: Pair): PairFiles {
  const folder = mkdtempSync(join(tmpdir(), "treehouse-tls-"));
  const files = { certificate: join(folder, "cert.pem"), key: join(folder, "key.pem") };
  const write = ({ cert, key }: Pair): void => {
    writeFileSync(files.certificate, cert);
    writeFileSync(files.key, key);
  };
  write(pair);
  return { ...files, write };
}

export function writeAuthority({ pem }: Authority): string {
  const file = join(mkdtempSync(join(tmpdir(), "treehouse-ca-")), "ca.pem");
  writeFileSync(file, pem);
  return file;
}

function pemOf(certificate: X509Certificate): string {
  return `${certificate.toString("pem")}\n`;
}

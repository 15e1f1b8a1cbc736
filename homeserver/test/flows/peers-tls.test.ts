import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect } from "node:tls";
import { beforeAll, expect, test } from "vitest";
import { createNodeEnv, openTlsFiles, TlsRefused } from "../../src/platform/index.ts";
import type { TlsFiles } from "../../src/platform/index.ts";
import { createAuthority, writeAuthority, writePair } from "../peers/authority.ts";
import type { Authority, PairFiles } from "../peers/authority.ts";
import { openRig } from "../peers/rig.ts";
import { startProgram } from "../program/start.ts";
import type { Network, Rig, RigOptions } from "../peers/rig.ts";

let authority: Authority;
let stranger: Authority;
beforeAll(async () => {
  authority = await createAuthority();
  stranger = await createAuthority("Nobody's");
});

const silent = createNodeEnv({ log: { level: "silent" } });
const call = {
  endpoint: "notify",
  body: Uint8Array.of(7),
  timeoutMs: 5_000,
  answerBytesMax: 1_000,
} as const;

interface TlsRigOptions extends RigOptions {
  /** Whose certificate it shows; of its own name unless others are given. */
  readonly by?: Authority;
  readonly names?: readonly string[];
  readonly expired?: boolean;
  /** Shows no certificate to other servers. */
  readonly anonymous?: boolean;
}

async function openTlsRig(
  name: string,
  network: Network,
  options: TlsRigOptions = {},
): Promise<Rig & { readonly pair: PairFiles; readonly tlsFiles: TlsFiles }> {
  const { by = authority, names = [name], expired = false, anonymous = false, ...rest } = options;
  const pair = writePair(await by.issue(names, { expired }));
  const tlsFiles = openTlsFiles({ own: pair, authorities: writeAuthority(authority) }, silent);
  const isMutual = rest.authentication === "mtls";
  const rig = await openRig(name, network, {
    ...rest,
    tls: { files: tlsFiles, asksForCertificate: isMutual },
    credentials: () => ({
      trusted: tlsFiles.current.trusted,
      own: isMutual && !anonymous ? tlsFiles.current.own : undefined,
    }),
  });
  return Object.assign(rig, { pair, tlsFiles });
}

/** The answer of a server over a connection of its own, and which certificate it showed. */
async function look(url: string, servername: string): Promise<string> {
  const { hostname, port } = new URL(url);
  const options = { host: hostname, port: Number(port), servername, ca: authority.pem };
  const socket = connect(options);
  await once(socket, "secureConnect");
  const { serialNumber } = socket.getPeerCertificate();
  socket.destroy();
  return serialNumber;
}

test("R-013 FED-916 servers with TLS reach each other, each by its name's certificate", async () => {
  const network: Network = new Map();
  await using a = await openTlsRig("a.example", network);
  await using b = await openTlsRig("b.example", network);
  expect(b.url).toMatch(/^https:/);
  await expect(a.peers.post(b.domain, call)).resolves.toEqual(call.body);
  await expect(b.peers.post(a.domain, call)).resolves.toEqual(call.body);
});

test.each([
  ["of another name", { names: ["other.example"] }],
  ["of a name above", { names: ["example"] }],
  ["of an authority that nobody trusts", { by: "stranger" }],
  ["that is over", { expired: true }],
] as const)(
  "FED-916 a server with a certificate %s is told nothing",
  async (_what, { by, ...how }: { by?: string; names?: readonly string[]; expired?: boolean }) => {
    const network: Network = new Map();
    await using a = await openTlsRig("a.example", network);
    await using b = await openTlsRig("b.example", network, {
      ...how,
      ...(by === undefined ? {} : { by: stranger }),
    });
    await expect(a.peers.post(b.domain, call)).rejects.toMatchObject({ stage: "tls" });
    expect(b.received).toEqual([]);
  },
);

test("a renewed certificate is shown to the next connection, and no connection ends", async () => {
  await using rig = await openTlsRig("a.example", new Map());
  const first = await look(rig.url, "a.example");
  const { hostname, port } = new URL(rig.url);
  const open = connect({
    host: hostname,
    port: Number(port),
    servername: "a.example",
    ca: authority.pem,
  });
  await once(open, "secureConnect");
  rig.pair.write(await authority.issue(["a.example"]));
  expect(rig.tlsFiles.reload()).toBe(true);
  expect(rig.tlsFiles.reload()).toBe(false);
  const second = await look(rig.url, "a.example");
  expect(second).not.toBe(first);
  open.write("GET /health HTTP/1.1\r\nhost: a.example\r\n\r\n");
  const [answer] = await once(open, "data");
  expect(String(answer)).toMatch(/^HTTP\/1\.1 404 /);
  open.destroy();
});

test("files that cannot be used are refused at the start, and passed over later", async () => {
  const pair = await authority.issue(["a.example"]);
  const another = await authority.issue(["a.example"]);
  const files = writePair(pair);
  const open = () => openTlsFiles({ own: files }, silent);
  const tls = open();
  files.write({ ...pair, key: another.key });
  expect(tls.reload()).toBe(false);
  expect(open).toThrow(TlsRefused);
  expect(open).toThrow("not the one of the certificate");
  files.write({ cert: "nothing", key: pair.key });
  expect(tls.reload()).toBe(false);
  expect(open).toThrow("has no certificate");
  expect(() => openTlsFiles({ own: { ...files, key: "/nowhere/key" } }, silent)).toThrow(
    TlsRefused,
  );
  expect(tls.current.own?.cert).toBe(pair.cert);
  files.write(another);
  expect(tls.reload()).toBe(true);
});

test("FED-914 with mutual TLS a server is the one of its certificate, without a signature", async () => {
  const network: Network = new Map();
  await using a = await openTlsRig("a.example", network, { authentication: "mtls" });
  await using b = await openTlsRig("b.example", network, { authentication: "mtls" });
  await expect(a.peers.post(b.domain, call)).resolves.toEqual(call.body);
  await expect(b.peers.post(a.domain, call)).resolves.toEqual(call.body);
  expect(b.received.map(({ from }) => from)).toEqual(["a.example"]);
});

test("FED-914 with mutual TLS a server that only signs is refused; the other way it is taken", async () => {
  const network: Network = new Map();
  await using mutual = await openTlsRig("a.example", network, { authentication: "mtls" });
  await using signing = await openTlsRig("b.example", network);
  await expect(signing.peers.post(mutual.domain, call)).rejects.toMatchObject({
    code: "signatureInvalid",
  });
  await expect(mutual.peers.post(signing.domain, call)).resolves.toEqual(call.body);
});

test.each([
  ["another server's certificate", { names: ["b.example", "other.example"] }],
  ["a wildcard", { names: ["*.example"] }],
  ["an unknown authority's", { by: "stranger" }],
  ["a certificate that is over", { expired: true }],
  ["no certificate", { anonymous: true }],
] as const)(
  "H-01 FED-914 with mutual TLS %s proves nothing",
  async (
    _what,
    how: { by?: string; names?: readonly string[]; expired?: boolean; anonymous?: boolean },
  ) => {
    const network: Network = new Map();
    await using hub = await openTlsRig("hub.example", network, { authentication: "mtls" });
    const { by, ...rest } = how;
    await using mallory = await openTlsRig("mallory.example", network, {
      authentication: "mtls",
      ...rest,
      ...(by === undefined ? {} : { by: stranger }),
    });
    await expect(mallory.peers.post(hub.domain, call)).rejects.toMatchObject({
      code: "signatureInvalid",
    });
    expect(hub.received).toEqual([]);
    expect(await hub.refusals("signatureInvalid")).toBe(1);
  },
);

test("R-013 the program speaks TLS when it is told to, and says what is wrong with a file", async () => {
  const pair = writePair(await authority.issue(["a.example"]));
  const data = mkdtempSync(join(tmpdir(), "treehouse-tls-program-"));
  const variables = {
    TREEHOUSE__SERVER__DOMAIN: "a.example",
    TREEHOUSE__TLS__CERTIFICATE: pair.certificate,
    TREEHOUSE__TLS__KEY: pair.key,
  };
  const program = await startProgram(["--data", data], variables);
  expect(program.url).toMatch(/^https:\/\/127\.0\.0\.1:[0-9]+$/);
  const { hostname, port } = new URL(program.url ?? "");
  const options = { host: hostname, port: Number(port), servername: "a.example" };
  const socket = connect({ ...options, ca: authority.pem });
  socket.write("GET /.well-known/mimi-protocol-directory HTTP/1.1\r\nhost: a.example\r\n\r\n");
  const [answer] = await once(socket, "data");
  expect(String(answer)).toMatch(/^HTTP\/1\.1 200 [^]*"domain":"a\.example"/);
  socket.destroy();
  program.signal("SIGTERM");
  expect(await program.ended).toBe(0);
  pair.write({ cert: "no certificate", key: "no key" });
  const refused = await startProgram(["--data", data], variables);
  expect(await refused.ended).toBe(1);
  expect(refused.stderr()).toBe(
    `${pair.certificate} (tls.certificate) has no certificate. It must be PEM.\n`,
  );
  rmSync(data, { recursive: true });
});

import { createServer } from "node:http";

import type { ClientIdentity } from "@treehouse/mls/member";
import {
  batchAnswerCodec,
  batchCodec,
  countersignAttestation,
  countersignClientList,
  DIRECTORY_PATH,
  fromBase64Url,
  identifierRequestCodec,
  identifierResponseCodec,
  leafIdentityCodec,
  LIMITS,
  MEDIA_TYPE_TLS,
  peerRoutes,
  Reader,
  signedClientListCodec,
  toBase64Url,
  type UserUri,
} from "@treehouse/protocol";

import { Arrivals } from "../arrivals.ts";
import { crypto, makeKeys } from "./people.ts";

/** Servers that a hub takes for real, and that take whatever it sends: all behind one port. */
export interface StubServers {
  /** Where each of them is, by domain. */
  readonly peers: Readonly<Record<string, string>>;
  /** One user at each. */
  readonly people: readonly { readonly user: UserUri; readonly identity: ClientIdentity }[];
  /** Entries that they have, each once, of all together. */
  taken(): number;
  /** Entries that one of them was sent as an item of its own once more. */
  doubled(): number;
  stop(): Promise<void>;
}

export async function startStubServers(count: number): Promise<StubServers> {
  const domains = Array.from({ length: count }, (_, index) => `stub${index}.example`);
  const countersigner = crypto.generateSignatureKeyPair();
  const sign = (message: Uint8Array) => crypto.sign(countersigner.privateKey, message);
  const made = domains.map((domain) => makeKeys("p0", domain));
  const lists = new Map(
    made.map(({ user, enrolment }) => {
      const list = signedClientListCodec.decode(fromBase64Url(enrolment.clientList));
      return [user, signedClientListCodec.encode(countersignClientList(list, kid, sign))];
    }),
  );
  const next = new Map<string, number>();
  const arrivals = new Map(domains.map((domain) => [domain, new Arrivals()]));
  const sum = (of: (one: Arrivals) => number): number =>
    [...arrivals.values()].reduce((total, one) => total + of(one), 0);

  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("end", () => {
      const host = request.headers.host ?? "";
      const body = new Uint8Array(Buffer.concat(parts));
      if (request.url === DIRECTORY_PATH) {
        response.setHeader("content-type", "application/json");
        response.end(JSON.stringify(directoryOf(host)));
        return;
      }
      response.setHeader("content-type", MEDIA_TYPE_TLS);
      response.end(request.url === peerRoutes.notify ? notified(host, body) : identified(body));
    });
  });

  function notified(host: string, body: Uint8Array<ArrayBuffer>): Uint8Array {
    const { incarnation, items } = batchCodec.decode(body, "sliced");
    let expected = next.get(host) ?? 1;
    for (const { sequence, kind, body: item } of items) {
      if (sequence !== expected) continue;
      expected += 1;
      if (kind === ENTRY_ITEM) arrivals.get(host)?.note(positionIn(item));
    }
    next.set(host, expected);
    return batchAnswerCodec.encode({ incarnation, next: expected, rejected: [] });
  }

  function identified(body: Uint8Array<ArrayBuffer>): Uint8Array {
    const clientList = lists.get(identifierRequestCodec.decode(body).user);
    if (clientList === undefined) return identifierResponseCodec.encode({ status: "notFound" });
    const countersigners = [{ kid, key: countersigner.publicKey }];
    return identifierResponseCodec.encode({ status: "success", clientList, countersigners });
  }

  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return {
    peers: Object.fromEntries(domains.map((domain) => [domain, `http://127.0.0.1:${port}`])),
    people: made.map(({ user, client, keys, certificate, attestation }) => ({
      user,
      identity: {
        client,
        signaturePrivateKey: keys.privateKey,
        signaturePublicKey: keys.publicKey,
        leafIdentity: leafIdentityCodec.encode({
          certificate,
          attestation,
          countersignature: countersignAttestation(attestation, sign),
          countersigner: kid,
        }),
      },
    })),
    taken: () => sum(({ distinct }) => distinct),
    doubled: () => sum(({ doubled }) => doubled),
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const kid = "stub";
const ENTRY_ITEM = 1;

/** The position of the entry in an item, of which nothing else is decoded: this is measured. */
function positionIn(item: Uint8Array<ArrayBuffer>): number {
  const reader = new Reader(item);
  reader.varint();
  reader.raw(3);
  reader.opaque(LIMITS.uriBytesMax);
  reader.u32();
  reader.u64();
  return reader.u64();
}

function directoryOf(domain: string): object {
  const { publicKey } = crypto.generateSignatureKeyPair();
  const endpoints = Object.entries(peerRoutes).map(([name, path]) => [
    name,
    `https://${domain}${path}`,
  ]);
  return {
    profile: "mimi-06+1",
    versions: ["mimi-06+1"],
    domain,
    capabilities: ["batches"],
    keys: [{ kid, kty: "OKP", crv: "Ed25519", x: toBase64Url(publicKey), notBefore: 0 }],
    countersigners: [],
    endpoints: Object.fromEntries(endpoints),
    limits: { maxBody: 4_000_000, maxNotifyBody: 9_000_000, eventRetentionSeconds: 60 },
  };
}

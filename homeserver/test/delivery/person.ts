import { createKeyPackage } from "@treehouse/mls/member";
import type { ClientIdentity, MemberContext } from "@treehouse/mls/member";
import {
  attestationCodec,
  deviceSigningCertificateCodec,
  firstClientListPrevious,
  leafIdentityCodec,
  mintClientUri,
  parseProblem,
  signAttestation,
  signCertificate,
  signClientList,
  signedClientListCodec,
  toHex,
  userUri,
} from "@treehouse/protocol";
import type { Bytes, ClientUri, Refusal, UserUri } from "@treehouse/protocol";
import type { Rig } from "./rig.ts";

/** A user of the rig's server with one client, who speaks HTTP. */
export interface Person {
  readonly rig: Rig;
  readonly user: UserUri;
  readonly client: ClientUri;
  readonly token: string;
  readonly identity: ClientIdentity;
  /** The private half of the key that certifies the user's clients. */
  readonly deviceSigning: Bytes;
  readonly context: MemberContext;
  /** Private halves of KeyPackages, by ref. */
  readonly secrets: Map<string, Bytes>;
  /** How far the inbox was acknowledged. */
  inboxPosition: number;
  keyPackage(): Promise<Bytes>;
  request(method: "GET" | "POST", path: string, body?: Bytes | object): Promise<Answer>;
}

export type Answer = {
  readonly status: number;
  readonly body: Bytes;
  readonly refusal: Refusal | undefined;
};

const year = 365 * 24 * 3_600_000;
export const mediaTypeTls = "application/vnd.treehouse.mimi+tls";

export async function enrolPerson(
  rig: Rig,
  name: string,
  named?: ClientUri,
  admin = false,
): Promise<Person> {
  const { crypto, env, authentication, domain } = rig;
  const user = userUri(domain, name);
  const client = named ?? mintClientUri(user, (length) => crypto.random(length));
  const [identityKeys, device, keys] = [1, 2, 3].map(() => crypto.generateSignatureKeyPair());
  if (identityKeys === undefined || device === undefined || keys === undefined) throw new Error();
  const [addedAt, expiresAt] = [env.now(), env.now() + year];
  const sign = (key: Bytes) => (message: Bytes) => crypto.sign(key, message);
  const certificate = signCertificate(
    {
      user,
      identityKey: identityKeys.publicKey,
      number: 1,
      deviceSigningKey: device.publicKey,
      createdAt: addedAt,
    },
    sign(identityKeys.privateKey),
  );
  const attested = { client, signatureKey: keys.publicKey, addedAt, expiresAt };
  const attestation = signAttestation({ ...attested, number: 1 }, sign(device.privateKey));
  const list = signClientList(
    { user, version: 1, previousHash: firstClientListPrevious, clients: [attested] },
    certificate,
    sign(device.privateKey),
  );
  const enrolled = await authentication.enrol({
    name,
    admin,
    certificate: deviceSigningCertificateCodec.encode(certificate),
    clientList: signedClientListCodec.encode(list),
    attestation: attestationCodec.encode(attestation),
  });
  const identity: ClientIdentity = {
    client,
    signaturePrivateKey: keys.privateKey,
    signaturePublicKey: keys.publicKey,
    leafIdentity: leafIdentityCodec.encode({
      certificate,
      attestation,
      countersignature: enrolled.attestationCountersignature,
      countersigner: enrolled.countersigner,
    }),
  };
  const context: MemberContext = { crypto, now: () => env.now() };
  const secrets = new Map<string, Bytes>();
  const { token } = enrolled.session;
  return {
    rig,
    user,
    client,
    token,
    identity,
    deviceSigning: device.privateKey,
    context,
    secrets,
    inboxPosition: 0,
    async keyPackage() {
      const made = await createKeyPackage(context, identity, {
        lifetimeMs: 30 * 24 * 3_600_000,
        lastResort: false,
      });
      secrets.set(toHex(made.ref), made.secret);
      return made.keyPackage;
    },
    request: (method, path, body) => send(rig.url, { token, method, path, body }),
  };
}

export async function send(
  url: string,
  request: {
    readonly token: string;
    readonly method: "GET" | "POST";
    readonly path: string;
    readonly body?: Bytes | object | undefined;
  },
): Promise<Answer> {
  const { token, method, path, body } = request;
  const binary = body instanceof Uint8Array;
  const response = await fetch(url + path, {
    method,
    headers: {
      authorization: `Bearer ${token}`,
      ...(body === undefined ? {} : { "content-type": binary ? mediaTypeTls : "application/json" }),
    },
    ...(body === undefined ? {} : { body: binary ? body : JSON.stringify(body) }),
  });
  const received = new Uint8Array(await response.arrayBuffer());
  const refusal = response.ok
    ? undefined
    : parseProblem(JSON.parse(new TextDecoder().decode(received)));
  return { status: response.status, body: received, refusal };
}

/** Throws the refusal, if it was one. */
export function accepted(answer: Answer): Answer {
  if (answer.refusal !== undefined) throw answer.refusal;
  return answer;
}

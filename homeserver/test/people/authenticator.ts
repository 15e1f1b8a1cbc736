import { createHash, generateKeyPairSync, randomBytes, sign } from "node:crypto";
import type { KeyObject } from "node:crypto";
import { encode } from "cborg";

/** A software authenticator (WebAuthn Level 3 §6), with what a test makes wrong on purpose. */
export interface Authenticator {
  readonly id: string;
  create(options: unknown, wrong?: Wrong): object;
  get(options: unknown, wrong?: Wrong): object;
}

export type Wrong = Partial<{
  origin: string;
  rpId: string;
  challenge: string;
  type: string;
  userPresent: boolean;
  userVerified: boolean;
  counter: number;
  /** Signs in the place of the passkey's key. */
  signer: KeyObject;
  id: string;
}>;

const origin = "https://chat.example.org";

export function createAuthenticator(algorithm: "ES256" | "EdDSA"): Authenticator {
  const { privateKey, publicKey } =
    algorithm === "ES256"
      ? generateKeyPairSync("ec", { namedCurve: "P-256" })
      : generateKeyPairSync("ed25519");
  const credentialId = randomBytes(32);
  const id = credentialId.toString("base64url");
  let counter = 0;

  const clientData = (type: string, options: unknown, wrong: Wrong): Buffer =>
    Buffer.from(
      JSON.stringify({
        type: wrong.type ?? type,
        challenge: wrong.challenge ?? textOf(options, "challenge"),
        origin: wrong.origin ?? origin,
        crossOrigin: false,
      }),
    );
  const authenticatorData = (rpId: string, wrong: Wrong, attested: Buffer): Buffer => {
    const flags =
      ((wrong.userPresent ?? true) ? 1 : 0) |
      ((wrong.userVerified ?? true) ? 4 : 0) |
      (attested.length > 0 ? 64 : 0);
    counter = wrong.counter ?? counter + 1;
    const count = Buffer.alloc(4);
    count.writeUInt32BE(counter);
    return Buffer.concat([sha256(wrong.rpId ?? rpId), Buffer.of(flags), count, attested]);
  };
  const credential = (given: string) => ({
    id: given,
    rawId: given,
    type: "public-key",
    clientExtensionResults: {},
  });

  return {
    id,
    create(options, wrong = {}) {
      const rp: unknown = Reflect.get(Object(options), "rp");
      const length = Buffer.alloc(2);
      length.writeUInt16BE(credentialId.length);
      const key = Buffer.from(encode(coseKey(publicKey, algorithm)));
      const attested = Buffer.concat([Buffer.alloc(16), length, credentialId, key]);
      const authData = authenticatorData(textOf(rp, "id"), wrong, attested);
      const attestation = encode({ fmt: "none", attStmt: {}, authData: new Uint8Array(authData) });
      return {
        ...credential(id),
        response: {
          clientDataJSON: clientData("webauthn.create", options, wrong).toString("base64url"),
          attestationObject: Buffer.from(attestation).toString("base64url"),
        },
      };
    },
    get(options, wrong = {}) {
      const client = clientData("webauthn.get", options, wrong);
      const data = authenticatorData(textOf(options, "rpId"), wrong, Buffer.alloc(0));
      const signed = Buffer.concat([data, createHash("sha256").update(client).digest()]);
      const hash = algorithm === "ES256" ? "sha256" : null;
      const signature = sign(hash, signed, wrong.signer ?? privateKey);
      return {
        ...credential(wrong.id ?? id),
        response: {
          clientDataJSON: client.toString("base64url"),
          authenticatorData: data.toString("base64url"),
          signature: signature.toString("base64url"),
        },
      };
    },
  };
}

/** RFC 9052 §7, with the numbers of RFC 9053. */
function coseKey(key: KeyObject, algorithm: "ES256" | "EdDSA"): Map<number, number | Uint8Array> {
  const { x = "", y = "" } = key.export({ format: "jwk" });
  const part = (text: string) => new Uint8Array(Buffer.from(text, "base64url"));
  const common: [number, number | Uint8Array][] =
    algorithm === "ES256"
      ? [
          [1, 2],
          [3, -7],
          [-1, 1],
          [-2, part(x)],
          [-3, part(y)],
        ]
      : [
          [1, 1],
          [3, -8],
          [-1, 6],
          [-2, part(x)],
        ];
  return new Map(common);
}

function textOf(value: unknown, name: string): string {
  const found: unknown = Reflect.get(Object(value), name);
  return typeof found === "string" ? found : "";
}

function sha256(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}

import { createKeyPackage } from "@treehouse/mls/member";
import type { ClientIdentity } from "@treehouse/mls/member";
import {
  countersignClientList,
  firstClientListPrevious,
  leafIdentityCodec,
  mintClientUri,
  signAttestation,
  signClientList,
  signedClientListCodec,
} from "@treehouse/protocol";
import type { Bytes, readVouchedClientList } from "@treehouse/protocol";
import type { Person } from "./person.ts";

/** A client more of a person, which its server does not know and no session is for. */
export type FurtherClient = {
  readonly identity: ClientIdentity;
  keyPackage(): Promise<Bytes>;
};

/** What a server says of its user's clients. */
export type ToldClients = Parameters<typeof readVouchedClientList>[1];

const day = 24 * 3_600_000;

/** So many clients more, and the list with them as a server would vouch for it. */
export function furtherClients(
  person: Person,
  count: number,
): { readonly further: readonly FurtherClient[]; readonly told: ToldClients } {
  const { rig, user, identity, deviceSigning } = person;
  const { crypto, env } = rig;
  const { certificate, attestation: first } = leafIdentityCodec.decode(identity.leafIdentity);
  const sign = (message: Bytes) => crypto.sign(deviceSigning, message);
  const made = Array.from({ length: count }, () => {
    const keys = crypto.generateSignatureKeyPair();
    const client = mintClientUri(user, (length) => crypto.random(length));
    const addedAt = env.now();
    const listed = { client, signatureKey: keys.publicKey, addedAt, expiresAt: addedAt + day };
    const attestation = signAttestation({ ...listed, number: certificate.number }, sign);
    const none = { countersignature: new Uint8Array(0), countersigner: "" };
    const own: ClientIdentity = {
      client,
      signaturePrivateKey: keys.privateKey,
      signaturePublicKey: keys.publicKey,
      leafIdentity: leafIdentityCodec.encode({ certificate, attestation, ...none }),
    };
    return { listed, own };
  });
  const { client, signatureKey, addedAt, expiresAt } = first;
  const clients = [{ client, signatureKey, addedAt, expiresAt }, ...made.map((one) => one.listed)];
  const list = signClientList(
    {
      user,
      version: 1,
      previousHash: firstClientListPrevious,
      clients: clients.toSorted((a, b) => (a.client < b.client ? -1 : 1)),
    },
    certificate,
    sign,
  );
  const server = crypto.generateSignatureKeyPair();
  const vouched = countersignClientList(list, "1", (message) =>
    crypto.sign(server.privateKey, message),
  );
  return {
    further: made.map(({ own }) => ({
      identity: own,
      keyPackage: async () => {
        const options = { lifetimeMs: day, lastResort: false };
        return (await createKeyPackage(person.context, own, options)).keyPackage;
      },
    })),
    told: {
      clientList: signedClientListCodec.encode(vouched),
      countersigners: [{ kid: "1", key: server.publicKey }],
    },
  };
}

import {
  type Bytes,
  contactsAnswerSchema,
  formatAddress,
  keyMaterialRequestCodec,
  keyMaterialResponseCodec,
  keyPackageUploadCodec,
  MEDIA_TYPE_TLS,
  paths,
  type RoomUri,
  signKeyMaterialRequest,
  utf8Encode,
} from "@treehouse/protocol";
import { request } from "undici";

import { crypto, type Person } from "./people.ts";
import { jsonBody, makePackages, post } from "./rooms.ts";

/** A person and where their server is. */
export type Resident = { readonly server: string; readonly person: Person };

const patienceMs = 30_000;
const lookMs = 20;

/**
 * One KeyPackage of a person at another server, as the protocol has it: uploaded, asked for, granted,
 * and claimed for the room through the asker's own server.
 */
export async function claimFrom(asker: Resident, asked: Resident, room: RoomUri): Promise<Bytes> {
  const [keyPackage] = await makePackages([asked.person]);
  if (keyPackage === undefined) throw new Error("no KeyPackage was made");
  const upload = keyPackageUploadCodec.encode([{ lastResort: false, keyPackage }]);
  await post(asked.server, asked.person, paths.keyPackages(), MEDIA_TYPE_TLS, upload);
  const [asking, wanted] = [asker, asked].map(({ person }) => formatAddress(person.user));
  await tell(asker, paths.contactRequest(wanted ?? ""));
  await until(async () => (await stateOf(asked, asking ?? "")) === "incoming");
  await tell(asked, paths.contactAccept(asking ?? ""));
  await until(async () => (await stateOf(asker, wanted ?? "")) === "mutual");
  return claim(asker, asked.person, room);
}

/** One KeyPackage of a person who has given leave to be asked for it. */
export async function claim(asker: Resident, asked: Person, room: RoomUri): Promise<Bytes> {
  const { identity, user } = asker.person;
  const signed = signKeyMaterialRequest(
    {
      requestingUser: user,
      targetUser: asked.user,
      room,
      acceptableCiphersuites: [1],
      requiredCapabilities: { extensions: [], proposals: [], credentials: [] },
      requesterSignatureKey: identity.signaturePublicKey,
      requesterCredential: { identity: utf8Encode(identity.client) },
    },
    (message) => crypto.sign(identity.signaturePrivateKey, message),
  );
  const body = keyMaterialRequestCodec.encode(signed);
  const answer = await post(asker.server, asker.person, paths.keyMaterial(), MEDIA_TYPE_TLS, body);
  const { clients, status } = keyMaterialResponseCodec.decode(answer);
  const [client] = clients;
  if (client?.status !== "success") throw new Error(`no KeyPackage was given: ${status}`);
  return client.keyPackage;
}

async function tell({ server, person }: Resident, path: string): Promise<void> {
  await post(server, person, path, "application/json", jsonBody({}));
}

async function stateOf({ server, person }: Resident, address: string): Promise<string> {
  const response = await request(server + paths.contacts(), {
    headers: { authorization: `Bearer ${person.token}` },
  });
  const { contacts } = contactsAnswerSchema.parse(await response.body.json());
  return contacts.find(({ user }) => formatAddress(user) === address)?.state ?? "none";
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + patienceMs;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error("the other server did not hear of it");
    await new Promise((resolve) => setTimeout(resolve, lookMs));
  }
}

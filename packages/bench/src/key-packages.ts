import {
  formatAddress,
  keyMaterialRequestCodec,
  keyMaterialResponseCodec,
  keyPackageUploadCodec,
  LIMITS,
  MEDIA_TYPE_TLS,
  mintRoomUri,
  parseDomain,
  paths,
  signKeyMaterialRequest,
  utf8Encode,
} from "@treehouse/protocol";

import { cpuMicroseconds, proportionalMemory } from "./process-stat.ts";
import { latencies, type Measurement } from "./report.ts";
import { createPeople, crypto, type Person, random } from "./world/people.ts";
import { jsonBody, makePackages, post } from "./world/rooms.ts";
import { type ServerProcess, startServer } from "./world/server-process.ts";

const claimsAtOnce = 8;
const perUpload = LIMITS.keyPackagesPerClientMax;
/** A user may claim 2,000 of them an hour. */
const contactsMax = 19;

/** KeyPackages: uploads of a whole stock, and claims, each of which gives one away for good. */
export async function benchKeyPackages(
  options: { readonly repeats: number },
  report: (measurement: Measurement) => void,
): Promise<void> {
  const server = await startServer("world");
  try {
    const owners = Math.min(options.repeats, contactsMax);
    const [asker, ...people] = await createPeople(server, "p", owners + 1);
    if (asker === undefined) throw new Error("there is nobody");
    for (const person of people) await befriend(server, asker, person);
    const bodies: Uint8Array[] = [];
    for (const person of people) bodies.push(await stockOf(person));
    const parameters = { owners, perUpload, durability: "FULL", tls: false };
    const uploaded = await measure(server, bodies.length, 1, async (index) => {
      const [person, body] = [people[index], bodies[index]];
      if (person === undefined || body === undefined) throw new Error("no such owner");
      await post(server.url(), person, paths.keyPackages(), MEDIA_TYPE_TLS, body);
    });
    report({ name: "keypackages upload", parameters, figures: uploaded });
    const claimed = new Set<string>();
    const claims = owners * perUpload;
    const figures = await measure(server, claims, claimsAtOnce, async (index) => {
      const person = people[index % owners];
      if (person === undefined) throw new Error("no such owner");
      claimed.add(await claim(server, asker, person));
    });
    report({
      name: "keypackages claim",
      parameters: { ...parameters, claims, atOnce: claimsAtOnce },
      figures: { ...figures, givenTwice: claims - claimed.size },
    });
  } finally {
    await server.stop();
  }
}

async function stockOf(person: Person): Promise<Uint8Array> {
  const made = await makePackages(Array.from({ length: perUpload }, () => person));
  return keyPackageUploadCodec.encode(
    made.map((keyPackage) => ({ lastResort: false, keyPackage })),
  );
}

async function befriend(server: ServerProcess, asker: Person, asked: Person): Promise<void> {
  const [asking, wanted] = [formatAddress(asker.user), formatAddress(asked.user)];
  const tell = (person: Person, path: string) =>
    post(server.url(), person, path, "application/json", jsonBody({}));
  await tell(asker, paths.contactRequest(wanted));
  await tell(asked, paths.contactAccept(asking));
}

/** Answers the KeyPackage that was given, as text. */
async function claim(server: ServerProcess, asker: Person, asked: Person): Promise<string> {
  const { identity, user } = asker;
  const request = signKeyMaterialRequest(
    {
      requestingUser: user,
      targetUser: asked.user,
      room: mintRoomUri(parseDomain("localhost"), random),
      acceptableCiphersuites: [1],
      requiredCapabilities: { extensions: [], proposals: [], credentials: [] },
      requesterSignatureKey: identity.signaturePublicKey,
      requesterCredential: { identity: utf8Encode(identity.client) },
    },
    (message) => crypto.sign(identity.signaturePrivateKey, message),
  );
  const body = keyMaterialRequestCodec.encode(request);
  const answer = await post(server.url(), asker, paths.keyMaterial(), MEDIA_TYPE_TLS, body);
  const [client] = keyMaterialResponseCodec.decode(answer).clients;
  if (client?.status !== "success") throw new Error(`no KeyPackage: ${client?.status}`);
  return Buffer.from(client.keyPackage).toString("base64");
}

async function measure(
  server: ServerProcess,
  count: number,
  atOnce: number,
  run: (index: number) => Promise<void>,
) {
  const cpu = () => ({ server: cpuMicroseconds(server.pid()), own: cpuMicroseconds(process.pid) });
  const samples: number[] = [];
  const before = cpu();
  const from = performance.now();
  const indexes = Array.from({ length: count }, (_, index) => index).values();
  const lane = async (): Promise<void> => {
    for (const index of indexes) {
      const start = performance.now();
      await run(index);
      samples.push(performance.now() - start);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, lane));
  const seconds = (performance.now() - from) / 1000;
  const after = cpu();
  return {
    perSecond: count / seconds,
    ...latencies(samples),
    cpuPerRequest: (after.server - before.server) / count,
    generatorCpuPerRequest: (after.own - before.own) / count,
    memoryBytes: proportionalMemory(server.pid()),
  };
}

import {
  formatAddress,
  keyPackageUploadCodec,
  LIMITS,
  MEDIA_TYPE_TLS,
  mintRoomUri,
  parseDomain,
  paths,
  toBase64Url,
} from "@treehouse/protocol";

import { cpuMicroseconds, proportionalMemory } from "./process-stat.ts";
import { latencies, type Measurement } from "./report.ts";
import { createPeople, type Person, random } from "./world/people.ts";
import { jsonBody, makePackages, post } from "./world/rooms.ts";
import { type ServerProcess, startServer } from "./world/server-process.ts";
import { claim } from "./world/strangers.ts";

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
      const room = mintRoomUri(parseDomain("localhost"), random);
      const given = await claim({ server: server.url(), person: asker }, person, room);
      claimed.add(toBase64Url(given));
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

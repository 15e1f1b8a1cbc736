/**
 * The homeserver as a bench sees it: the real one, with everything on. Only sessions come from the
 * module's own face instead of thousands of logins; nothing reachable over the network is added.
 */
import { createHomeserver, createNodeEnv, defaultConfig } from "@treehouse/homeserver";
import { fromBase64Url, parseDomain, toBase64Url } from "@treehouse/protocol";

import type { FromServer, ServerSettings, ToServer } from "./messages.ts";

const [, , directory = "", settings = "{}"] = process.argv;
const {
  domain = "localhost",
  port = 0,
  peers = {},
}: Partial<ServerSettings> = JSON.parse(settings);
const base = defaultConfig();
const config = {
  ...base,
  server: { ...base.server, port, domain: parseDomain(domain) },
  federation: { ...base.federation, development: { peers: { ...peers } } },
  storage: { ...base.storage, directory },
  metrics: { ...base.metrics, port: 0 },
  registration: { ...base.registration, mode: "open" as const },
  // What is measured is the server, and not what its operator allows.
  limits: {
    registrations_per_address: 10_000,
    key_package_uploads: 10_000,
    claims_per_pair: 10_000,
  },
  log: { ...base.log, level: "warn" as const },
};
const homeserver = await createHomeserver({
  config,
  env: createNodeEnv({ log: { level: "warn" } }),
});
tell({ kind: "ready", url: homeserver.url });

process.on("message", (message: ToServer) => {
  void obey(message);
});
// Whoever measured has what they wanted, or is gone.
process.on("disconnect", () => process.exit(0));

async function obey(message: ToServer): Promise<void> {
  switch (message.kind) {
    case "enrol": {
      const people = [];
      for (const person of message.people) {
        const enrolled = await homeserver.authentication.enrol({
          name: person.name,
          certificate: fromBase64Url(person.certificate),
          clientList: fromBase64Url(person.clientList),
          attestation: fromBase64Url(person.attestation),
        });
        people.push({
          token: enrolled.session.token,
          countersignature: toBase64Url(enrolled.attestationCountersignature),
          countersigner: enrolled.countersigner,
        });
      }
      tell({ kind: "enrolled", people });
      return;
    }
    case "peer":
      throw new Error("a homeserver is told of its peers when it starts");
    case "collect":
      globalThis.gc?.();
      tell({ kind: "collected" });
      return;
    case "stop":
      await homeserver[Symbol.asyncDispose]();
      process.disconnect();
  }
}

function tell(message: FromServer): void {
  process.send?.(message);
}

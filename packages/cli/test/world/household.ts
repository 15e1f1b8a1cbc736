import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { createHomeserver, createNodeEnv, defaultConfig } from "@treehouse/homeserver";
import { type Domain, parseDomain } from "@treehouse/protocol";

import { type Hands, type Ran, runWith } from "./terminal.ts";

export const password = "correct horse battery staple";

/** A real homeserver in this process, and a folder of contexts to use it from. */
export interface Household extends AsyncDisposable {
  readonly url: string;
  readonly home: string;
  /** The admin invite of the first start. */
  readonly invite: string;
  readonly env: Readonly<Record<string, string>>;
  treehouse(args: readonly string[], hands?: Hands): Promise<Ran>;
  /** The same; it has to succeed, and its output is one JSON value. */
  json(...args: readonly string[]): Promise<unknown>;
}

export type HouseholdOptions = {
  readonly domain?: Domain;
  /** Of the server that takes mail. */
  readonly smtpUrl?: string;
  /** At whose logins people register. */
  readonly provider?: {
    readonly issuer: string;
    readonly clientId: string;
    readonly clientSecret: string;
  };
};

export async function openHousehold({
  domain = parseDomain("localhost"),
  smtpUrl = "",
  provider,
}: HouseholdOptions = {}): Promise<Household> {
  const directory = mkdtempSync(join(tmpdir(), "treehouse-cli-"));
  const base = defaultConfig();
  const server = await createHomeserver({
    config: {
      ...base,
      server: { ...base.server, domain, port: 0 },
      storage: { directory: join(directory, "data"), reserve_mib: 1 },
      metrics: { ...base.metrics, enabled: false },
      // Everybody here comes from one address, and tests claim as fast as they can.
      limits: {
        registrations_per_address: 10_000,
        key_package_uploads: 10_000,
        claims_per_pair: 10_000,
      },
      ...(provider === undefined
        ? {}
        : {
            registration: { ...base.registration, mode: "oidc" as const },
            oidc: {
              ...base.oidc,
              issuer: provider.issuer,
              client_id: provider.clientId,
              client_secret: provider.clientSecret,
            },
          }),
      mail: { ...base.mail, smtp_url: smtpUrl, from: smtpUrl && "chat@example.org" },
    },
    env: createNodeEnv({ log: { level: "error" } }),
  });
  const { url, adminInvite } = server;
  if (adminInvite === undefined) throw new Error("the first start makes an admin invite");
  const home = join(directory, "home");
  const env = { TREEHOUSE_HOME: home, TREEHOUSE_SERVER: url, TREEHOUSE_PASSWORD: password };
  const treehouse = (args: readonly string[], hands: Hands = {}) =>
    runWith(args, { ...hands, env: { ...env, ...hands.env } });
  return {
    url,
    home,
    invite: adminInvite,
    env,
    treehouse,
    async json(...args) {
      const { exit, out, err } = await treehouse(["--json", ...args]);
      if (exit !== 0) throw new Error(`${args.join(" ")} ended with ${exit}: ${err}`);
      return JSON.parse(out);
    },
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** Alice, who is administrator, and Bob; alice's context is the current one. */
export async function openWithAliceAndBob(): Promise<Household> {
  const household = await openHousehold();
  await household.json("account", "register", "alice@localhost", "--invite", household.invite);
  const { out } = await household.treehouse(["admin", "invite", "create"]);
  const bob = ["--context", "bob", "account", "register", "bob@localhost"];
  await household.json(...bob, "--invite", out.trim());
  return household;
}

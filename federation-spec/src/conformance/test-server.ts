import type { Bytes } from "@treehouse/protocol";
import { random } from "./clients/person.ts";
import type { Driver } from "./driver.ts";
import type { PeerHost } from "./peers/host.ts";
import type { Report, Verdict } from "./report.ts";
import type { RuleId } from "./rule.ts";
import { allRules } from "./rules/index.ts";
import { runRules } from "./run.ts";
import { openSubject } from "./subject.ts";
import { usualPatienceMs, World } from "./world.ts";

export interface TestOptions {
  /** Where clients, and unless it is said otherwise other servers, reach the server. */
  readonly url: URL;
  readonly federationUrl?: URL | undefined;
  /** The server's domain, if its client API does not tell. */
  readonly domain?: string | undefined;
  readonly driver: Driver;
  /** Where the suite's servers listen; the tested one must find them there. */
  readonly host: PeerHost;
  readonly peerDomain: string;
  /** An administrator's for everything, any other for nearly everything. */
  readonly invite?: string | undefined;
  /** Only these rules. */
  readonly only?: ReadonlySet<RuleId> | undefined;
  readonly quick?: boolean | undefined;
  /** Gives the keys of the suite's servers, so that somebody else can sign for them. */
  readonly seed?: Bytes | undefined;
  readonly patienceMs?: number | undefined;
  /** Lets time pass at the tested server; it is waited for unless somebody knows better. */
  readonly pass?: ((ms: number) => Promise<void>) | undefined;
  readonly settled?: ((verdict: Verdict) => void) | undefined;
}

/** Tests a server against all rules that can be seen from outside. */
export async function testServer(options: TestOptions): Promise<Report> {
  const subject = await openSubject(options);
  try {
    const world = new World({
      subject,
      driver: options.driver,
      host: options.host,
      base: options.peerDomain,
      invite: options.invite,
      seed: options.seed ?? random(32),
      patienceMs: options.patienceMs ?? usualPatienceMs,
      pass: options.pass ?? wait,
    });
    const { only } = options;
    const rules = allRules.filter(({ id }) => only === undefined || only.has(id));
    return await runRules(world, rules, {
      quick: options.quick ?? false,
      inTurn: options.pass !== undefined,
      settled: options.settled ?? (() => {}),
    });
  } finally {
    subject.close();
  }
}

function wait(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}

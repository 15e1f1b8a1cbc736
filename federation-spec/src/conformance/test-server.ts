import type { Bytes } from "@treehouse/protocol";
import { random } from "./clients/person.ts";
import type { Driver } from "./driver.ts";
import type { PeerHost } from "./peers/host.ts";
import type { Report, Verdict } from "./report.ts";
import type { Rule, RuleId } from "./rule.ts";
import { allRules } from "./rules/index.ts";
import { runRules } from "./run.ts";
import { openSubject } from "./subject.ts";
import { usualPatienceMs, World } from "./world.ts";

export interface TestOptions<I extends string = RuleId> {
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
  readonly only?: ReadonlySet<I> | undefined;
  readonly quick?: boolean | undefined;
  /** Gives the keys of the suite's servers, so that somebody else can sign for them. */
  readonly seed?: Bytes | undefined;
  readonly patienceMs?: number | undefined;
  /** Lets time pass at the tested server; it is waited for unless somebody knows better. */
  readonly pass?: ((ms: number) => Promise<void>) | undefined;
  readonly settled?: ((verdict: Verdict<string>) => void) | undefined;
}

/** Tests a server against all rules that can be seen from outside. */
export function testServer(options: TestOptions): Promise<Report> {
  return testAgainst(allRules, options);
}

export async function testAgainst<I extends string>(
  all: readonly Rule<I>[],
  options: TestOptions<I>,
): Promise<Report<I>> {
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
    const rules = all.filter(({ id }) => only === undefined || only.has(id));
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

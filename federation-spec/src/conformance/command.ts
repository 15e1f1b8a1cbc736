import { parseArgs } from "node:util";
import type { Driver } from "./driver.ts";
import { present } from "./outcome.ts";
import { PeerHost } from "./peers/host.ts";
import { peerLabels } from "./peers/labels.ts";
import { linesOf } from "./report.ts";
import type { Rule, RuleId } from "./rule.ts";
import { allRules } from "./rules/index.ts";
import { testAgainst } from "./test-server.ts";

/** What the command needs beside its arguments. */
export interface Launcher {
  readonly driver: Driver;
  /** Starts a server of our own, fresh, which finds the servers below that domain at the URL. */
  startOwn(peerDomain: string, peersAt: URL): Promise<OwnServer>;
  /** Prints a line. */
  out(line: string): void;
}

/** Disposing stops it. */
export interface OwnServer extends AsyncDisposable {
  readonly url: URL;
  readonly invite: string;
}

type Given = Exclude<ReturnType<typeof read>, string>;
type Address = { readonly host: string; readonly port: number };

const defaultPort = 4390;

/** A list of things to look at, as a command of its own. */
export interface Suite<I extends string> {
  /** The first lines of its help. */
  readonly usage: string;
  /** What stands in the JSON object, such as "rules". */
  readonly list: string;
  /** Two of its numbers, as an example. */
  readonly example: string;
  readonly rules: readonly Rule<I>[];
}

const conformanceSuite: Suite<RuleId> = {
  usage: `Usage: npm run conformance -- [<url>] [options]

Tests the homeserver at the URL, or without one our own, against federation-spec.`,
  list: "rules",
  example: "FED-905,FED-910",
  rules: allRules,
};

const helpOf = ({ usage, list, example }: Suite<string>): string => `${usage}

  --json                   the last line is a JSON object: passed, failed, skipped, ${list}
  --quick                  leave out what waits for time to pass
  ${`--only <${list}>`.padEnd(24)} only these, such as ${example}
  --invite <token>         lets the suite register; an administrator's, where the operator is asked too
  --domain <domain>        the server's domain, if its client API does not tell
  --federation-url <url>   where other servers reach it, if not at the URL
  --peer-domain <domain>   the suite's servers are called a.<domain> and so on
                           (default conformance.test)
  --peer-listen <address>  where they listen (default 127.0.0.1:4390, or any port without a URL)
  --patience <ms>          how long the server may take for what it does by itself (10000)
  --print-peers            print the setting by which a server in development finds them
  --help                   print this
`;

/** Runs `npm run conformance`; resolves with the exit code. */
export function conformance(args: readonly string[], launcher: Launcher): Promise<0 | 1 | 2> {
  return runSuite(conformanceSuite, args, launcher);
}

/** Runs a suite as a command; resolves with the exit code. */
export async function runSuite<I extends string>(
  suite: Suite<I>,
  args: readonly string[],
  launcher: Launcher,
): Promise<0 | 1 | 2> {
  const usage = (wrong: string): 2 => {
    launcher.out(`${wrong}\n\n${helpOf(suite)}`);
    return 2;
  };
  const given = read(args);
  if (typeof given === "string") return usage(given);
  const numbers = chosen(suite, given.only);
  if (typeof numbers === "string") return usage(numbers);
  const { flags, url } = given;
  if (flags.help === true) {
    launcher.out(helpOf(suite));
    return 0;
  }
  const wantsOwn = url === undefined && flags["print-peers"] !== true;
  const at = given.listen ?? { host: "127.0.0.1", port: wantsOwn ? 0 : defaultPort };
  if (flags["print-peers"] !== true) return test(suite, { ...given, numbers }, at, launcher);
  const peersUrl = new URL(`http://${at.host}:${at.port}`);
  for (const line of developmentPeers(domainOf(flags), peersUrl)) launcher.out(line);
  return 0;
}

async function test<I extends string>(
  suite: Suite<I>,
  given: Given & { readonly numbers: ReadonlySet<I> | undefined },
  { host, port }: Address,
  launcher: Launcher,
): Promise<0 | 1> {
  const { flags, url, numbers, patienceMs } = given;
  const peerDomain = domainOf(flags);
  await using peers = await PeerHost.listen({ host: host.replace(/^\[(.*)\]$/, "$1"), port });
  await using own = url === undefined ? await launcher.startOwn(peerDomain, peers.url) : undefined;
  const { passed, failed, skipped, rules } = await testAgainst(suite.rules, {
    url: url ?? present(own?.url, "there is no server"),
    federationUrl: urlOf(flags["federation-url"]),
    domain: flags.domain,
    driver: launcher.driver,
    host: peers,
    peerDomain,
    invite: flags.invite ?? own?.invite,
    only: numbers,
    quick: flags.quick,
    patienceMs,
    settled: (verdict) => {
      for (const line of linesOf(verdict)) launcher.out(line);
    },
  });
  launcher.out(
    flags.json === true
      ? JSON.stringify({ passed, failed, skipped, [suite.list]: rules })
      : `${passed} passed, ${failed} failed, ${skipped} skipped`,
  );
  return failed === 0 ? 0 : 1;
}

function domainOf(flags: Given["flags"]): string {
  return flags["peer-domain"] ?? "conformance.test";
}

/** The names of the suite's servers, all at one URL. */
export function peersAt(domain: string, url: URL): ReadonlyMap<string, URL> {
  return new Map(peerLabels.map((label) => [`${label}.${domain}`, url]));
}

/** Lines of our own configuration file. */
export function developmentPeers(domain: string, url: URL): readonly string[] {
  const lines = [...peersAt(domain, url)].map(([name, at]) => `"${name}" = "${at.origin}"`);
  return ["[federation.development.peers]", ...lines];
}

function read(args: readonly string[]) {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        json: { type: "boolean" },
        quick: { type: "boolean" },
        only: { type: "string" },
        invite: { type: "string" },
        domain: { type: "string" },
        "federation-url": { type: "string" },
        "peer-domain": { type: "string" },
        "peer-listen": { type: "string" },
        patience: { type: "string" },
        "print-peers": { type: "boolean" },
        help: { type: "boolean" },
      },
    });
    if (positionals.length > 1) return "At most one URL is expected.";
    for (const text of [...positionals, values["federation-url"]]) {
      if (text !== undefined && !/^https?:\/\//.test(text)) return `${text} is no HTTP URL.`;
    }
    return {
      flags: values,
      url: urlOf(positionals[0]),
      listen: addressOf(values["peer-listen"]),
      only: values.only?.split(",").map((name) => name.trim()),
      patienceMs: millisecondsOf(values.patience),
    };
  } catch (error) {
    if (error instanceof TypeError) return error.message;
    throw error;
  }
}

function urlOf(text: string | undefined): URL | undefined {
  return text === undefined ? undefined : new URL(text);
}

/** Refuses by a TypeError, as `parseArgs` does; so do those below. */
function addressOf(text: string | undefined): Address | undefined {
  if (text === undefined) return undefined;
  const [, host, port] = /^(\[[^\]]+\]|[^:]+):(\d+)$/.exec(text) ?? [];
  if (host === undefined) throw new TypeError(`${text} is no address such as 127.0.0.1:4390.`);
  return { host, port: Number(port) };
}

function millisecondsOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new TypeError(`--patience is a number of milliseconds such as 10000, and not ${text}.`);
}

/** The chosen ones; a text says which there is not. */
function chosen<I extends string>(
  { rules }: Suite<I>,
  names: readonly string[] | undefined,
): ReadonlySet<I> | undefined | string {
  if (names === undefined) return undefined;
  const found = new Set<I>();
  for (const name of names) {
    const known = rules.find(({ id }) => id === name);
    if (known === undefined) return `The suite has no rule ${name}.`;
    found.add(known.id);
  }
  return found;
}

import { parseArgs } from "node:util";
import type { Driver } from "./driver.ts";
import { present } from "./outcome.ts";
import { PeerHost } from "./peers/host.ts";
import { peerLabels } from "./peers/labels.ts";
import { linesOf } from "./report.ts";
import type { RuleId } from "./rule.ts";
import { ruleIds } from "./rules/index.ts";
import { testServer } from "./test-server.ts";

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

const help = `Usage: npm run conformance -- [<url>] [options]

Tests the homeserver at the URL, or without one our own, against federation-spec.

  --json                   the last line is a JSON object: passed, failed, skipped, rules
  --quick                  leave out what waits for time to pass
  --only <rules>           only these rules, such as FED-905,FED-910
  --invite <token>         lets the suite register; an administrator's to test FED-917 as well
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
export async function conformance(args: readonly string[], launcher: Launcher): Promise<0 | 1 | 2> {
  const given = read(args);
  if (typeof given === "string") {
    launcher.out(`${given}\n\n${help}`);
    return 2;
  }
  const { flags, url } = given;
  if (flags.help === true) {
    launcher.out(help);
    return 0;
  }
  const wantsOwn = url === undefined && flags["print-peers"] !== true;
  const at = given.listen ?? { host: "127.0.0.1", port: wantsOwn ? 0 : defaultPort };
  if (flags["print-peers"] !== true) return test(given, at, launcher);
  const peersUrl = new URL(`http://${at.host}:${at.port}`);
  for (const line of developmentPeers(domainOf(flags), peersUrl)) launcher.out(line);
  return 0;
}

async function test(
  { flags, url, only, patienceMs }: Given,
  { host, port }: Address,
  launcher: Launcher,
): Promise<0 | 1> {
  const peerDomain = domainOf(flags);
  await using peers = await PeerHost.listen({ host: host.replace(/^\[(.*)\]$/, "$1"), port });
  await using own = url === undefined ? await launcher.startOwn(peerDomain, peers.url) : undefined;
  const { passed, failed, skipped, rules } = await testServer({
    url: url ?? present(own?.url, "there is no server"),
    federationUrl: urlOf(flags["federation-url"]),
    domain: flags.domain,
    driver: launcher.driver,
    host: peers,
    peerDomain,
    invite: flags.invite ?? own?.invite,
    only,
    quick: flags.quick,
    patienceMs,
    settled: (verdict) => {
      for (const line of linesOf(verdict)) launcher.out(line);
    },
  });
  launcher.out(
    flags.json === true
      ? JSON.stringify({ passed, failed, skipped, rules })
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
      only: rulesOf(values.only),
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

function rulesOf(text: string | undefined): ReadonlySet<RuleId> | undefined {
  if (text === undefined) return undefined;
  return new Set(
    text.split(",").map((name): RuleId => {
      const known = ruleIds.find((rule) => rule === name.trim());
      if (known === undefined) throw new TypeError(`The suite has no rule ${name.trim()}.`);
      return known;
    }),
  );
}

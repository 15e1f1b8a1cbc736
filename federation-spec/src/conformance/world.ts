import {
  inviteAnswerSchema,
  parseDomain,
  paths,
  toHex,
  identifierRequestCodec,
  userUri,
} from "@treehouse/protocol";
import type { Bytes, UserUri } from "@treehouse/protocol";
import type { Account } from "./clients/account.ts";
import { random } from "./clients/person.ts";
import { register } from "./clients/register.ts";
import type { Driver } from "./driver.ts";
import type { Answer } from "./http/answer.ts";
import { Monitor } from "./monitor.ts";
import { Failed, Missing } from "./outcome.ts";
import type { PeerHost } from "./peers/host.ts";
import type { PeerLabel } from "./peers/labels.ts";
import { PeerServer } from "./peers/server.ts";
import type { Subject } from "./subject.ts";

export interface WorldOptions {
  readonly subject: Subject;
  readonly driver: Driver;
  readonly host: PeerHost;
  /** The domain below which all of the suite's servers are. */
  readonly base: string;
  readonly invite: string | undefined;
  readonly seed: Bytes;
  /** How long something may take that the server does by itself. */
  readonly patienceMs: number;
  /** Waits until so much time has passed at the tested server. */
  readonly pass: (ms: number) => Promise<void>;
}

/** What something may take on a machine with little else to do. */
export const usualPatienceMs = 10_000;

const pollMs = 100;
const stockLeast = 3;
const stockMost = 20;

type AccountName = "alice" | "bob" | "clara" | "doris";

/** The tested server, the suite's own servers, and everybody's users: made when first needed. */
export class World {
  readonly subject: Subject;
  readonly driver: Driver;
  readonly host: PeerHost;
  readonly monitor = new Monitor();
  readonly patienceMs: number;
  readonly pass: (ms: number) => Promise<void>;
  readonly #options: WorldOptions;
  /** Keeps names apart that an earlier run has taken. */
  readonly #run = toHex(random(4));
  readonly #peers = new Map<PeerLabel, PeerServer>();
  readonly #found = new Map<PeerLabel, Promise<PeerServer>>();
  readonly #accounts = new Map<AccountName, Promise<Account>>();
  #invite: Promise<string | undefined> | undefined;

  constructor(options: WorldOptions) {
    this.#options = options;
    this.subject = options.subject;
    this.driver = options.driver;
    this.host = options.host;
    this.patienceMs = options.patienceMs;
    this.pass = options.pass;
  }

  /** The suite's server of that name, of which the tested one may not have heard. */
  peer(label: PeerLabel): PeerServer {
    const known = this.#peers.get(label);
    if (known !== undefined) return known;
    const { subject, monitor, host, driver } = this;
    const { seed, base } = this.#options;
    const context = { subject, monitor, host, driver, seed };
    const peer = new PeerServer(context, parseDomain(`${label}.${base}`));
    this.#peers.set(label, peer);
    return peer;
  }

  /** The same once the tested server knows it; skips the check if it cannot be found there. */
  knownPeer(label: PeerLabel): Promise<PeerServer> {
    const found = this.#found.get(label) ?? this.#introduce(this.peer(label));
    this.#found.set(label, found);
    return found;
  }

  account(name: AccountName): Promise<Account> {
    const known = this.#accounts.get(name) ?? this.#register(name);
    this.#accounts.set(name, known);
    return known;
  }

  /** Somebody new, who may lose the session or the account; the name is taken once. */
  newcomer(name: string): Promise<Account> {
    return this.#register(name);
  }

  /** Sees to it that there are KeyPackages to give away. */
  async stockUp(account: Account): Promise<void> {
    if ((await account.stock()) < stockLeast) await account.stockUp(stockMost);
  }

  /** A user of the tested server who may do what operators do. */
  async admin(): Promise<Account> {
    const alice = await this.account("alice");
    if (!alice.admin) throw new Missing("the invite does not make an administrator");
    return alice;
  }

  /** A user who does not exist at the tested server. */
  nobody(): UserUri {
    return userUri(this.subject.domain, `nobody-${toHex(random(4))}`);
  }

  /** Something that happens by itself, within the patience of this run. */
  until<T>(what: string, look: () => T | undefined): Promise<T> {
    return this.host.until(what, this.patienceMs, look);
  }

  /** So long on a usual machine, and as much longer as this run is more patient. */
  allowedMs(usualMs: number): number {
    return usualMs * Math.max(1, this.patienceMs / usualPatienceMs);
  }

  /** Something that began then has not taken longer than so long on a usual machine. */
  within(what: string, started: number, usualMs: number): void {
    const took = performance.now() - started;
    if (took >= this.allowedMs(usualMs)) throw new Failed(`${what} took ${Math.round(took)} ms`);
  }

  /** Gives something that takes its time several times the patience of this run. */
  async patiently<T>(run: () => Promise<T>): Promise<T> {
    for (let left = 2; ; left -= 1) {
      try {
        return await run();
      } catch (error) {
        if (left === 0 || !(error instanceof Failed)) throw error;
      }
    }
  }

  /** Asks again and again, for something that the server does not tell by itself. */
  async eventually(what: string, ask: () => Promise<boolean>): Promise<void> {
    const until = performance.now() + this.patienceMs;
    while (!(await ask())) {
      if (performance.now() > until) throw new Failed(`waited ${this.patienceMs} ms for ${what}`);
      await new Promise((resolve) => {
        setTimeout(resolve, pollMs);
      });
    }
  }

  /**
   * A client's question makes the tested server look for the peer, which costs none of the few
   * strangers that it looks for by itself; without a client the peer has to knock.
   */
  async #introduce(peer: PeerServer): Promise<PeerServer> {
    const answer = await this.#askAbout(peer);
    if (peer.directoryRequests > 0) return peer;
    throw new Missing(
      `the server does not find the suite's ${peer.domain} (${answer.describe()}); ` +
        "see --peer-domain and --peer-listen",
    );
  }

  async #askAbout(peer: PeerServer): Promise<Answer> {
    const alice = await this.account("alice").catch((error: unknown) => {
      if (error instanceof Missing) return undefined;
      throw error;
    });
    if (alice !== undefined) return alice.get(paths.user(`nobody@${peer.domain}`));
    const body = identifierRequestCodec.encode({ user: this.nobody() });
    return peer.ask({ endpoint: "identifierQuery", value: this.subject.domain, body });
  }

  async #register(name: string): Promise<Account> {
    const { subject, monitor, driver } = this;
    const invite = name === "alice" ? this.#options.invite : await this.#inviteOfAll();
    const unique = `${name}-${this.#run}`;
    return register({ subject, monitor }, { subject, driver, invite }, unique);
  }

  /** The administrator's own invites are for whoever comes next; another one is used again. */
  #inviteOfAll(): Promise<string | undefined> {
    this.#invite ??= this.#makeInvite();
    return this.#invite;
  }

  async #makeInvite(): Promise<string | undefined> {
    const alice = await this.account("alice");
    if (!alice.admin) return this.#options.invite;
    const answer = (await alice.ask("POST", paths.invites(), { uses: 50 })).ok("an invite");
    return inviteAnswerSchema.parse(answer.json).token;
  }
}

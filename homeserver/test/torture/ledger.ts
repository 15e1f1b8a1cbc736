import { availableParallelism, loadavg } from "node:os";
import { parseRoomUri } from "@treehouse/protocol";
import Database from "better-sqlite3";
import type { Client } from "../../../client-sdk/src/node.ts";
import { faultsOf, has, type Kept, keptBy } from "../federation-e2e/people.ts";

/**
 * Whoever waits so long while nothing is accepted and nothing comes waits in vain: so many times
 * longer as there are programs that want a core, up to four times.
 */
const patienceMs = 120_000;
const slowdownMost = 4;

function patience(): number {
  const wanted = (loadavg()[0] ?? 1) / availableParallelism();
  return patienceMs * Math.min(slowdownMost, Math.max(1, wanted));
}

/** What servers have accepted in one room, as its senders were told. */
export class Ledger {
  /** Hears of every violation when it is found: a control needs no more than one. */
  static onViolation: (text: string) => void = () => undefined;

  readonly room: string;
  /** Texts by their positions. */
  readonly accepted = new Map<number, string>();
  readonly violations: string[] = [];
  #last = 0;
  #lastSign = performance.now();

  constructor(room: string) {
    this.room = room;
  }

  report(...texts: readonly string[]): void {
    this.violations.push(...texts);
    for (const text of texts) Ledger.onViolation(text);
  }

  /** Waits for what must come about; when nothing happens any more that is a violation, and false. */
  async patiently(work: Promise<unknown>, what: string): Promise<boolean> {
    const { promise: inVain, resolve } = Promise.withResolvers<"in vain">();
    this.#lastSign = performance.now();
    const watch = setInterval(() => {
      if (performance.now() - this.#lastSign > patience()) resolve("in vain");
    }, 1_000);
    const outcome = await Promise.race([work, inVain]).finally(() => clearInterval(watch));
    if (outcome === "in vain") this.report(`waited in vain ${what}`);
    return outcome !== "in vain";
  }

  /** The last position that anybody was told of. */
  get last(): number {
    return this.#last;
  }

  /** Resolves with the position at which it was accepted. */
  async send(client: Client, text: string): Promise<number> {
    const { position } = await (await client.conversations.get(this.room)).send(text);
    this.accept(position, text);
    return position;
  }

  /** A sender was told that its message stands there. */
  accept(position: number, text: string): void {
    this.#lastSign = performance.now();
    if (this.accepted.has(position)) this.report(`position ${position} was given twice`);
    this.accepted.set(position, text);
    this.#last = Math.max(this.#last, position);
  }

  /** A log of the hub that is read after `last` was: it has that position, and all before. */
  checkLog(databasePath: string, last: number, when: string): void {
    const { first, final, count } = logBounds(databasePath, this.room);
    if (final < last) this.report(`${when}: ${last} was accepted, the log ends at ${final}`);
    if (final - first + 1 !== count) {
      this.report(`${when}: ${count} entries from ${first} to ${final}`);
    }
  }

  /** Everybody has everything once, in the one order, and nothing to complain of. */
  async checkPeople(people: readonly Client[]): Promise<void> {
    for (const client of people) {
      const who = client.me.address;
      const stop = client.on("stored", () => (this.#lastSign = performance.now()));
      const all = has(client, this.room, this.accepted.size).then(() => client.caughtUp());
      await this.patiently(all, `for all messages to come to ${who}`).finally(stop);
      const [kept, faults] = [await keptBy(client, this.room), await faultsOf(client, this.room)];
      this.checkKept(who, kept, faults);
    }
  }

  /** The same of one of them, who has these messages and could not read those. */
  checkKept(who: string, kept: readonly Kept[], faults: readonly string[]): void {
    const expected = [...this.accepted].toSorted(([a], [b]) => a - b);
    if (new Set(kept.map(({ id }) => id)).size !== kept.length) {
      this.report(`${who} has a message twice`);
    }
    const have = new Map(kept.map(({ position, text }) => [position, text]));
    const lost = expected.filter(([position, text]) => have.get(position) !== text);
    if (lost.length > 0) {
      const named = lost.slice(0, 3).map(([at, text]) => `${at} "${text}"`);
      this.report(`${who} lacks ${lost.length}: ${named.join(", ")}`);
    }
    if (have.size > expected.length) {
      this.report(`${who} has ${have.size}, accepted were ${expected.length}`);
    }
    this.report(...sendersOutOfOrder(kept).map((text) => `${who}: ${text}`));
    for (const fault of faults) this.report(`${who} could not read: ${fault}`);
  }
}

/**
 * Talk that goes on beside a part, to be waited for at its end. What ends the part before says more than the
 * sends that it cuts off.
 */
export function beside(talk: readonly Promise<void>[]): Promise<unknown> {
  const all = Promise.all(talk);
  all.catch(() => undefined);
  return all;
}

/** Texts are "who number": each sender's come in the order in which they were sent. */
function sendersOutOfOrder(kept: readonly { readonly text: string }[]): readonly string[] {
  const next = new Map<string, number>();
  const wrong: string[] = [];
  for (const { text } of kept) {
    const [who = "", number = ""] = text.split(" ");
    const expected = next.get(who) ?? 0;
    if (Number(number) !== expected) wrong.push(`${text} where ${who} ${expected} was due`);
    next.set(who, Number(number) + 1);
  }
  return wrong.slice(0, 3);
}

/** Of a room's log as it is stored, read beside the server. */
export function logBounds(
  databasePath: string,
  room: string,
): { readonly first: number; readonly final: number; readonly count: number } {
  return reading(databasePath, (database) => {
    const row = database
      .prepare<[string], { first: number | null; final: number | null; count: number }>(
        `SELECT min(entries.position) AS first, max(entries.position) AS final, count(*) AS count
         FROM queuing_entries AS entries
         JOIN queuing_streams AS streams ON streams.id = entries.stream
         WHERE streams.name = ?`,
      )
      .get(parseRoomUri(room));
    return { first: row?.first ?? 1, final: row?.final ?? 0, count: row?.count ?? 0 };
  });
}

/** The names of the accounts that a server has. */
export function accountsIn(databasePath: string): readonly string[] {
  return reading(databasePath, (database) =>
    database
      .prepare<[], { name: string }>("SELECT name FROM authentication_accounts")
      .all()
      .map(({ name }) => name),
  );
}

/** What SQLite itself has to say against the file; nothing if all is well. */
export function damageOf(databasePath: string): readonly string[] {
  return reading(databasePath, (database) => {
    const rows = database.prepare<[], { integrity_check: string }>("PRAGMA integrity_check").all();
    return rows.map((row) => row.integrity_check).filter((text) => text !== "ok");
  });
}

function reading<T>(databasePath: string, read: (database: Database.Database) => T): T {
  const database = new Database(databasePath, { readonly: true });
  try {
    return read(database);
  } finally {
    database.close();
  }
}

import {
  ACCOUNT_EVENTS,
  domainOf,
  nameOf,
  Refusal,
  userUri,
  utf8Encode,
} from "@treehouse/protocol";
import type { Contact, ConsentEntry, UserUri } from "@treehouse/protocol";
import type { Tx } from "../../platform/index.ts";
import type { AuthenticationContext } from "../context.ts";
import { receive } from "./receive.ts";
import { contactOf } from "./relation.ts";
import type { Outcome, Relation, Row } from "./relation.ts";
import type { Side } from "./store.ts";

/**
 * One act or word in one transaction. What it changes is written at once; what each local user sees
 * differently at its end is told to her clients then, once, however often it went back and forth.
 */
export class Turn {
  readonly context: AuthenticationContext;
  readonly tx: Tx;
  readonly #before = new Map<string, { readonly side: Side; readonly contact: Contact }>();

  constructor(context: AuthenticationContext, tx: Tx) {
    this.context = context;
    this.tx = tx;
  }

  /** How the owner sees the user now. */
  async contact(side: Side): Promise<Contact> {
    const { contacts } = this.context;
    const rows = await contacts.between(this.tx, side);
    return contactOf(side.user, rows, await contacts.blockedSince(this.tx, side));
  }

  /** The rows of a side that is about to change. */
  async rows(side: Side): Promise<Relation> {
    await this.#remember(side);
    return this.context.contacts.between(this.tx, side);
  }

  /** Writes what an act or a word comes to, and says what is to be said. */
  async settle(side: Side, before: Relation, { rows, said }: Outcome): Promise<void> {
    const { contacts, env } = this.context;
    const now = env.now();
    const changed = rows.filter((row) => !before.some((known) => same(known, row)));
    if (changed.length > 0 || rows.length !== before.length) {
      const dated = rows.map((row) => (changed.includes(row) ? { ...row, changedAt: now } : row));
      await contacts.replace(this.tx, side, dated);
    }
    const owner = userUri(this.context.domain, side.owner);
    for (const { operation, room, note } of said) {
      const asks = operation === "request" || operation === "cancel";
      const [requester, target] = asks ? [owner, side.user] : [side.user, owner];
      await this.#say(side.user, { operation, requester, target, room, note, at: now });
    }
  }

  async block(side: Side): Promise<void> {
    await this.#remember(side);
    await this.context.contacts.block(this.tx, side, this.context.env.now());
  }

  async unblock(side: Side): Promise<void> {
    await this.#remember(side);
    await this.context.contacts.unblock(this.tx, side);
  }

  async forget(side: Side): Promise<void> {
    await this.#remember(side);
    await this.context.contacts.forget(this.tx, side);
  }

  /** Tells the clients of everybody who sees something else than before. */
  async end(): Promise<void> {
    for (const { side, contact } of this.#before.values()) {
      const now = await this.contact(side);
      if (JSON.stringify(now) !== JSON.stringify(contact)) await this.#tell(side, contact, now);
    }
  }

  async #remember(side: Side): Promise<void> {
    const key = `${side.owner} ${side.user}`;
    if (!this.#before.has(key)) {
      this.#before.set(key, { side, contact: await this.contact(side) });
    }
  }

  async #say(to: UserUri, entry: ConsentEntry): Promise<void> {
    const { domain, neighbours } = this.context;
    const peer = domainOf(to);
    if (peer === domain) await receive(this, { owner: nameOf(to), user: other(entry, to) }, entry);
    else await neighbours.current.outbox.add(this.tx, peer, { kind: "consent", entry });
  }

  async #tell({ owner }: Side, before: Contact, now: Contact): Promise<void> {
    const { env, neighbours, store } = this.context;
    const data = utf8Encode(JSON.stringify(now));
    for (const { client } of await store.clientsOf(this.tx, owner)) {
      await neighbours.current.inboxes.deliverAccountEvent(this.tx, {
        client,
        acceptedAt: env.now(),
        name: nameOfEvent(before, now),
        data,
      });
    }
  }
}

/**
 * Runs what an owner does as one turn of its own transaction; answers how the owner sees the other
 * one afterwards. Refuses `sessionEnded` when the account is gone meanwhile.
 */
export function takeTurn(
  context: AuthenticationContext,
  side: Side,
  act: (turn: Turn) => Promise<void>,
): Promise<Contact> {
  return context.database.transaction(async (tx) => {
    const turn = new Turn(context, tx);
    if ((await context.store.account(tx, side.owner)) === undefined) {
      throw new Refusal("sessionEnded", "the account is gone");
    }
    await act(turn);
    await turn.end();
    return turn.contact(side);
  });
}

function other({ requester, target }: ConsentEntry, user: UserUri): UserUri {
  return requester === user ? target : requester;
}

function nameOfEvent(before: Contact, now: Contact): string {
  if (now.state === "incoming") return ACCOUNT_EVENTS.contactRequested;
  const accepted = before.state === "requested" && now.mayAdd;
  return accepted ? ACCOUNT_EVENTS.contactAccepted : ACCOUNT_EVENTS.contactChanged;
}

function same(known: Row, row: Row): boolean {
  return (
    known.room === row.room &&
    known.asked === row.asked &&
    known.waiting === row.waiting &&
    known.given === row.given &&
    known.received === row.received &&
    known.note === row.note
  );
}

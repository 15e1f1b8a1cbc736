import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { createNodeCrypto } from "@treehouse/mls/crypto/node";
import {
  type ClientUri,
  formatAssetLink,
  fromHex,
  type HistoryGrant,
  type HistoryRow,
  historySegmentCodec,
  mintClientUri,
  mintRoomUri,
  parseAssetUri,
  parseDomain,
  userOfClient,
  userUri,
} from "@treehouse/protocol";

import { silentLog } from "../../src/environment/silent.ts";
import { type ClientEvents, createEvents } from "../../src/events/index.ts";
import { roomKnown } from "../../src/groups/index.ts";
import { exportLines, type HistoryContext, writeArchive } from "../../src/history/index.ts";
import { sealPiece } from "../../src/history/piece.ts";
import { type Composed, composeText, readContent } from "../../src/messages/index.ts";
import {
  type LocalStore,
  type MessageKind,
  type MessageRow,
  openLocalStore,
} from "../../src/storage/index.ts";
import { openSqlite } from "../../src/storage-sqlite/index.ts";

export const random = (length: number) => new Uint8Array(randomBytes(length));
const crypto = createNodeCrypto({ random });
export const domain = parseDomain("a.example");
export const alice = userUri(domain, "alice");
export const clientOf = (name: string) => mintClientUri(userUri(domain, name), random);
export const phone = clientOf("alice");
export const bob = clientOf("bob");
export const mallory = clientOf("mallory");
export const room = mintRoomUri(domain, random);
export const start = 1_700_000_000_000;
const dataKey = random(32);
const nobody = () => () => undefined;

/** Stores of one user's clients, without a server. */
export class Historians implements AsyncDisposable {
  readonly directory = mkdtempSync(join(tmpdir(), "treehouse-history-"));
  readonly #stores: LocalStore[] = [];

  async client(now = start + 1_000_000): Promise<HistoryContext> {
    const path = join(this.directory, `${this.#stores.length}.sqlite`);
    const store = await openLocalStore(openSqlite(path), random(32), random);
    this.#stores.push(store);
    const env = { now: () => now, random, log: silentLog };
    const events = createEvents<ClientEvents>();
    return { env, crypto, store, events, self: alice, dataKey, roomOf: roomKnown };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const store of this.#stores) await store.close();
    rmSync(this.directory, { recursive: true, force: true });
  }
}

/** Writes something said as a receiver does; its position is its minute. */
export async function said(
  { store }: Pick<HistoryContext, "store">,
  position: number,
  composed: Composed,
  sender: ClientUri = bob,
  options: Pick<MessageRow, "toldBy" | "hearsay"> & {
    readonly in?: typeof room;
    readonly handled?: boolean;
  } = {},
): Promise<boolean> {
  const { in: where = room, handled = true, ...told } = options;
  const acceptedAt = start + position * 60_000;
  const message = { room: where, sender, plaintext: composed.content, acceptedAt };
  const read = readContent(message, { profile: nobody, status: nobody, grant: nobody });
  const kind: MessageKind = read.change === undefined ? "content" : "change";
  const { messageId, body, change } = read;
  const row = { room: where, position, acceptedAt, messageId, kind, body, target: change?.target };
  return store.transaction((tx) => tx.messages.append({ ...row, ...told }, handled));
}

export function placeOf(sender: ClientUri = bob, where = room) {
  return { room: where, sender: userOfClient(sender), random };
}

export function text(words: string, sender: ClientUri = bob): Composed {
  return composeText(placeOf(sender), { text: words });
}

/** Something that Bob has said, as somebody tells it. */
export function toldRow(position: number, acceptedAt: number, { id, content }: Composed) {
  const messageId = fromHex(id);
  const place = { room: 0, position, acceptedAt } as const;
  const what = { messageId, target: undefined, body: content };
  return { ...place, kind: "content", sender: bob, ...what } as const;
}

/** The grant with these rows, each list of them in a piece of its own. */
export function grantOf(
  pieces: readonly (readonly HistoryRow[])[],
  part: Partial<HistoryGrant> & Pick<HistoryGrant, "to" | "position">,
): HistoryGrant {
  const [id, key] = [random(16), random(32)];
  const sealed = pieces.map((rows, number) => {
    const segment = { rooms: [{ room, template: "group", name: "" }], rows };
    const place = { kind: "grant", owner: room, id, number } as const;
    return sealPiece(random, key, place, historySegmentCodec.encode(segment));
  });
  const inline = sealed.map((octets) => ({ kind: "inline", sealed: octets }) as const);
  return { since: 0, id, key, pieces: inline, ...part };
}

/** Of an asset of the room that is nowhere. */
export const assetLink = formatAssetLink({
  uri: parseAssetUri(`mimi://a.example/a/${"A".repeat(43)}`),
  size: 70_000,
  encryption: "plain",
  key: random(16),
  nonce: random(12),
  hash: random(32),
  expires: 0,
  access: { kind: "room", room },
});

export async function archived(context: HistoryContext): Promise<Uint8Array[]> {
  const pieces: Uint8Array[] = [];
  for await (const piece of writeArchive(context, {})) pieces.push(piece);
  return pieces;
}

/** What is to be read of the room, line by line. */
export async function toldIn(context: HistoryContext): Promise<readonly string[]> {
  const lines: string[] = [];
  for await (const line of exportLines(context, { rooms: [room] })) {
    if (line.line === "item" && line.kind === "message") {
      const reactions = line.reactions.map(({ emoji }) => emoji).join("");
      lines.push(`${line.position} ${line.senderAddress} ${line.text}${reactions}`);
    }
  }
  return lines;
}

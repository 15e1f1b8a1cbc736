import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import { join } from "node:path";
import {
  batchCodec,
  decodeEntry,
  DIRECTORY_PATH,
  directorySchema,
  entryHash,
  MEDIA_TYPE_JSON,
  parseDomain,
  peerRoutes,
  readItem,
  signHead,
} from "@treehouse/protocol";
import type { Bytes, Entry, ItemBody, RoomUri, SignedHead } from "@treehouse/protocol";
import Database from "better-sqlite3";
import { keyFile } from "../../src/peers/own-key-files.ts";
import { sha256 } from "../../src/platform/index.ts";
import type { ServerProcess } from "../federation-e2e/server.ts";
import { bodyOf } from "../federation-e2e/wire.ts";
import type { Wire } from "../federation-e2e/wire.ts";
import { testCrypto } from "../people/person.ts";
import type { RawKey } from "../peers/raw-peer.ts";

/**
 * A server that was honest and is no more: it has the keys of a real one, which it replaces, and
 * knows all that the two servers have told each other.
 */
export interface Turncoat {
  readonly domain: ReturnType<typeof parseDomain>;
  readonly key: RawKey;
  /** Of its stream to the target. */
  readonly incarnation: Bytes;
  /** The last item that it has sent there. */
  readonly lastSequence: number;
  /** Everything that it has sent in batches. */
  readonly sent: readonly ItemBody[];
  /** Bodies of the requests to a path that begins so, in their order. */
  bodiesTo(path: string): readonly { readonly path: string; readonly body: Bytes }[];
  /** The last entry of a room that it hosts. */
  lastEntry(room: string): { readonly entry: Entry; readonly hash: Bytes };
  /** A head of a room that it hosts, signed by the room's own key. */
  head(room: string, changes: Partial<SignedHead["head"]>): SignedHead;
  /** Answers instead of what an honest server says to anything but a look at its directory. */
  respond: (path: string, body: Buffer, response: ServerResponse) => void;
  readonly asked: readonly string[];
  close(): Promise<void>;
}

/** Ends the server and takes its place; `wire` is what it has sent to the target. */
export async function turnCoat(server: ServerProcess, wire: Wire): Promise<Turncoat> {
  const fetched = await fetch(server.url + DIRECTORY_PATH);
  const directory = directorySchema.parse(await fetched.json());
  const [listed] = directory.keys;
  const octets = readFileSync(join(server.data, "secrets", "federation-key-1"));
  const { privateKey, publicKey } = keyFile.decode(new Uint8Array(octets));
  if (privateKey === undefined || listed === undefined) throw new Error("it has no key");
  await server.kill();
  const hubKeys = hubKeysOf(server.databasePath);
  const bodiesTo = (path: string) =>
    wire.requests
      .map((request) => ({
        path: request.startLine.split(" ")[1] ?? "",
        body: new Uint8Array(bodyOf(request)),
      }))
      .filter((request) => request.path.startsWith(path));
  const batches = bodiesTo(peerRoutes.notify).map(({ body }) => batchCodec.decode(body));
  const items = batches.flatMap((batch) => batch.items);
  const sent = items.map((item) => readItem(item));
  const asked: string[] = [];
  const turncoat: Turncoat = {
    domain: parseDomain(server.domain),
    key: { kid: listed.kid, privateKey, publicKey },
    incarnation: batches.at(-1)?.incarnation ?? new Uint8Array(16),
    lastSequence: Math.max(0, ...items.map(({ sequence }) => sequence)),
    sent,
    bodiesTo,
    lastEntry(room) {
      const entries = sent.flatMap((body) => (body.kind === "entry" ? [body.entry] : []));
      const last = entries
        .map((bytes) => ({ entry: decodeEntry(bytes), hash: entryHash(bytes, sha256) }))
        .filter(({ entry }) => entry.room === room)
        .toSorted((a, b) => a.entry.position - b.entry.position)
        .at(-1);
      if (last === undefined) throw new Error("nothing was sent of that room");
      return last;
    },
    head(room, changes) {
      const known = sent
        .flatMap((body) => (body.kind === "entry" ? [body.head] : []))
        .findLast((head) => head?.head.room === room);
      const hubKey = hubKeys.get(room);
      if (known === undefined || hubKey === undefined) throw new Error("it is no hub of that room");
      return signHead({ ...known.head, ...changes }, (message) => testCrypto.sign(hubKey, message));
    },
    respond: (_path, _body, response) => void response.writeHead(503).end(),
    asked,
    async close() {
      stub.closeAllConnections();
      await new Promise((resolve) => stub.close(resolve));
    },
  };
  const stub = createServer((incoming, response) => {
    void answer(incoming, response);
  });
  const answer = async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
    const parts: Buffer[] = [];
    for await (const part of incoming) parts.push(Buffer.from(part));
    const path = incoming.url ?? "";
    asked.push(path);
    if (path === DIRECTORY_PATH) {
      response.setHeader("content-type", MEDIA_TYPE_JSON);
      response.end(JSON.stringify(directory));
    } else {
      turncoat.respond(path, Buffer.concat(parts), response);
    }
  };
  stub.listen(Number(new URL(server.url).port), "127.0.0.1");
  await once(stub, "listening");
  return turncoat;
}

function hubKeysOf(path: string): ReadonlyMap<string, Bytes> {
  const database = new Database(path, { readonly: true });
  try {
    const rows = database
      .prepare<[], { room: RoomUri; key: Buffer }>(
        "SELECT room, hub_private_key AS key FROM delivery_rooms ORDER BY id",
      )
      .all();
    return new Map(rows.map(({ room, key }) => [room, new Uint8Array(key)]));
  } finally {
    database.close();
  }
}

import {
  type AssetLink,
  type Bytes,
  type HistorySegment,
  historySegmentCodec,
  NetworkFault,
  Refusal,
  sha256,
  toHex,
  utf8Encode,
} from "@treehouse/protocol";

import type { Span } from "../../storage/index.ts";
import type { HistoryContext } from "../context.ts";
import { sealPiece } from "../piece.ts";
import { segmentsOf } from "../segments.ts";
import {
  type BackupHead,
  type BackupManifest,
  type BackupSegment,
  headValue,
  parseHead,
  sealManifest,
} from "./manifest.ts";
import { type Stretch, stretchesOf, touched } from "./plan.ts";
import type { BackupPorts } from "./ports.ts";
import { mergeSegment } from "./restore.ts";
import { type BackupState, faultOf, rememberManifest } from "./state.ts";

const hourMs = 60 * 60 * 1000;
/** So many new segments are named at once at the latest, so that what was sent is not sent again. */
const uploadsPerVersion = 8;
/** What no manifest names after so long was left behind by a client that died. */
const strayAfterMs = 24 * hourMs;
const prefix = "history/";

/**
 * Writes what has changed since: the segments in which it lies, and a manifest that names them in the
 * place of the former ones, which are deleted then. Refuses `conflict` when another client of the user
 * writes as well.
 */
export async function saveBackup(
  context: HistoryContext,
  ports: BackupPorts,
  before: BackupState,
): Promise<BackupState> {
  const marks = await context.store.transaction((tx) => tx.history.changed());
  const isNew = before.broken || before.head === undefined;
  const lost = isNew ? [] : await findLost(context, ports, before);
  const spans = isNew ? [everything] : [...marks.map(spanOf), ...lost];
  const work = touched(stretchesOf(before.manifest.segments), spans).map((one) => ({
    ...one,
    isLost: one.now !== undefined && lost.includes(one.now),
  }));
  let state = before;
  let written = 0;
  for (const stretch of work) {
    ports.life.throwIfAborted();
    if (stretch.now !== undefined && !stretch.isLost) {
      await mergeOrLose(context, ports, state, stretch.now);
    }
    const replaced = await writeStretch(context, ports, state, stretch, async (segments, whole) => {
      written += segments.length;
      state = await publish(context, ports, state, withSegments(state, stretch, segments, whole));
    });
    if (replaced && stretch.now !== undefined && !stretch.isLost) {
      await ports.assets.delete(stretch.now.link.uri);
    }
  }
  if (before.broken && written === 0) {
    state = await publish(context, ports, state, []);
  }
  await context.store.transaction((tx) => tx.history.forgetChanged(marks));
  if (written > 0) await sweep(context, ports, state);
  return state;
}

/**
 * Segments that the server has lost: it was set back, or lies. They are written anew from what this
 * client has. While another client writes, what it replaced is gone rightly: `conflict`.
 */
async function findLost(
  { events, store }: HistoryContext,
  ports: BackupPorts,
  { head, manifest }: BackupState,
): Promise<readonly BackupSegment[]> {
  const there = new Set<string>((await ports.assets.list(prefix)).map(({ uri }) => uri));
  const lost = manifest.segments.filter(({ link }) => !there.has(link.uri));
  const isWhole = head !== undefined && there.has(head.link.uri);
  if (isWhole && lost.length === 0) return [];
  await ports.agree();
  const noted = await store.transaction((tx) => parseHead(ports.head(tx)));
  if (noted?.hash !== head?.hash) throw conflict();
  events.emit("history", { from: "backup", state: "missing", done: 0, total: 0 });
  return lost;
}

function conflict(): Refusal {
  return new Refusal("conflict", "another client writes the backup as well");
}

const everything: Span = { from: 0, to: Number.MAX_SAFE_INTEGER };

function spanOf({ hour }: { readonly hour: number }): Span {
  return { from: hour * hourMs, to: (hour + 1) * hourMs };
}

/** A segment that is gone or damaged cannot be merged; what this store has takes its place. */
async function mergeOrLose(
  context: HistoryContext,
  ports: BackupPorts,
  state: BackupState,
  segment: BackupSegment,
): Promise<void> {
  try {
    await mergeSegment(context, ports, state, segment);
  } catch (error) {
    const fault = faultOf(error);
    if (fault === undefined) throw error;
    context.events.emit("history", { from: "backup", state: fault, done: 0, total: 0 });
  }
}

/**
 * The manifest's segments with others in the place of a stretch; or of a part of it, which begins with
 * the first of them and ends with the last one unless the stretch is whole now.
 */
function withSegments(
  { manifest }: BackupState,
  { from, to }: Stretch,
  segments: readonly BackupSegment[],
  whole: boolean,
): readonly BackupSegment[] {
  const begin = segments[0]?.from ?? from;
  const end = whole ? to : (segments.at(-1)?.to ?? from);
  const kept = manifest.segments.filter((one) => one.to <= begin || one.from >= end);
  return [...kept, ...segments].toSorted((a, b) => a.from - b.from);
}

/**
 * Uploads what the store has of a stretch, and has it published in parts. Answers false, and uploads
 * nothing, when what is there holds the very same.
 */
async function writeStretch(
  context: HistoryContext,
  ports: BackupPorts,
  { id, key }: BackupState,
  { from, to, now, isLost }: Stretch & { readonly isLost: boolean },
  publishPart: (segments: readonly BackupSegment[], whole: boolean) => Promise<void>,
): Promise<boolean> {
  const { env, self } = context;
  const pieces = segmentsOf(context, { from, to });
  let next = await pieces.next();
  let parts: BackupSegment[] = [];
  let start = from;
  while (next.done !== true) {
    const { segment } = next.value;
    next = await pieces.next();
    const last = next.done === true;
    const end = next.done === true ? to : (next.value.segment.rows[0]?.acceptedAt ?? to);
    const digest = digestOf(segment);
    if (last && start === from && now?.digest === digest && !isLost) return false;
    const number = numberFrom(env.random(6));
    const place = { kind: "backupSegment", owner: self, id, number } as const;
    const sealed = sealPiece(env.random, key, place, historySegmentCodec.encode(segment));
    const name = `${prefix}s-${number}`;
    const link = await ports.assets.upload(sealed, {
      access: { kind: "own", name, replaces: null },
      signal: ports.life,
    });
    parts.push({ from: start, to: end, number, rows: segment.rows.length, digest, link });
    start = end;
    if (parts.length < uploadsPerVersion || last) continue;
    // What stood in the place of a stretch stays named until all of it is written.
    if (now !== undefined) continue;
    await publishPart(parts, false);
    parts = [];
  }
  if (parts.length === 0 && now === undefined) return false;
  await publishPart(parts, true);
  return true;
}

/** Over what identifies each row, so that two clients with the same history come to the same. */
function digestOf({ rooms, rows }: HistorySegment): string {
  const lines = rows.map(({ kind, room, position, messageId }) =>
    [kind, rooms[room]?.room, position, messageId === undefined ? "" : toHex(messageId)].join(" "),
  );
  return toHex(sha256(utf8Encode(lines.join("\n"))));
}

function numberFrom(octets: Bytes): number {
  return octets.reduce((number, octet) => number * 256 + octet, 0);
}

/** The next version: durable here once the server has it, and then noted for the other clients. */
async function publish(
  context: HistoryContext,
  ports: BackupPorts,
  state: BackupState,
  segments: readonly BackupSegment[],
): Promise<BackupState> {
  const { env, events, store } = context;
  const { id, key, head } = state;
  const version = state.manifest.version + 1;
  const manifest: BackupManifest = {
    version,
    previous: head?.hash ?? "",
    savedAt: env.now(),
    anew: head === undefined || state.broken ? version : state.manifest.anew,
    former: head?.link.uri ?? "",
    segments,
  };
  const known = new Set<string>(state.manifest.segments.map(({ link: { uri } }) => uri));
  const written = segments.map(({ link: { uri } }) => uri).filter((uri) => !known.has(uri));
  const sealed = sealManifest(context, { id, key }, manifest);
  const link = await uploadManifest(ports, state, sealed);
  const next: BackupHead = { id: toHex(id), version, hash: toHex(sha256(sealed)), link };
  await store.transaction((tx) => {
    rememberManifest(tx, { version, sealed });
    for (const uri of written) tx.history.noteMerged(uri);
    ports.writeHead(tx, headValue(next), env.now());
  });
  await ports.agree();
  const total = segments.length;
  events.emit("history", { from: "backup", state: "saved", done: total, total });
  return { id, key, head: next, manifest, broken: false };
}

/**
 * Two places take turns, so that the version that is noted stays until the next one is. Whoever finds
 * its place taken waits for the other client to note what it wrote; one that died before it did is
 * overwritten.
 */
async function uploadManifest(
  ports: BackupPorts,
  { manifest, broken }: BackupState,
  sealed: Bytes,
): Promise<AssetLink> {
  const name = `${prefix}manifest-${(manifest.version + 1) % 2}`;
  const upload = (replaces: AssetLink["uri"] | null) =>
    ports.assets.upload(sealed, { access: { kind: "own", name, replaces }, signal: ports.life });
  const found = (await ports.assets.list(prefix)).find((one) => one.name === name)?.uri ?? null;
  const expected = manifest.former === "" ? null : manifest.former;
  if (broken || found === expected) return upload(found);
  throw conflict();
}

/** Takes away what no manifest names. */
async function sweep(
  { env }: HistoryContext,
  ports: BackupPorts,
  { manifest }: BackupState,
): Promise<void> {
  const named = new Set<string>(manifest.segments.map(({ link }) => link.uri));
  try {
    for (const { uri, name, createdAt } of await ports.assets.list(`${prefix}s-`)) {
      if (named.has(uri) || createdAt > env.now() - strayAfterMs) continue;
      env.log.info("backup.swept", { name });
      await ports.assets.delete(uri);
    }
  } catch (error) {
    if (!(error instanceof NetworkFault) && !(error instanceof Refusal)) throw error;
  }
}

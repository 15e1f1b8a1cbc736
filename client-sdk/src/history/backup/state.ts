import {
  type Bytes,
  fromHex,
  NetworkFault,
  Refusal,
  sha256,
  toHex,
  utf8Decode,
  utf8Encode,
} from "@treehouse/protocol";

import { z } from "zod";

import { SdkError } from "../../errors/index.ts";
import type { LocalTx } from "../../storage/index.ts";
import type { HistoryContext } from "../context.ts";
import { fetchWhole } from "../fetch-whole.ts";
import {
  type BackupHead,
  type BackupManifest,
  backupKey,
  openManifest,
  parseHead,
} from "./manifest.ts";
import type { BackupPorts } from "./ports.ts";

/** The backup as it is now; there is none without a `head`. */
export type BackupState = {
  readonly id: Bytes;
  readonly key: Bytes;
  readonly head: BackupHead | undefined;
  readonly manifest: BackupManifest;
  /** What is at the server cannot be used: it is written anew from what this client has. */
  readonly broken: boolean;
};

/** Octets of the manifest that this client has seen last, as they were sealed. */
const seenSetting = "backup manifest";
const seenVersionSetting = "backup version";
const manifestBytesMax = 8 * 1024 * 1024;

export function rememberManifest(
  tx: LocalTx,
  seen: { readonly version: number; readonly sealed: Bytes },
): void {
  tx.settings.put(seenSetting, seen.sealed);
  tx.settings.put(seenVersionSetting, utf8Encode(String(seen.version)));
}

function knownVersion(tx: LocalTx): number {
  const known = tx.settings.get(seenVersionSetting);
  return known === undefined ? 0 : Number(utf8Decode(known));
}

/**
 * Finds the newest version that the user's clients have noted, and checks that it is what they noted
 * (T-37). What is missing, damaged, or does not follow from what this client has seen, is told and not
 * used. Rejects with `NetworkFault` when the server is away.
 */
export async function readState(context: HistoryContext, ports: BackupPorts): Promise<BackupState> {
  const { store, env } = context;
  const { noted, seen } = await store.transaction((tx) => ({
    noted: ports.head(tx),
    seen: tx.settings.get(seenSetting),
  }));
  const head = parseHead(noted);
  const id = head === undefined ? env.random(16) : fromHex(head.id);
  const key = backupKey(context, id);
  if (head === undefined) {
    const version = versionSchema.safeParse(noted).data?.version ?? 0;
    return { id, key, head, manifest: { ...none, version }, broken: false };
  }
  const known = seen === undefined ? undefined : { hash: toHex(sha256(seen)), seen };
  if (known?.hash === head.hash) {
    return {
      id,
      key,
      head,
      manifest: openManifest(context, { id, key }, head, known.seen),
      broken: false,
    };
  }
  try {
    const sealed = await fetchWhole(ports, head.link, manifestBytesMax);
    const manifest = openManifest(context, { id, key }, head, sealed);
    await store.transaction((tx) => {
      // Whoever began anew may have lacked what this client had written before.
      if (manifest.anew > 0 && manifest.anew > knownVersion(tx)) tx.history.changeAll();
      rememberManifest(tx, { version: manifest.version, sealed });
    });
    return { id, key, head, manifest, broken: false };
  } catch (error) {
    const state = faultOf(error);
    if (state === undefined) throw error;
    context.events.emit("history", { from: "backup", state, done: 0, total: 0 });
    const { version, hash } = head;
    const manifest = { ...none, version, previous: hash };
    return { id, key, head, manifest, broken: true };
  }
}

/** What a piece that cannot be used says about the server; undefined: nothing, ask again later. */
export function faultOf(error: unknown): "missing" | "damaged" | undefined {
  if (error instanceof NetworkFault) return undefined;
  const code = error instanceof Refusal || error instanceof SdkError ? error.code : undefined;
  if (code === "assetGone" || code === "notFound") return "missing";
  const damaged = ["assetDamaged", "invalidMessage", "malformed", "tooLarge"];
  return code !== undefined && damaged.includes(code) ? "damaged" : undefined;
}

const none: BackupManifest = {
  version: 0,
  previous: "",
  savedAt: 0,
  anew: 0,
  former: "",
  segments: [],
};

const versionSchema = z.object({ version: z.int().nonnegative() });

/** What is noted once there is none any more. */
export function removedValue(version: number) {
  return { version, removed: "removed" };
}

import { assetsForgottenCodec, LIMITS, Refusal } from "@treehouse/protocol";
import type { Domain } from "@treehouse/protocol";
import type { AssetsContext } from "./context.ts";

const atOnce = 500;

/** Deletes what has expired: assets, uploads that rest, notices that nobody takes. */
export async function expire(context: AssetsContext): Promise<void> {
  const { copies, database, env, metrics, staging, store } = context;
  const now = env.now();
  const before = {
    open: now - LIMITS.assetUploadKeptMs,
    finished: now - LIMITS.assetFinishKeptMs,
  };
  const resting = await database.transaction(async (tx) => {
    for (const asset of await store.expired(tx, now, atOnce)) {
      await store.deleteAsset(tx, asset, now);
    }
    await store.forgetNotices(tx, now - LIMITS.assetNoticeKeptMs);
    const uploads = await store.restingUploads(tx, before, atOnce);
    for (const { blob } of uploads) await store.deleteUpload(tx, blob);
    return uploads;
  });
  for (const { asset, blob } of resting) if (asset === undefined) await staging.discard(blob);
  await copies.evict();
  const stored = await database.read((tx) => store.totalBytes(tx));
  metrics.bytes.set(stored, { state: "stored" });
  metrics.bytes.set(copies.bytes, { state: "copies" });
}

/** Deletes the files of blobs that nothing refers to any more. */
export async function sweep({ blobs, database, store }: AssetsContext): Promise<void> {
  for (;;) {
    const doomed = await database.read((tx) => store.doomed(tx, atOnce));
    for (const blob of doomed) {
      // The file first: a crash between the two leaves a row that has it deleted again.
      await blobs.delete(blob);
      await database.transaction((tx) => store.forgetBlob(tx, blob));
    }
    if (doomed.length < atOnce) return;
  }
}

/**
 * Deletes files that no row explains: what a crash has left. They are left alone for a week, since an
 * upload may be about to explain one, and a backup that is restored may not know the newest.
 */
export async function collectGarbage({
  blobs,
  database,
  env,
  staging,
  store,
}: AssetsContext): Promise<number> {
  const before = env.now() - LIMITS.assetGarbageKeptMs;
  let deleted = 0;
  let keys: string[] = [];
  const settle = async (): Promise<void> => {
    const some = keys;
    keys = [];
    for (const key of await database.read((tx) => store.unknownBlobs(tx, some))) {
      await blobs.delete(key);
      deleted += 1;
    }
  };
  for await (const { key, changedAt } of blobs.list()) {
    if (changedAt >= before) continue;
    keys.push(key);
    if (keys.length === atOnce) await settle();
  }
  await settle();
  for (const { key, changedAt } of await staging.list()) {
    if (changedAt >= before) continue;
    const [unknown] = await database.read((tx) => store.unknownBlobs(tx, [key]));
    if (unknown === undefined) continue;
    await staging.discard(key);
    deleted += 1;
  }
  return deleted;
}

/** FED-1013: tells the servers that may have copies what is deleted, until they have heard it. */
export async function tellHolders(context: AssetsContext): Promise<void> {
  const { database, store } = context;
  const domains = await database.read((tx) => store.holdersToTell(tx));
  await Promise.all(domains.map((domain) => tell(context, domain)));
}

async function tell({ database, peers, store }: AssetsContext, domain: Domain): Promise<void> {
  for (;;) {
    const limit = LIMITS.assetsForgottenMax;
    const assets = await database.read((tx) => store.toTell(tx, domain, limit));
    if (assets.length === 0) return;
    const body = assetsForgottenCodec.encode({ assets });
    try {
      await peers.ask(domain, { endpoint: "assetsForgotten", body, answerBytesMax: answerMax });
    } catch (error) {
      if (error instanceof Refusal) return;
      throw error;
    }
    await database.transaction((tx) => store.told(tx, domain, assets));
  }
}

const answerMax = 1024;

import {
  type AssetLink,
  type Bytes,
  type Env,
  Refusal,
  storedLength,
  toBase64Url,
} from "@treehouse/protocol";

import type { NewAccess } from "./access.ts";
import type { AssetApi } from "./asset-api.ts";
import type { AssetCipher } from "./cipher.ts";
import { partCount, partRange, sealPart } from "./encrypt.ts";
import { createPatience, isPassing, type Patience, throwIfAborted } from "./patience.ts";
import { type AssetSource, type OpenSource, openSource } from "./source.ts";
import { newUpload, type UploadMemory, type UploadState } from "./upload-state.ts";

export type UploadOptions = {
  readonly access: NewAccess;
  /**
   * With it the upload survives the end of the process: called again with the same source and key it
   * goes on where it was. A source that has changed is uploaded anew, under a new key.
   */
  readonly resumeKey?: string | undefined;
  /** Milliseconds since the Unix epoch; the server may keep it for a shorter time. */
  readonly expiresAt?: number | undefined;
  /** Aborted, it rejects with `aborted`; with a `resumeKey` what was sent stays. */
  readonly signal?: AbortSignal | undefined;
  /** Hears of octets of the content that are at the server. What it throws ends the upload. */
  readonly onProgress?: ((progress: AssetProgress) => void) | undefined;
};

export type AssetProgress = { readonly done: number; readonly total: number };

export type UploadContext = {
  readonly env: Pick<Env, "random" | "timer">;
  readonly api: AssetApi;
  readonly cipher: AssetCipher;
};

/** Begins anew at most so often, when the server has lost or refuses what was sent. */
const beginningsMax = 3;

/**
 * Encrypts a source part by part and brings it to the server. Two parts are in memory: one on its
 * way, and the next. Whatever breaks is tried again until the signal is aborted.
 */
export async function upload(
  context: UploadContext,
  from: AssetSource,
  memory: UploadMemory,
  options: UploadOptions,
): Promise<AssetLink> {
  const source = openSource(from, options.signal);
  const patience = createPatience(context.env, options.signal);
  let kept = await memory.load({ size: source.size, access: options.access });
  for (let beginnings = 1; ; beginnings += 1) {
    const state = kept ?? (await begin(context, source.size, patience, options));
    if (kept === undefined) await memory.save(state);
    const run = new Run(context, { source, state, memory, patience, options });
    try {
      const link = await run.complete();
      await memory.forget();
      return link;
    } catch (error) {
      if (!isLost(error) || beginnings >= beginningsMax) {
        if (options.resumeKey === undefined) abandon(context, state);
        throw error;
      }
      abandon(context, state);
      await memory.forget();
      kept = undefined;
    }
  }
}

async function begin(
  { api, env }: UploadContext,
  size: number,
  patience: Patience,
  { access, expiresAt }: UploadOptions,
): Promise<UploadState> {
  const fresh = newUpload(size, access, (length) => env.random(length));
  const { audience, asset } = fresh;
  const wanted = { size: storedLength(size, asset.encryption), audience, expiresAt };
  const { upload: name } = await insist(patience, () => api.begin(wanted));
  return { ...fresh, upload: name };
}

/** An upload that cannot go on as it is, and may succeed when it is begun anew. */
class Lost extends Error {}

function isLost(error: unknown): boolean {
  if (error instanceof Lost) return true;
  return error instanceof Refusal && (error.code === "notFound" || error.code === "assetInvalid");
}

/** What was begun is forgotten by the server in any case, after a while. */
function abandon({ api }: UploadContext, { upload: name }: UploadState): void {
  api.abandon(name).catch(() => undefined);
}

async function insist<T>(patience: Patience, run: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await run();
    } catch (error) {
      await patience.after(error);
    }
  }
}

type RunParts = {
  readonly source: OpenSource;
  readonly state: UploadState;
  readonly memory: UploadMemory;
  readonly patience: Patience;
  readonly options: UploadOptions;
};

/** One upload with one key. */
class Run {
  readonly #context: UploadContext;
  readonly #parts: RunParts;
  /** One is filled while the other one is on its way. */
  readonly #buffers: [Uint8Array, Uint8Array];
  /** Octets at the server, as far as is known. */
  #received = 0;

  constructor(context: UploadContext, parts: RunParts) {
    this.#context = context;
    this.#parts = parts;
    const { length } = partRange(parts.state.asset, 0);
    const count = partCount(parts.state.asset);
    this.#buffers = [new Uint8Array(length), new Uint8Array(count > 1 ? length : 0)];
  }

  async complete(): Promise<AssetLink> {
    const { api } = this.#context;
    const { options, patience, state } = this.#parts;
    // What was sent before must be looked at again anyway: the hash is of all of it.
    if (state.digests.length > 0) {
      this.#received = (await insist(patience, () => api.state(state.upload))).received;
    }
    for (;;) {
      const hash = await this.#sendAll();
      if (hash === undefined) continue;
      throwIfAborted(options.signal);
      const done = await this.#finish(hash);
      if (done !== undefined) return this.#link(hash, done);
    }
  }

  /** Answers the hash of all that was sent; undefined when the server has lost some of it. */
  async #sendAll(): Promise<Bytes | undefined> {
    const { cipher } = this.#context;
    const { source, state } = this.#parts;
    const hasher = cipher.hasher();
    let sending: Promise<boolean> = Promise.resolve(true);
    const count = partCount(state.asset);
    try {
      for (let index = 0; index < count; index += 1) {
        const { length } = partRange(state.asset, index);
        // It was free since the part before the last one has arrived.
        const part = this.#buffers[index % 2]?.subarray(0, length) ?? new Uint8Array(length);
        await sealPart(cipher, state.asset, source, index, part);
        hasher.update(part);
        await this.#note(index, hasher.soFar());
        if (!(await sending)) return undefined;
        sending = this.#send(index, part);
        sending.catch(() => undefined);
      }
      return (await sending) ? hasher.digest() : undefined;
    } finally {
      // Nothing may read from a buffer that is about to be filled anew.
      await sending.catch(() => undefined);
    }
  }

  /** A part may leave only as it has left before. */
  async #note(index: number, hash: Bytes): Promise<void> {
    const { memory, state } = this.#parts;
    const digest = toBase64Url(hash);
    const before = state.digests[index];
    if (before !== undefined && before !== digest) throw new Lost("the source has changed");
    if (before !== undefined) return;
    state.digests[index] = digest;
    await memory.save(state);
  }

  /** False when the server has less than what was sent before this part. */
  async #send(index: number, part: Uint8Array): Promise<boolean> {
    const { api } = this.#context;
    const { options, patience, state } = this.#parts;
    const { offset, length } = partRange(state.asset, index);
    while (this.#received < offset + length) {
      throwIfAborted(options.signal);
      if (this.#received < offset) return false;
      try {
        const rest = part.subarray(this.#received - offset);
        const sent = { offset: this.#received, octets: rest, signal: options.signal };
        this.#received = await api.put(state.upload, sent);
        patience.progressed();
      } catch (error) {
        const elsewhere = error instanceof Refusal && error.code === "conflict";
        if (!elsewhere) await patience.after(error);
        const { received } = await insist(patience, () => api.state(state.upload));
        if (received > this.#received) patience.progressed();
        this.#received = received;
      }
    }
    this.#tell();
    return true;
  }

  #tell(): void {
    const { options, source } = this.#parts;
    const done = Math.min(this.#received, source.size);
    options.onProgress?.({ done, total: source.size });
  }

  /** Undefined when the server has lost octets meanwhile. */
  async #finish(hash: Bytes): Promise<{ uri: AssetLink["uri"]; expires: number } | undefined> {
    const { api } = this.#context;
    const { patience, state, options } = this.#parts;
    for (;;) {
      try {
        const { asset, expiresAt } = await api.finish(state.upload, hash);
        return { uri: asset, expires: Math.floor((expiresAt ?? 0) / 1000) };
      } catch (error) {
        if (isPassing(error)) {
          await patience.after(error);
          continue;
        }
        throwIfAborted(options.signal);
        if (!(error instanceof Refusal) || error.code !== "conflict") throw error;
        const { received, size } = await insist(patience, () => api.state(state.upload));
        // All is there: it is the name that another asset has.
        if (received === size) throw error;
        this.#received = received;
        return undefined;
      }
    }
  }

  #link(
    hash: Bytes,
    { uri, expires }: { readonly uri: AssetLink["uri"]; readonly expires: number },
  ): AssetLink {
    const { asset, access } = this.#parts.state;
    const { size, encryption, key, nonce } = asset;
    const { source, options } = this.#parts;
    options.onProgress?.({ done: source.size, total: source.size });
    return { uri, size, encryption, key, nonce, hash, expires, access };
  }
}

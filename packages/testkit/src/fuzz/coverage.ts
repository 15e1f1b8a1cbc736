import { type Profiler, Session } from "node:inspector";

/** Places in the source, by function: 1 where something is. */
export type Places = ReadonlyMap<string, Uint8Array>;

/**
 * V8's own block coverage of this thread. It must begin before the code that it measures is loaded:
 * what was compiled before has no counters. Taking it costs some milliseconds, so that it is taken
 * for batches of inputs.
 */
export class Coverage {
  readonly #session = new Session();
  readonly #seen = new Map<string, Uint8Array>();
  #size = 0;

  constructor() {
    this.#session.connect();
    this.#session.post("Profiler.enable");
    this.#session.post("Profiler.startPreciseCoverage", { callCount: true, detailed: true });
  }

  /** How much of the source was reached, in characters. */
  get size(): number {
    return this.#size;
  }

  /** What was reached since the last time and never before; undefined if nothing was. */
  take(): Places | undefined {
    const fresh = new Map<string, Uint8Array>();
    for (const [key, reached] of this.#reached()) {
      const seen = this.#seen.get(key) ?? new Uint8Array(reached.length);
      this.#seen.set(key, seen);
      const first = reached.map((one, at) => (seen[at] === 0 ? one : 0));
      const count = first.reduce((sum, one) => sum + one, 0);
      if (count === 0) continue;
      fresh.set(key, first);
      this.#size += count;
      for (const [at, one] of first.entries()) if (one === 1) seen[at] = 1;
    }
    return fresh.size === 0 ? undefined : fresh;
  }

  /** The places among these that were reached since the last time. */
  again(wanted: Places): Places | undefined {
    const found = new Map<string, Uint8Array>();
    for (const [key, reached] of this.#reached()) {
      const places = wanted.get(key)?.map((one, at) => one & (reached[at] ?? 0));
      if (places?.includes(1) === true) found.set(key, places);
    }
    return found.size === 0 ? undefined : found;
  }

  close(): void {
    this.#session.disconnect();
  }

  /**
   * A range stands there only if it ran more or less often than what is around it, so that what was
   * reached follows from all ranges of a function together; inner ones stand after outer ones.
   */
  *#reached(): Generator<readonly [string, Uint8Array]> {
    for (const { url, scriptId, functions } of this.#counts()) {
      if (!isCounted(url)) continue;
      for (const { ranges } of functions) {
        const [whole] = ranges;
        if (whole === undefined || whole.count === 0) continue;
        const { startOffset: from, endOffset } = whole;
        const reached = new Uint8Array(endOffset - from);
        for (const { startOffset, endOffset: end, count } of ranges) {
          reached.fill(count > 0 ? 1 : 0, startOffset - from, end - from);
        }
        yield [`${scriptId}:${from}:${endOffset}`, reached];
      }
    }
  }

  #counts(): readonly Profiler.ScriptCoverage[] {
    let counts: readonly Profiler.ScriptCoverage[] = [];
    // The session is this thread's own, and answers before `post` returns.
    this.#session.post("Profiler.takePreciseCoverage", (error, answer) => {
      if (error !== null) throw error;
      counts = answer.result;
    });
    return counts;
  }
}

/**
 * Our own code, without that of the fuzzer itself, and the one library whose decoders meet foreign
 * octets first.
 */
function isCounted(url: string): boolean {
  if (!url.startsWith("file:") || /\/testkit\/src\/fuzz\/[^/]+$/.test(url)) return false;
  return !url.includes("/node_modules/") || url.includes("/ts-mls/");
}

/** Less the places that others stand for. */
export function without(places: Places, others: Places): Places {
  return new Map(
    [...places].map(([key, one]) => {
      const other = others.get(key);
      return [key, other === undefined ? one : one.map((each, at) => each & ~(other[at] ?? 0))];
    }),
  );
}

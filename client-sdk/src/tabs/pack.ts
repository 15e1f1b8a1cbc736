import { errorFromWire, errorToWire } from "./errors.ts";
import { type Handles, isFunction } from "./handles.ts";
import type { Callee, Mark, Parcel, Path } from "./wire.ts";

/** Makes values ready for another thread, and makes of them there what they were. */
export interface Packer {
  /** Numbers of what stays at this end and is named to the other one are added to `held`. */
  pack(value: unknown, held?: number[]): Parcel;
  /** `unused` is called when what was unpacked, an iteration or a handle, is used no more. */
  unpack(parcel: Parcel, unused?: () => void): unknown;
  /** The other end's signal was aborted. */
  aborted(ref: number, reason: unknown): void;
  forgetSignals(parcel: Parcel): void;
}

export type PackerParts = {
  readonly handles: Handles;
  call(callee: Callee, args: readonly unknown[]): Promise<unknown>;
  nameOf(value: object): Callee | undefined;
  released(refs: readonly number[]): void;
  abort(ref: number, reason: unknown): void;
};

type Unused = { readonly ref: number; readonly unused: () => void };

export function createPacker(parts: PackerParts): Packer {
  const { handles, call, released } = parts;
  const controllers = new Map<number, AbortController>();
  const collected = new FinalizationRegistry<Unused>(({ ref, unused }) => {
    released([ref]);
    unused();
  });

  const keep = (held: number[] | undefined, value: unknown, end?: () => void): number => {
    const ref = handles.add(value, end);
    held?.push(ref);
    return ref;
  };

  const markOf = (value: object, held: number[] | undefined): Unplaced | undefined => {
    if (value instanceof AbortSignal) {
      const tell = () => parts.abort(ref, value.reason);
      const ref = keep(held, value, () => value.removeEventListener("abort", tell));
      value.addEventListener("abort", tell, { once: true });
      return { kind: "signal", ref, aborted: value.aborted };
    }
    if (value instanceof Error) return { kind: "error", error: errorToWire(value) };
    if (value instanceof Blob) return undefined;
    if (!isAsyncIterable(value)) return undefined;
    const iteration = iterationOver(value);
    const ref = keep(held, iteration, () => void iteration.return().catch(() => undefined));
    return { kind: value instanceof ReadableStream ? "stream" : "iterable", ref };
  };

  const pack = (value: unknown, held?: number[]): Parcel => {
    const marks: Mark[] = [];
    const walk = (inner: unknown, at: Path): unknown => {
      if (isFunction(inner)) {
        const of = { kind: "handle", ref: keep(held, { call: inner }), path: ["call"] } as const;
        marks.push({ at, kind: "functions", of, paths: [[]] });
        return undefined;
      }
      if (typeof inner !== "object" || inner === null) return inner;
      const mark = markOf(inner, held);
      if (mark !== undefined) {
        marks.push({ at, ...mark });
        return undefined;
      }
      if (Array.isArray(inner)) return changed(inner, inner.map(below(at)));
      if (!isPlain(inner)) return inner;
      const paths = functionPaths(inner);
      if (Object.values(inner).some(isFunction)) {
        const of = parts.nameOf(inner) ?? { kind: "handle", ref: keep(held, inner), path: [] };
        marks.push({ at, kind: "functions", of, paths });
        return withoutFunctions(inner, at, walk);
      }
      const entries = Object.entries(inner).map(([key, member]) => [
        key,
        walk(member, [...at, key]),
      ]);
      return changed(inner, Object.fromEntries(entries));
    };
    const below = (at: Path) => (member: unknown, index: number) =>
      walk(member, [...at, String(index)]);
    return { value: walk(value, []), marks };
  };

  const unpack = (parcel: Parcel, unused: () => void = () => undefined): unknown => {
    const box: { value: unknown } = { value: parcel.value };
    for (const mark of parcel.marks) {
      if (mark.kind === "functions") addFunctions(box, mark, unused);
      else place(box, mark.at, remake(mark, unused));
    }
    return box.value;
  };

  const addFunctions = (
    box: { value: unknown },
    { at, of, paths }: Extract<Mark, { readonly kind: "functions" }>,
    unused: () => void,
  ) => {
    for (const path of paths) {
      const callee = of.kind === "open" ? of : { ...of, path: [...of.path, ...path] };
      place(box, [...at, ...path], (...args: readonly unknown[]) => asked(call(callee, args)));
    }
    const target = get(box, at);
    if (of.kind !== "handle" || (typeof target !== "object" && !isFunction(target))) return;
    if (target !== null) collected.register(target, { ref: of.ref, unused });
  };

  const remake = (
    mark: Exclude<Mark, { readonly kind: "functions" }>,
    unused: () => void,
  ): unknown => {
    switch (mark.kind) {
      case "error":
        return errorFromWire(mark.error);
      case "signal": {
        const controller = new AbortController();
        controllers.set(mark.ref, controller);
        if (mark.aborted) controller.abort();
        return controller.signal;
      }
      case "iterable":
        return remoteIterable(mark.ref, unused);
      case "stream":
        return streamOf(remoteIterable(mark.ref, unused));
    }
  };

  const remoteIterable = (ref: number, unused: () => void): AsyncIterable<unknown> => {
    const ask = (name: "next" | "return") => call({ kind: "handle", ref, path: [name] }, []);
    const end = () => {
      released([ref]);
      unused();
    };
    return {
      [Symbol.asyncIterator]: () => ({
        async next() {
          const result = await ask("next");
          if (!isStep(result)) throw new TypeError("an iteration answers with no step");
          if (result.done === true) end();
          return result;
        },
        async return(value?: unknown) {
          end();
          return { done: true, value };
        },
      }),
    };
  };

  return {
    pack,
    unpack,
    aborted(ref, reason) {
      controllers.get(ref)?.abort(reason);
      controllers.delete(ref);
    },
    forgetSignals({ marks }) {
      for (const mark of marks) if (mark.kind === "signal") controllers.delete(mark.ref);
    },
  };
}

type Unplaced = Mark extends infer Each ? (Each extends Mark ? Omit<Each, "at"> : never) : never;

/**
 * A call that is awaited, or looped over: which of the two it is for, its caller knows, and only the
 * other end could tell.
 */
export function asked(answer: Promise<unknown>): Promise<unknown> & AsyncIterable<unknown> {
  return Object.assign(answer, {
    async *[Symbol.asyncIterator]() {
      const found = await answer;
      if (typeof found !== "object" || found === null || !isAsyncIterable(found)) {
        throw new TypeError("this call answers with nothing to loop over");
      }
      yield* found;
    },
  });
}

/** Begun when the first step is asked for. */
function iterationOver(iterable: AsyncIterable<unknown>) {
  let iterator: AsyncIterator<unknown> | undefined;
  return {
    next: () => {
      iterator ??= iterable[Symbol.asyncIterator]();
      return iterator.next();
    },
    return: async () => void (await iterator?.return?.()),
  };
}

function streamOf(iterable: AsyncIterable<unknown>): ReadableStream {
  const iterator = iterable[Symbol.asyncIterator]();
  return new ReadableStream(
    {
      async pull(controller) {
        const step = await iterator.next();
        if (step.done === true) controller.close();
        else controller.enqueue(step.value);
      },
      async cancel() {
        await iterator.return?.();
      },
    },
    { highWaterMark: 0 },
  );
}

function isAsyncIterable(value: object): value is AsyncIterable<unknown> {
  return Symbol.asyncIterator in value;
}

function isStep(value: unknown): value is IteratorResult<unknown> {
  return typeof value === "object" && value !== null;
}

/** What is walked through; everything else is cloned as it is. */
function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** The same object where nothing in it had to be replaced. */
function changed(before: object, after: object): object {
  const same = Object.entries(after).every(([key, member]) => Reflect.get(before, key) === member);
  return same ? before : after;
}

function functionPaths(value: object, at: Path = []): readonly Path[] {
  return Object.entries(value).flatMap(([key, member]: [string, unknown]) => {
    if (isFunction(member)) return [[...at, key]];
    const within = typeof member === "object" && member !== null && isPlain(member);
    return within ? functionPaths(member, [...at, key]) : [];
  });
}

/** The data of an object with functions, and of those within it; `walk` sees to the rest. */
function withoutFunctions(
  value: object,
  at: Path,
  walk: (member: unknown, at: Path) => unknown,
): object {
  const entries = Object.entries(value).flatMap(([key, member]: [string, unknown]) => {
    if (isFunction(member)) return [];
    const here = [...at, key];
    const within = typeof member === "object" && member !== null && isPlain(member);
    if (!within || functionPaths(member).length === 0) return [[key, walk(member, here)]];
    return [[key, withoutFunctions(member, here, walk)]];
  });
  return Object.fromEntries(entries);
}

function get(box: object, at: Path): unknown {
  return at.reduce<unknown>(
    (found, key) =>
      typeof found === "object" && found !== null ? Reflect.get(found, key) : undefined,
    Reflect.get(box, "value"),
  );
}

function place(box: object, at: Path, value: unknown): void {
  let target: object = box;
  const path = ["value", ...at];
  for (const key of path.slice(0, -1)) {
    const next: unknown = Reflect.get(target, key);
    if (typeof next !== "object" || next === null)
      throw new TypeError(`no place at ${at.join(".")}`);
    target = next;
  }
  Object.defineProperty(target, path.at(-1) ?? "", {
    value,
    enumerable: true,
    configurable: true,
    writable: true,
  });
}

/**
 * What of a face cannot go from one thread to another, by its path: `never` when all of it can.
 *
 * Every call has to answer with a promise or something to loop over, and what is handed to it may
 * call back only so that nobody waits, or for a promise. Objects with calls of their own, which only
 * the worker has that made them, are named in `Handles`.
 */
export type NotCrossing<T, Handles, At extends string = ""> = {
  [K in Extract<keyof T, string>]-?: NotCrossingMember<T[K], Handles, `${At}${K}`>;
}[Extract<keyof T, string>];

type NotCrossingMember<M, Handles, At extends string> = M extends AnyFunction
  ? NotAnswering<ReturnType<M>, Handles, At> | NotTaken<Parameters<M>, At>
  : HasCalls<M> extends true
    ? NotCrossing<M, Handles, `${At}.`>
    : never;

type AnyFunction = (...args: never[]) => unknown;

/** `iterable` first: such a call may answer with both. */
type NotAnswering<R, Handles, At extends string> =
  R extends AsyncIterable<infer Item>
    ? NotAnswered<Item, Handles, At>
    : R extends Promise<infer Value>
      ? NotAnswered<Value, Handles, At>
      : `${At} does not answer with a promise`;

type NotAnswered<V, Handles, At extends string> = V extends Handles
  ? never
  : HasCalls<V> extends true
    ? `${At} answers with an object of its worker`
    : never;

/** Callbacks among what a call is given, directly or in an object. */
type NotTaken<Args extends readonly unknown[], At extends string> = {
  [I in keyof Args]-?: NotTakenValue<NonNullable<Args[I]>, At>;
}[number];

type NotTakenValue<V, At extends string> = V extends AnyFunction
  ? ReturnType<V> extends Promise<unknown> | void
    ? never
    : `${At} is called back for a value`
  : V extends Cloned
    ? never
    : V extends object
      ? { [K in keyof V]-?: NotTakenMember<NonNullable<V[K]>, At> }[keyof V]
      : never;

type NotTakenMember<V, At extends string> = V extends AnyFunction
  ? ReturnType<V> extends Promise<unknown> | void
    ? never
    : `${At} is called back for a value`
  : never;

type Cloned = Uint8Array | Blob | AbortSignal | readonly unknown[] | AsyncIterable<unknown>;

type HasCalls<V> = V extends Cloned | string | number | boolean | undefined | null
  ? false
  : V extends object
    ? true extends {
        [K in Extract<keyof V, string>]: V[K] extends AnyFunction ? true : HasCallsIn<V[K]>;
      }[Extract<keyof V, string>]
      ? true
      : false
    : false;

/** One level deeper: namespaces of calls. */
type HasCallsIn<V> = V extends Cloned | string | number | boolean | undefined | null
  ? false
  : V extends object
    ? true extends {
        [K in Extract<keyof V, string>]: V[K] extends AnyFunction ? true : false;
      }[Extract<keyof V, string>]
      ? true
      : false
    : false;

import { checkedInput, type Form } from "./checked-input.ts";

/** Names and forms of what a call takes, in their order. */
type Taken = Readonly<Record<string, Form>>;

/** Of a call that answers with no promise, and throws what it refuses. */
export class AtOnce {
  readonly taken: Taken;

  constructor(taken: Taken) {
    this.taken = taken;
  }
}

type AnyFunction = (...args: never[]) => unknown;

/** What each call of a face takes, also in what stands in it: the compiler misses one that is left out. */
export type CallsOf<F> = {
  readonly [
    K in keyof F as F[K] extends string ? never : Extract<K, string>
  ]: F[K] extends AnyFunction
    ? ReturnType<F[K]> extends Promise<unknown>
      ? Taken
      : AtOnce
    : CallsOf<F[K]>;
};

/**
 * The same face, whose calls refuse `malformed` what is not in the form in which it is asked for; `calls`
 * are those of all of it or of a part.
 */
export function checkedCalls<F extends object>(face: F, calls: object): F {
  const checked: F = { ...face };
  for (const [name, of] of Object.entries(calls)) {
    const member: unknown = Reflect.get(face, name);
    if (isFunction(member)) Reflect.set(checked, name, checkedCall(member, of));
    else if (typeof member === "object" && member !== null) {
      Reflect.set(checked, name, checkedCalls(member, of));
    }
  }
  return checked;
}

function checkedCall(call: AnyCall, of: Taken | AtOnce): AnyCall {
  if (of instanceof AtOnce) return (...args) => call(...inForm(of.taken, args));
  return async (...args) => call(...inForm(of, args));
}

function inForm(forms: Taken, args: readonly unknown[]): readonly unknown[] {
  return Object.entries(forms).map(([name, form], at) => checkedInput(name, form, args[at]));
}

type AnyCall = (...args: readonly unknown[]) => unknown;

function isFunction(value: unknown): value is AnyCall {
  return typeof value === "function";
}

import type { HandshakeRule, RefusalCode } from "@treehouse/protocol";
import { Refusal } from "@treehouse/protocol";
import { MlsError } from "ts-mls/mlsError.js";

import { broken } from "./broken.ts";

/** Which rule it is that the library refuses for, by its words; `other` for all that say nothing. */
export type LibraryRules = {
  readonly other: HandshakeRule;
  readonly byWords?: ReadonlyMap<string, HandshakeRule>;
};

/**
 * Runs library code on foreign input. Whatever it throws is the input's fault: the library raises
 * undeclared errors too, and its primitives throw on unusable keys and ciphertexts.
 */
export async function refuseOn<T>(
  code: RefusalCode,
  run: () => T | Promise<T>,
  rules?: LibraryRules,
): Promise<T> {
  try {
    return await run();
  } catch (error) {
    if (error instanceof Refusal) throw error;
    const words = error instanceof MlsError ? error.message : "the cryptography refused it";
    if (rules === undefined) throw new Refusal(code, words, {}, { cause: error });
    throw broken(rules.byWords?.get(words) ?? rules.other, code, {}, { cause: error });
  }
}

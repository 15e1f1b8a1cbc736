import type { RefusalCode } from "@treehouse/protocol";
import { Refusal } from "@treehouse/protocol";
import { MlsError } from "ts-mls/mlsError.js";

/**
 * Runs library code on foreign input. Whatever it throws is the input's fault: the library raises
 * undeclared errors too, and its primitives throw on unusable keys and ciphertexts.
 */
export async function refuseOn<T>(code: RefusalCode, run: () => T | Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    if (error instanceof Refusal) throw error;
    const message = error instanceof MlsError ? error.message : "the cryptography refused it";
    throw new Refusal(code, message, {}, { cause: error });
  }
}

import { toSdkError } from "../errors/index.ts";

/** Runs a call of the face: what it throws is an `SdkError`, or a bug. */
export async function guarded<T>(run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    throw toSdkError(error);
  }
}

import {
  type AssetLink,
  type Bytes,
  type Env,
  LIMITS,
  NetworkFault,
  Refusal,
} from "@treehouse/protocol";

import { SdkError } from "../errors/index.ts";
import type { AssetApi } from "./asset-api.ts";
import { damaged } from "./decrypt.ts";
import { createPatience, throwIfAborted } from "./patience.ts";

/**
 * Octets from an offset on: as many as were asked for, or whole chunks of them on a line that does
 * not bring as many at once.
 */
export type FetchRange = (
  range: { readonly offset: number; readonly length: number },
  /** Past what the own server has kept of another one's asset. */
  fresh: boolean,
) => Promise<{ readonly octets: Bytes; readonly size: number }>;

/** Octets of one answer: two of them are in memory, and what was decrypted of one. */
export const rangeBytesMax = LIMITS.assetPartBytesMax / 2;
/** Failures in a row until a download is given up. */
const triesMax = 12;

/** Asks for less after each failure, and for more after each success: what was cut off is lost. */
export function createFetchRange(
  { api, env }: { readonly api: AssetApi; readonly env: Pick<Env, "timer"> },
  link: AssetLink,
  signal: AbortSignal | undefined,
): FetchRange {
  let atOnce = rangeBytesMax;
  return async ({ offset, length }, fresh) => {
    const patience = createPatience(env, signal, triesMax);
    for (;;) {
      throwIfAborted(signal);
      const wanted = { offset, length: Math.min(length, atOnce), fresh, signal };
      try {
        const answer = await api.read(link, wanted);
        const expected = Math.min(wanted.length, answer.size - offset);
        if (answer.octets.length !== expected) throw damaged("a part of it is shorter");
        atOnce = Math.min(rangeBytesMax, 2 * atOnce);
        return answer;
      } catch (error) {
        if (error instanceof Refusal && error.code === "notFound") throw gone(error);
        if (error instanceof NetworkFault) {
          atOnce = Math.max(LIMITS.assetChunkBytes, atOnce / 2);
        }
        await patience.after(error);
      }
    }
  };
}

function gone(cause: Refusal): SdkError {
  return new SdkError("assetGone", "the file is not there any more", {
    help: "It has expired or was deleted; ask the sender to send it again.",
    cause,
  });
}

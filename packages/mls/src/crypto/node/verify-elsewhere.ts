import { verify } from "node:crypto";

import { shapeOk } from "../ed25519-rule.ts";
import type { Signed } from "../mls-crypto.ts";
import { importPublicKey } from "./key-objects.ts";

/** That wait for a thread of the pool: others want its threads as well, for files and for names. */
const waitingMax = 64;

/** The signatures that hold, by the threads that Node has for its own work. */
export async function verifyElsewhere(series: readonly Signed[]): Promise<readonly boolean[]> {
  const answers: boolean[] = [];
  let next = 0;
  const verifyNext = async (): Promise<void> => {
    for (let index = next++; index < series.length; index = next++) {
      const signed = series[index];
      answers[index] = signed !== undefined && (await holds(signed));
    }
  };
  await Promise.all(Array.from({ length: waitingMax }, verifyNext));
  return answers;
}

async function holds({ publicKey, message, signature }: Signed): Promise<boolean> {
  if (!shapeOk(publicKey, signature)) return false;
  return new Promise((resolve) => {
    try {
      const key = importPublicKey("ed25519", publicKey);
      verify(null, message, key, signature, (error, held) => resolve(error === null && held));
    } catch {
      resolve(false); // no point of the curve
    }
  });
}

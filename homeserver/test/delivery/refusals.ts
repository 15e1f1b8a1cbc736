import type { RefusalCode } from "@treehouse/protocol";
import type { Answer } from "./person.ts";
import type { Rig } from "./rig.ts";

export type Acts = readonly (readonly [RefusalCode, () => Promise<Answer>])[];

/** The codes that the acts are refused with, and a word more if any row has changed. */
export async function refusalsOf(rig: Rig, acts: Acts): Promise<readonly (string | undefined)[]> {
  const before = await rig.contents();
  const codes: (string | undefined)[] = [];
  for (const [, act] of acts) codes.push((await act()).refusal?.code);
  return (await rig.contents()) === before ? codes : [...codes, "and something changed"];
}

export const named = (acts: Acts) => acts.map(([code]) => code);

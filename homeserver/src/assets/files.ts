import { Refusal } from "@treehouse/protocol";

/** What a full disk answers as a refusal; anything else as it is. */
export function storageFullOr(error: unknown): unknown {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (code !== "ENOSPC" && code !== "EDQUOT") return error;
  return new Refusal("storageFull", "There is no room for files now.", {}, { cause: error });
}

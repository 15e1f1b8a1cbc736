/** The profile that these pages describe. */
export const PROFILE = "mimi-06+1";

/** Ours, in any order. */
export const VERSIONS: readonly string[] = [PROFILE];

const VERSION = /^mimi-([0-9]{2})\+([1-9][0-9]{0,3})$/;

/**
 * The highest version that both list: by the draft's number, then by ours, so that both sides find
 * the same (FED-918). What does not have the form of a version is passed over.
 */
export function commonVersion(
  ours: readonly string[],
  theirs: readonly string[],
): string | undefined {
  const ranked = theirs
    .filter((version) => ours.includes(version))
    .flatMap((version) => {
      const rank = rankOf(version);
      return rank === undefined ? [] : [{ version, rank }];
    });
  return ranked.toSorted((left, right) => right.rank - left.rank)[0]?.version;
}

function rankOf(version: string): number | undefined {
  const found = VERSION.exec(version);
  return found === null ? undefined : Number(found[1]) * 10_000 + Number(found[2]);
}

/** A version, wherever it lies. */
type Version = { readonly id: string; readonly previous: string | undefined };

/** One version as it stands among the others. */
export type Placed<V> = V & {
  /** Nobody has changed it, and it is the last of those. */
  readonly current: boolean;
  /** Nobody has changed it: with another such one, two were saved at once. */
  readonly head: boolean;
};

/**
 * FED-875: of versions in their order, which are heads, and which one is current: the last head. All
 * stay; whoever restores an earlier one makes a new version of it.
 */
export function placed<V extends Version>(versions: readonly V[]): readonly Placed<V>[] {
  const changed = new Set(versions.map(({ previous }) => previous));
  const heads = versions.filter(({ id }) => !changed.has(id));
  // Versions that name each other in a circle have no head; then the last one is current.
  const current = heads.at(-1) ?? versions.at(-1);
  return versions.map((version) => ({
    ...version,
    current: version === current,
    head: heads.includes(version),
  }));
}

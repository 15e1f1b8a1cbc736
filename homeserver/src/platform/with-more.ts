/** From so many on what `push` leaves free for more is not most of a list. */
const shortMax = 8;

/**
 * A list with some more at its end; it may be the same list. `push` makes room for 17 at once, which counts
 * where there are thousands of lists of one or two.
 */
export function withMore<T>(list: T[], more: readonly T[]): T[] {
  if (list.length < shortMax) return list.concat(more);
  list.push(...more);
  return list;
}

/** A small server's backups are all of this length. */
const lengthMin = 1024 * 1024;

/**
 * The length to which a content is brought, so that the size of a backup says little about what is
 * in it: PADMÉ (Nikitin et al., PETS 2019), at most 12 % longer, and log log of the length is told.
 */
export function paddedLength(length: number): number {
  const least = Math.max(length, lengthMin);
  const exponent = Math.floor(Math.log2(least));
  const kept = Math.floor(Math.log2(exponent)) + 1;
  const step = 2 ** (exponent - kept);
  return Math.ceil(least / step) * step;
}

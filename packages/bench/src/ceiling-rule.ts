/**
 * A ceiling that itself needs more than this per 1:1 message, in microseconds of CPU, is a slow
 * ceiling, and ratios to it would flatter: the run is void.
 */
const cpuPerMessageMax = 16;

export function voidReason(bareCpuPerMessage: number): string | undefined {
  if (bareCpuPerMessage <= cpuPerMessageMax) return undefined;
  const needed = bareCpuPerMessage.toFixed(1);
  return `void: the bare ceiling needed ${needed} µs per message, more than ${cpuPerMessageMax}`;
}

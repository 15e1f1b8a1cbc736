/**
 * A ceiling that itself needs more than this per 1:1 message, in microseconds of CPU, is a slow
 * ceiling, and ratios to it would flatter: the run is void. Of federation, both servers together.
 */
const cpuPerMessageMax = { chat: 16, federation: 45 };

export type CeilingName = keyof typeof cpuPerMessageMax;

export function voidReason(bareCpuPerMessage: number, bench: CeilingName): string | undefined {
  const most = cpuPerMessageMax[bench];
  if (bareCpuPerMessage <= most) return undefined;
  const needed = bareCpuPerMessage.toFixed(1);
  return `void: the bare ceiling needed ${needed} µs per message, more than ${most}`;
}

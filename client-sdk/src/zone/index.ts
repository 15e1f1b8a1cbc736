/** Moments and the clocks on the wall of a time zone, by the platform's own IANA database. */

/** What a clock in a zone shows. */
export type ZonedTime = {
  readonly year: number;
  /** 1 to 12. */
  readonly month: number;
  readonly day: number;
  /** 0: Sunday. */
  readonly weekday: number;
  /** Since midnight. */
  readonly minutes: number;
};

export const DAY_MS = 86_400_000;

export function zonedTime(at: number, timeZone: string): ZonedTime {
  const local = new Date(at + offsetAt(at, timeZone));
  return {
    year: local.getUTCFullYear(),
    month: local.getUTCMonth() + 1,
    day: local.getUTCDate(),
    weekday: local.getUTCDay(),
    minutes: local.getUTCHours() * 60 + local.getUTCMinutes(),
  };
}

/**
 * When a day begins. Days and months beyond the end go on in the next one. Where midnight is skipped,
 * it is the first moment behind it.
 */
export function startOfDay(
  { year, month, day }: Pick<ZonedTime, "year" | "month" | "day">,
  timeZone: string,
): number {
  const wall = Date.UTC(year, month - 1, day);
  // The offset of midnight is not known before midnight is: the second guess has it.
  const guess = wall - offsetAt(wall, timeZone);
  const start = wall - offsetAt(guess, timeZone);
  return start + offsetAt(start, timeZone) < wall ? guess : start;
}

/** Whether the platform knows the zone. */
export function isTimeZone(name: string): boolean {
  try {
    formatFor(name);
    return true;
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}

/** The zone of this machine. */
export function ownTimeZone(): string {
  return new Intl.DateTimeFormat("en").resolvedOptions().timeZone;
}

const formats = new Map<string, Intl.DateTimeFormat>();

function formatFor(timeZone: string): Intl.DateTimeFormat {
  const known = formats.get(timeZone);
  if (known !== undefined) return known;
  const format = new Intl.DateTimeFormat("en", {
    timeZone,
    hourCycle: "h23",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
    second: "numeric",
  });
  formats.set(timeZone, format);
  return format;
}

/** How far the zone's clock is ahead of UTC, in milliseconds. */
function offsetAt(at: number, timeZone: string): number {
  const shown = new Map(
    formatFor(timeZone)
      .formatToParts(at)
      .map(({ type, value }) => [type, Number(value)]),
  );
  const part = (type: Intl.DateTimeFormatPartTypes) => shown.get(type) ?? 0;
  const wall = Date.UTC(
    part("year"),
    part("month") - 1,
    part("day"),
    part("hour"),
    part("minute"),
    part("second"),
  );
  return wall - Math.floor(at / 1000) * 1000;
}

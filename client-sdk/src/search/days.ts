import { DAY_MS, startOfDay, zonedTime } from "../zone/index.ts";

/** When it is, and where: dates are days of the zone, a name of the IANA database. */
export type Clock = { readonly now: number; readonly timeZone: string };

/** From `start` on and before `end`, in milliseconds since the Unix epoch. */
export type Interval = { readonly start: number; readonly end: number };

/** A day, a month or a year of the zone, `today` or `yesterday`. */
export function dayRange(text: string, { now, timeZone }: Clock): Interval | undefined {
  const word = text.toLowerCase();
  if (word === "today" || word === "yesterday") {
    const { year, month, day } = zonedTime(now, timeZone);
    return daysFrom({ year, month, day: word === "today" ? day : day - 1 }, timeZone);
  }
  const [, year, month, day] = /^(\d{4})(?:-(\d\d)(?:-(\d\d))?)?$/.exec(text) ?? [];
  if (year === undefined) return undefined;
  const date = { year: Number(year), month: Number(month ?? 1), day: Number(day ?? 1) };
  if (!exists(date)) return undefined;
  const start = startOfDay(date, timeZone);
  if (day !== undefined) return daysFrom(date, timeZone);
  const next =
    month === undefined
      ? { year: date.year + 1, month: 1, day: 1 }
      : { ...date, month: date.month + 1 };
  return { start, end: startOfDay(next, timeZone) };
}

/** A moment: with an offset or `Z`, or by the clock of the zone; or so long ago, as `90m` or `7d`. */
export function instantOf(text: string, { now, timeZone }: Clock): number | undefined {
  const [, count, unit] = /^(\d{1,5})([mhdwy])$/.exec(text.toLowerCase()) ?? [];
  if (count !== undefined && unit !== undefined) return now - Number(count) * (units[unit] ?? 0);
  const [, date, hour, minute, second, offset] =
    /^(\d{4}-\d\d-\d\d)T(\d\d):(\d\d)(?::(\d\d))?(Z|[+-]\d\d:\d\d)?$/i.exec(text) ?? [];
  if (date === undefined || dayRange(date, { now, timeZone }) === undefined) return undefined;
  const [hours, minutes, seconds] = [Number(hour), Number(minute), Number(second ?? 0)];
  if (hours > 23 || minutes > 59 || seconds > 59) return undefined;
  if (offset !== undefined)
    return Date.parse(`${date}T${hour}:${minute}:${second ?? "00"}${offset.toUpperCase()}`);
  const [year = 0, month = 1, day = 1] = date.split("-").map(Number);
  const sinceMidnight = ((hours * 60 + minutes) * 60 + seconds) * 1000;
  return startOfDay({ year, month, day }, timeZone) + sinceMidnight;
}

const units: Readonly<Record<string, number>> = {
  m: DAY_MS / 1440,
  h: DAY_MS / 24,
  d: DAY_MS,
  w: 7 * DAY_MS,
  y: 365 * DAY_MS,
};

type CalendarDay = { readonly year: number; readonly month: number; readonly day: number };

function daysFrom(date: CalendarDay, timeZone: string): Interval {
  const next = { ...date, day: date.day + 1 };
  return { start: startOfDay(date, timeZone), end: startOfDay(next, timeZone) };
}

function exists({ year, month, day }: CalendarDay): boolean {
  const date = new Date(Date.UTC(year, month - 1, day));
  return date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
}

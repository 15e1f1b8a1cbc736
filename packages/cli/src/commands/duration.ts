import { CliFailure, EXIT } from "../failure.ts";

const unitMs = new Map([
  ["s", 1_000],
  ["m", 60_000],
  ["h", 3_600_000],
  ["d", 86_400_000],
  ["w", 7 * 86_400_000],
]);

/** An option's value such as 30s, 15m, 12h, 7d or 4w, in milliseconds. */
export function duration(name: string, text: string): number {
  const [, count = "", unit = ""] = /^(\d{1,6})([smhdw])$/.exec(text) ?? [];
  const ms = Number(count) * (unitMs.get(unit) ?? 0);
  if (ms > 0) return ms;
  throw new CliFailure(
    EXIT.usage,
    "badDuration",
    `${name} takes a duration such as 30m, 12h or 7d`,
  );
}

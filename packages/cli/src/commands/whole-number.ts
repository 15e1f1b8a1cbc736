import { CliFailure, EXIT } from "../failure.ts";

/** An option's value; anything but a whole number above 0 is a failure by the caller. */
export function wholeNumber(name: string, text: string): number {
  const value = Number(text);
  if (/^[0-9]+$/.test(text) && Number.isSafeInteger(value) && value > 0) return value;
  throw new CliFailure(EXIT.usage, "badNumber", `${name} takes a whole number above 0`);
}

import { SdkError } from "../errors/index.ts";
import type { WireError } from "./wire.ts";

export function errorToWire(error: unknown): WireError {
  if (!(error instanceof Error)) {
    return { name: "Error", message: String(error), stack: undefined };
  }
  const { name, message, stack } = error;
  if (!(error instanceof SdkError)) return { name, message, stack };
  const { code, retryable, help, data } = error;
  return { name, message, stack, sdk: { code, retryable, help, data } };
}

export function errorFromWire({ name, message, stack, sdk }: WireError): Error {
  if (sdk !== undefined) return SdkError.of(message, sdk);
  const error = new Error(message);
  error.name = name;
  if (stack !== undefined) error.stack = stack;
  return error;
}

/** What a call ends with whose worker went away in the middle of it. */
export function interrupted(): SdkError {
  return new SdkError("interrupted", "the tab that worked for this one was closed meanwhile", {
    retryable: true,
    help:
      "What was asked for may be done already, or stored and on its way: look before you ask " +
      "again for something that must not happen twice.",
  });
}

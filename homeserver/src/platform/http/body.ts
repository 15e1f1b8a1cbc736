import type { IncomingMessage } from "node:http";
import { LIMITS, Refusal } from "@treehouse/protocol";
import type { Bytes } from "@treehouse/protocol";
import type { BodyShare } from "./body-budget.ts";
import type { BodyPace } from "./body-pace.ts";
import type { BodyForm } from "./form.ts";
import { gather } from "./gather.ts";

/** The asker went away before its request was complete; there is nobody to answer. */
export class Disconnected extends Error {
  override readonly name = "Disconnected";
}

type BodyHead = Pick<BodyForm<unknown>, "mediaType" | "limitName">;

/** Checks what the headers say about the body, before any of it is read. */
export function checkBodyHeaders(incoming: IncomingMessage, form: BodyHead): void {
  const type = incoming.headers["content-type"]?.split(";", 1)[0]?.trim().toLowerCase();
  if (type !== form.mediaType) {
    throw new Refusal("unsupportedMediaType", `The body must be ${form.mediaType}.`);
  }
  // Not even identity, which RFC 9110 §8.4.1 keeps out of this header.
  if (incoming.headers["content-encoding"] !== undefined) {
    throw new Refusal("unsupportedMediaType", "The body must not be encoded.");
  }
  // A false or absent length is no danger: the limit is applied again while reading.
  if (Number(incoming.headers["content-length"] ?? 0) > LIMITS[form.limitName])
    throw tooLarge(form);
}

/** Reads a whole body and never holds more than its limit and its asker's share. */
export function readBody(
  incoming: IncomingMessage,
  form: BodyForm<unknown>,
  share: BodyShare,
  pace?: BodyPace,
): Promise<Bytes> {
  return new Promise((resolve, reject) => {
    const gathered = gather(Number(incoming.headers["content-length"] ?? 0));
    const bytesMax = LIMITS[form.limitName];
    const take = (chunk: Uint8Array): void => {
      pace?.arrived(chunk.byteLength);
      try {
        if (gathered.length + chunk.byteLength > bytesMax) throw tooLarge(form);
        share.take(chunk.byteLength);
        gathered.add(chunk);
      } catch (error) {
        incoming.off("data", take);
        reject(error);
      }
    };
    incoming.on("data", take);
    incoming.once("end", () => resolve(gathered.finish()));
    incoming.once("error", (error) => reject(disconnected(error)));
    incoming.once("close", () => {
      if (!incoming.complete) reject(disconnected());
    });
  });
}

function tooLarge({ limitName }: BodyHead): Refusal {
  const limit = LIMITS[limitName];
  return new Refusal("tooLarge", `The body may have ${limit} octets.`, { limitName, limit });
}

function disconnected(cause?: Error): Disconnected {
  return new Disconnected("The request was not completed.", { cause });
}

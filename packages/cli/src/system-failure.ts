import { getSystemErrorMessage } from "node:util";

import { z } from "zod";

import { CliFailure, EXIT } from "./failure.ts";

/** What the operating system refused, which is nobody's bug; undefined of every other error. */
export function systemFailure(error: unknown): CliFailure | undefined {
  const { syscall, path, dest } = detailsOf(error);
  if (syscall === undefined) return undefined;
  const place = [path, dest].filter((part) => part !== undefined).join(" to ");
  const what = `cannot ${syscall}${place === "" ? "" : ` ${place}`}`;
  return new CliFailure(EXIT.usage, "ioFailed", `${what}: ${reasonOf(error)}`, {
    help: "Look at the path, its permissions and the room on the disk.",
  });
}

/** Why it could not be done, in words, and without the stack. */
export function reasonOf(error: unknown): string {
  const { errno } = detailsOf(error);
  if (errno !== undefined) return getSystemErrorMessage(errno);
  return error instanceof Error ? error.message : String(error);
}

const detailsSchema = z.object({
  errno: z.int().optional(),
  syscall: z.string().optional(),
  path: z.string().optional(),
  dest: z.string().optional(),
});

function detailsOf(error: unknown): z.infer<typeof detailsSchema> {
  return detailsSchema.safeParse(error).data ?? {};
}

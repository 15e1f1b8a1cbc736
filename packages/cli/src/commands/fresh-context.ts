import { EXIT, type ExitCode } from "../failure.ts";
import type { Cli } from "./cli.ts";
import { makeContext, type PlaceOptions } from "./init.ts";

/** Works in the context of an address, which is made if there is none; without one in that in use. */
export async function inFreshContext(
  cli: Cli,
  address: string | undefined,
  options: PlaceOptions,
  work: () => Promise<void>,
): Promise<void> {
  const made = address === undefined ? undefined : await makeContext(cli, address, options);
  if (made !== undefined) cli.program.setOptionValue("context", made.name);
  try {
    await work();
  } catch (error) {
    // A slip of the pen shall not become the current context.
    if (made?.made === true && (await isFinal(error))) {
      const { forgetContext } = await import("../contexts.ts");
      await forgetContext(cli.terminal, made.name);
    }
    throw error;
  }
}

/** Whether the server has certainly made nothing: nothing was on its way to it. */
async function isFinal(error: unknown): Promise<boolean> {
  const { failureOf } = await import("../failure-of.ts");
  const open: readonly ExitCode[] = [EXIT.bug, EXIT.server, EXIT.timeout, EXIT.interrupted];
  return !open.includes(failureOf(error).exit);
}

import { CliFailure, EXIT } from "./failure.ts";
import { outputFailure } from "./output-failure.ts";
import type { Terminal } from "./terminal.ts";

/** Why a command has to end before it is done: an interrupt, `--timeout`, or nowhere to write to. */
export interface Stopper {
  /** Aborted when the command shall end; it then closes what it holds open. */
  readonly stopped: AbortSignal;
  /** Rejects when a command that was stopped has not ended in reasonable time. */
  readonly patienceLost: Promise<never>;
  reason(): CliFailure | undefined;
  stopAfter(seconds: number): void;
  /** Lets go of the timers. */
  end(): void;
}

const patienceMs = 3_000;

export function createStopper({
  interrupted,
  outputLost,
}: Pick<Terminal, "interrupted" | "outputLost">): Stopper {
  const stopping = new AbortController();
  const { promise: patienceLost, reject } = Promise.withResolvers<never>();
  patienceLost.catch(() => undefined);
  const timers: ReturnType<typeof setTimeout>[] = [];
  let reason: CliFailure | undefined;
  const stop = (why: CliFailure) => {
    if (reason !== undefined) return;
    reason = why;
    timers.push(setTimeout(() => reject(why), patienceMs));
    stopping.abort(why);
  };
  const interrupt = () => stop(new CliFailure(EXIT.interrupted, "interrupted", "interrupted"));
  if (interrupted.aborted) interrupt();
  interrupted.addEventListener("abort", interrupt);
  const lose = () => stop(outputFailure(outputLost.reason));
  outputLost.addEventListener("abort", lose);
  return {
    stopped: stopping.signal,
    patienceLost,
    reason: () => reason,
    stopAfter(seconds) {
      const message = `not done within ${seconds} s`;
      const why = new CliFailure(EXIT.timeout, "timeout", message, {
        help: "What was asked for may still happen. Allow more with --timeout.",
      });
      timers.push(setTimeout(() => stop(why), seconds * 1000));
    },
    end() {
      for (const timer of timers) clearTimeout(timer);
      interrupted.removeEventListener("abort", interrupt);
      outputLost.removeEventListener("abort", lose);
    },
  };
}

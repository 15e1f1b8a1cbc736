import type { Log, LogFields } from "@treehouse/protocol";
import type { SimWorld } from "./sim-world.ts";

/** What the log says is what the program noticed: each event is a probe, and errors are looked at. */
export function probingLog(world: SimWorld, name: string, alive: () => boolean): Log {
  const write =
    (level: string) =>
    (event: string, fields?: LogFields): void => {
      if (!alive()) return;
      world.probe(`log ${event}`);
      if (level === "debug" || level === "info") return;
      world.note(`${name} ${level} ${event} ${JSON.stringify(fields ?? {})}`);
      // The other server was put back from a backup, and may lack what it has a head of.
      const ofRestore = event === "streamRewound" || event === "adoptionRefused";
      if (ofRestore && world.probes.has("server restored")) return;
      if (event === "roomFrozen" && world.probes.has("hub lied")) return;
      if (level === "error" && !expected(event, fields)) {
        world.violate("log", `${name} ${event} ${JSON.stringify(fields ?? {})}`);
      }
    };
  const log: Log = {
    debug: write("debug"),
    info: write("info"),
    warn: write("warn"),
    error: write("error"),
    child: () => log,
  };
  return log;
}

/** Errors that a fault of the machine causes, and that the operator is to hear of. */
function expected(event: string, fields: LogFields | undefined): boolean {
  const text = event + JSON.stringify(fields ?? {});
  return /storageFull|storeFull|no room left|SQLITE_FULL|SQLITE_IOERR|database failed/i.test(text);
}

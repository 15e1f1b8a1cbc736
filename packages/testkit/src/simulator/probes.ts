/** What even a few seeds come to. */
const usual = ["lost", "cut", "request doubled", "socket broken"] as const;

/** What some hundred seeds come to; a branch that none of them reaches is not tried by any. */
const rare = [
  "asked again",
  "answered again",
  "crash inside a transaction",
  "crash before COMMIT",
  "crash after COMMIT",
  "crash before a client's COMMIT",
  "crash after a client's COMMIT",
  "crash-stop",
  "COMMIT broken",
  "statement broken",
  "power lost by a client",
  "power lost by a server",
  "late message",
  "server restored",
  "store put back",
  "store copied",
  "followed again",
  "KeyPackage claimed",
  "refused wrongEpoch",
  "log storageFull",
  "log storageResumed",
  "garbage told",
  "commit void",
  "sabotage told",
  "lie withheld",
  "lie twice",
  "lie altered",
  "lie reordered",
  "lie told",
  "hub lied",
  "hub keeps up a lie",
  "upgraded",
  "rolled back",
  "earlier release asked",
  "later frame",
  "request altered",
  "request replayed",
] as const;

/** So many seeds must come to everything. */
export const seedsForAll = 300;

/** The probes that so many seeds should have reached, and did not. */
export function unreached(reached: ReadonlyMap<string, number>, seeds: number): readonly string[] {
  const wanted = seeds >= seedsForAll ? [...usual, ...rare] : usual;
  return wanted.filter((name) => !reached.has(name));
}

import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";

/** The calls that change files, or bring what was changed to the disk. */
export const fileCalls = [
  "openat",
  "write",
  "pwrite64",
  "writev",
  "pwritev",
  "ftruncate",
  "fallocate",
  "fsync",
  "fdatasync",
  "rename",
  "renameat",
  "renameat2",
  "link",
  "linkat",
  "unlink",
  "unlinkat",
  "rmdir",
  "mkdir",
  "mkdirat",
] as const;

/** One call as it went: where it began, and where it had returned. */
export type Call = {
  readonly name: string;
  readonly args: string;
  /** Unix time in milliseconds at its beginning. */
  readonly at: number;
  /** Of two calls the one that began first has the lower number. */
  readonly began: number;
  /** How many calls had begun when this one returned. */
  readonly returned: number;
  readonly result: number;
};

/** strace's options with which a trace can be read here. */
export const traceOptions = ["-y", "-xx", "-ttt", "-s", "1048576"];

/** Reads what strace wrote, in the order in which the calls began. Calls that never returned count as done. */
export async function readTrace(path: string, prefix: string): Promise<readonly Call[]> {
  const calls: Call[] = [];
  const open = new Map<
    string,
    { readonly at: number; readonly head: string; readonly began: number }
  >();
  let began = 0;
  const keep = (head: string, tail: string, at: number, first: number): void => {
    const text = `${head}${tail}`;
    const [, name, args, result] = /^(\w+)\((.*)\)\s+= (-?\d+|\?)/s.exec(text) ?? [];
    if (name === undefined || args === undefined)
      throw new Error(`not understood: ${text.slice(0, 200)}`);
    const call = { name, args, at, began: first, returned: began, result: Number(result) };
    if (result === "?") calls.push({ ...call, result: 0 });
    else if (call.result >= 0) calls.push(call);
  };
  const lines = createInterface({
    input: createReadStream(path),
    crlfDelay: Number.POSITIVE_INFINITY,
  });
  for await (const line of lines) {
    const [, thread = "", time = "", rest = ""] = /^(\d+) +(\d+\.\d+) (.*)$/s.exec(line) ?? [];
    if (/^(---|\+\+\+)/.test(rest)) continue;
    const resumed = /^<\.\.\. \w+ resumed>(.*)$/s.exec(rest);
    if (resumed !== null) {
      const first = open.get(thread);
      open.delete(thread);
      if (first !== undefined) keep(first.head, resumed[1] ?? "", first.at, first.began);
      continue;
    }
    // Most of what a process opens and writes are no files of ours.
    if (!rest.includes(prefix)) continue;
    began += 1;
    const at = Number(time) * 1_000;
    const unfinished = /^(.*) <unfinished \.\.\.>$/s.exec(rest);
    if (unfinished === null) keep(rest, "", at, began);
    else open.set(thread, { at, head: unfinished[1] ?? "", began });
  }
  for (const { head, at, began: first } of open.values()) keep(`${head})`, " = ?", at, first);
  return calls.toSorted((a, b) => a.began - b.began);
}

/** As strace prints octets with `-xx`. */
export function hexText(text: string): string {
  return [...Buffer.from(text)]
    .map((octet) => `\\x${octet.toString(16).padStart(2, "0")}`)
    .join("");
}

/** All quoted arguments of a call. */
export function quoted(args: string): readonly Buffer[] {
  return [...args.matchAll(/"((?:\\x[0-9a-f]{2})*)"(\.\.\.)?/g)].map(([, hex = "", cut]) => {
    if (cut !== undefined) throw new Error("strace cut a write short");
    return Buffer.from(hex.replaceAll("\\x", ""), "hex");
  });
}

/** The path of the file that is the first argument. */
export function pathOfDescriptor(args: string): string {
  const [, path = ""] = /^\d+<([^>]*)>/.exec(args) ?? [];
  const plain = path.replaceAll(/\\x([0-9a-f]{2})/g, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
  return plain;
}

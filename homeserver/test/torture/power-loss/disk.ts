import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import type { Random } from "../../../../packages/testkit/src/index.ts";
import { pathOfDescriptor, quoted } from "./trace.ts";
import type { Call } from "./trace.ts";

const sectorBytes = 512;

type Inode = number;
type Time = { readonly at: number; readonly began: number };
/** Something that changes a file, or a folder. */
type Change = Time &
  (
    | {
        readonly kind: "write";
        readonly inode: Inode;
        readonly offset: number;
        readonly bytes: Buffer;
      }
    | { readonly kind: "truncate"; readonly inode: Inode; readonly size: number }
    | { readonly kind: "name"; readonly path: string; readonly inode: Inode | "folder" }
    | { readonly kind: "unname"; readonly path: string }
    | { readonly kind: "rename"; readonly from: string; readonly path: string }
  );
/** What had begun before `began` is on the disk once so many calls have begun. */
type Sync = { readonly of: Inode | string; readonly began: number; readonly returned: number };

/** What happened to the files below one folder, as the disk was told of it. */
export interface Recording {
  /** Moments between two calls at which the power may fail, and when that was. */
  readonly cuts: readonly Time[];
  /**
   * Writes a state that may be found after the power failed right before the call of this number:
   * what was not yet brought to the disk is there, or torn, or not, at random. Without dice no
   * content of it is, and every name.
   */
  loseAt(began: number, random: Random | undefined, into: string): void;
}

/** `root` is where the traced process had the files; `start`, if any, a copy of them before it began. */
export function record(calls: readonly Call[], root: string, start?: string): Recording {
  const contents: Buffer[] = [];
  const first = new Map<string, Inode | "folder">();
  for (const path of start === undefined ? [] : pathsBelow(start)) {
    const whole = join(start ?? "", path);
    if (statSync(whole).isDirectory()) first.set(path, "folder");
    else first.set(path, contents.push(readFileSync(whole)) - 1);
  }
  const names = new Map(first);
  const sizes = contents.map((content) => content.length);
  const positions = new Map<Inode, number>();
  const changes: Change[] = [];
  const syncs: Sync[] = [];

  const inside = (path: string): string | undefined => {
    if (path !== root && !path.startsWith(`${root}/`)) return undefined;
    return path.endsWith(" (deleted)") ? undefined : relative(root, path);
  };
  const inodeAt = (path: string | undefined): Inode | undefined => {
    const found = path === undefined ? undefined : names.get(path);
    return found === "folder" ? undefined : found;
  };
  const written = (inode: Inode, offset: number, bytes: Buffer, time: Time): void => {
    changes.push({ ...time, kind: "write", inode, offset, bytes });
    sizes[inode] = Math.max(sizes[inode] ?? 0, offset + bytes.length);
  };
  const truncated = (inode: Inode, size: number, time: Time): void => {
    changes.push({ ...time, kind: "truncate", inode, size });
    sizes[inode] = size;
  };

  for (const call of calls) {
    const { name, args, at, began, returned } = call;
    const time = { at, began };
    if (/^(open|rename|link|unlink|mkdir|rmdir)/.test(name)) {
      const [from, to] = quoted(args).map((path) => inside(path.toString()));
      if (from === undefined) continue;
      if (name === "openat") {
        const known = inodeAt(from);
        if (known === undefined && args.includes("O_CREAT")) {
          const inode = sizes.push(0) - 1;
          names.set(from, inode);
          changes.push({ ...time, kind: "name", path: from, inode });
        } else if (known !== undefined && args.includes("O_TRUNC")) {
          truncated(known, 0, time);
        }
        const opened = inodeAt(from);
        if (opened !== undefined)
          positions.set(opened, args.includes("O_APPEND") ? (sizes[opened] ?? 0) : 0);
      } else if (name.startsWith("mkdir")) {
        names.set(from, "folder");
        changes.push({ ...time, kind: "name", path: from, inode: "folder" });
      } else if (name.startsWith("unlink") || name === "rmdir") {
        names.delete(from);
        changes.push({ ...time, kind: "unname", path: from });
      } else if (to !== undefined) {
        const moved = names.get(from);
        if (moved === undefined) throw new Error(`${from} is not there to be moved`);
        names.set(to, moved);
        if (name.startsWith("rename")) {
          names.delete(from);
          changes.push({ ...time, kind: "rename", from, path: to });
        } else {
          changes.push({ ...time, kind: "name", path: to, inode: moved });
        }
      }
      continue;
    }
    const path = inside(pathOfDescriptor(args));
    if (path === undefined) continue;
    const inode = inodeAt(path);
    if (name === "fsync" || name === "fdatasync") {
      syncs.push({ of: inode ?? path, began, returned });
    } else if (inode !== undefined && name === "ftruncate") {
      truncated(inode, Number(/, (\d+)$/.exec(args)?.[1]), time);
    } else if (inode !== undefined && name !== "fallocate") {
      const bytes = Buffer.concat(quoted(args)).subarray(
        0,
        call.result === 0 ? undefined : call.result,
      );
      const given = name.startsWith("p") ? Number(/, (\d+)$/.exec(args)?.[1]) : undefined;
      const offset = given ?? positions.get(inode) ?? 0;
      if (given === undefined) positions.set(inode, offset + bytes.length);
      written(inode, offset, bytes, time);
    }
  }

  /** The number of calls from which on a change is on the disk whatever happens. */
  const stableFrom = new Map(changes.map((change) => [change, settledAt(change, syncs)]));
  const stable = (change: Change, cut: number): boolean =>
    (stableFrom.get(change) ?? Number.POSITIVE_INFINITY) < cut;

  return {
    cuts: changes.map(({ at, began }) => ({ at, began })),
    loseAt(cut, random, into) {
      const before = changes.filter(({ began }) => began < cut);
      const files = new Map<Inode, Image>();
      const imageOf = (inode: Inode): Image => {
        const known = files.get(inode);
        if (known !== undefined) return known;
        const image = new Image(contents[inode] ?? Buffer.alloc(0));
        files.set(inode, image);
        return image;
      };
      const tree = new Map(first);
      const dice = random?.chance(0.75) === true ? random : undefined;
      const loose = before.filter((each) => isName(each) && !stable(each, cut));
      // A journal keeps the order of names: what is lost of them is the end.
      const keptNames = random === undefined ? loose.length : (dice?.integer(0, loose.length) ?? 0);
      const lostNames = new Set(loose.slice(keptNames));
      for (const change of before) {
        if (isName(change)) {
          if (!lostNames.has(change)) rename(tree, change);
        } else if (stable(change, cut)) {
          imageOf(change.inode).apply(change, () => true);
        } else if (dice !== undefined) {
          const fate = dice.fraction();
          if (fate < 0.45) imageOf(change.inode).apply(change, () => true);
          else if (fate < 0.7) imageOf(change.inode).apply(change, () => dice.chance(0.5));
        }
      }
      mkdirSync(into, { recursive: true });
      for (const [path, inode] of [...tree].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
        const whole = join(into, path);
        // What was in a folder that is gone is gone. Of modes nothing is lost: all is its owner's alone.
        if (!existsSync(dirname(whole))) continue;
        if (inode === "folder") mkdirSync(whole, { mode: 0o700 });
        else writeFileSync(whole, imageOf(inode).content, { mode: 0o600 });
      }
    },
  };
}

/** When everything that a change touches has been brought to the disk after it. */
function settledAt(change: Change, syncs: readonly Sync[]): number {
  const touched = isName(change)
    ? [folderOf(change.path), ...(change.kind === "rename" ? [folderOf(change.from)] : [])]
    : [change.inode];
  const times = touched.map((each) => {
    const covering = syncs.filter(({ of, began }) => of === each && began > change.began);
    return Math.min(...covering.map(({ returned }) => returned));
  });
  return Math.max(...times);
}

type NameChange = Extract<Change, { readonly path: string }>;

function isName(change: Change): change is NameChange {
  return change.kind !== "write" && change.kind !== "truncate";
}

function folderOf(path: string): string {
  return dirname(path) === "." ? "" : dirname(path);
}

function rename(tree: Map<string, Inode | "folder">, change: NameChange): void {
  if (change.kind === "name") tree.set(change.path, change.inode);
  else if (change.kind === "unname") tree.delete(change.path);
  else {
    const moved = tree.get(change.from);
    if (moved === undefined) return;
    tree.delete(change.from);
    tree.set(change.path, moved);
  }
}

/** The content of a file while it is put together. */
class Image {
  #buffer: Buffer;
  #length: number;

  constructor(content: Buffer) {
    this.#buffer = Buffer.from(content);
    this.#length = content.length;
  }

  get content(): Buffer {
    return this.#buffer.subarray(0, this.#length);
  }

  /** Does those sectors of a change that `keeps` says; a change of size is one sector. */
  apply(change: Exclude<Change, NameChange>, keeps: () => boolean): void {
    if (change.kind === "truncate") {
      if (keeps()) this.#resize(change.size);
      return;
    }
    const { offset, bytes } = change;
    for (let at = 0; at < bytes.length;) {
      const end = Math.min(bytes.length, at + sectorBytes - ((offset + at) % sectorBytes));
      if (keeps()) {
        if (this.#length < offset + end) this.#resize(offset + end);
        bytes.copy(this.#buffer, offset + at, at, end);
      }
      at = end;
    }
  }

  #resize(size: number): void {
    if (size > this.#buffer.length) {
      const grown = Buffer.alloc(Math.max(size, 2 * this.#buffer.length));
      this.content.copy(grown);
      this.#buffer = grown;
    }
    // What is cut off and comes back later is zeros.
    if (size < this.#length) this.#buffer.fill(0, size, this.#length);
    this.#length = size;
  }
}

function pathsBelow(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" }).toSorted();
}

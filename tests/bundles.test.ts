import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { currentBundle, makeBundle } from "../tools/bundles.mjs";

test("a bundle is used while its sources are what it was made of, and finds what lies beside them", async () => {
  const root = mkdtempSync(join(tmpdir(), "treehouse-bundle-"));
  const write = (path: string, text: string): void => {
    const file = join(root, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  };
  const ran = (): string => {
    const program = currentBundle("server", root);
    if (program === undefined) return "no bundle";
    return execFileSync(process.execPath, [program], { encoding: "utf8", env: {} }).trim();
  };
  // What was written a moment ago may have been written after it was read: then it is made again.
  const made = () => expect.poll(() => makeBundle("server", root).then(ran), { timeout: 20_000 });
  const thread = `import { Worker } from "node:worker_threads";
    const program = new URL("./copy-worker.ts", import.meta.url);
    if (import.meta.url.endsWith(".js")) program.pathname = program.pathname.replace(/ts$/, "js");
    export const started = () => new Worker(program);`;
  try {
    const database = "homeserver/src/platform/database";
    write(`${database}/checkpoint-worker.ts`, "export {};");
    write(`${database}/copy-worker.ts`, `console.log("a thread");`);
    write(`${database}/start.ts`, thread);
    write("homeserver/notes.txt", "a note");
    write("homeserver/src/word.ts", `export const word: string = "one";`);
    write(
      "homeserver/src/main.ts",
      `import { readFileSync } from "node:fs";
      import { started } from "./platform/database/start.ts";
      import { word } from "./word.ts";
      console.log(word, readFileSync(new URL("../notes.txt", import.meta.url), "utf8"));
      started();`,
    );
    expect(ran()).toBe("no bundle");
    await made().toBe("one a note\na thread");

    write("homeserver/src/word.ts", `export const word: string = "one";`);
    expect(ran()).toBe("one a note\na thread");
    write("homeserver/src/word.ts", `export const word: string = "two";`);
    expect(ran()).toBe("no bundle");
    await made().toBe("two a note\na thread");

    write("packages/cli/src/main.ts", `console.log(import.meta.url.endsWith("/src/main.ts"));`);
    expect(currentBundle("cli", root)).toBeUndefined();
    const commanded = (): string => {
      const program = currentBundle("cli", root);
      if (program === undefined) return "no bundle";
      return execFileSync(process.execPath, [program], { encoding: "utf8", env: {} });
    };
    const both = () => makeBundle("cli", root).then(commanded);
    await expect.poll(both, { timeout: 20_000 }).toBe("true\n");
    expect(ran()).toBe("two a note\na thread");

    const source = join(root, "homeserver/src/word.ts");
    renameSync(source, `${source}.away`);
    expect(ran()).toBe("no bundle");
    renameSync(`${source}.away`, source);
    write("pnpm-lock.yaml", "other packages");
    expect(ran()).toBe("no bundle");
  } finally {
    rmSync(root, { recursive: true });
  }
});

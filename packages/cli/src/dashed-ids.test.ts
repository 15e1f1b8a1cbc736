import { Command } from "commander";
import { expect, test } from "vitest";

import { markDashed, unmarkDashed } from "./dashed-ids.ts";

async function taken(...args: string[]) {
  const found: unknown[] = [];
  const program = new Command("p").exitOverride().configureOutput({ writeErr: () => undefined });
  program.option("--json").option("--context <name>");
  program
    .command("rm <room> <ids...>")
    .option("--code <code>")
    .option("-f, --force")
    .action((room: string, ids: string[], options: object) => void found.push(room, ids, options));
  program.hook("preAction", (_, command) => unmarkDashed(command));
  await program.parseAsync(markDashed(args), { from: "user" });
  const { context } = program.opts<{ context?: string }>();
  return context === undefined ? found : [...found, context];
}

const id = "-o5kWWzLS7YoYF84dMdUSdW4sZk4h42UAXYKs03G3Y4";

test("R-153 an id that begins with a dash is an argument wherever it stands", async () => {
  expect(await taken("rm", "Tea", id)).toEqual(["Tea", [id], {}]);
  expect(await taken("rm", id, "a", id, "--force")).toEqual([id, ["a", id], { force: true }]);
  expect(await taken("rm", "Tea", "--code", id, "a")).toEqual(["Tea", ["a"], { code: id }]);
  expect(await taken("--context", id, "rm", "Tea", "a")).toEqual(["Tea", ["a"], {}, id]);
  expect(await taken("rm", "Tea", "-f", "--", id, "-f")).toEqual([
    "Tea",
    [id, "-f"],
    { force: true },
  ]);
});

test("R-153 so is one that begins with more of them", async () => {
  for (const more of [`-${id}`, `--${id}`]) {
    expect(await taken("rm", "Tea", more, "a")).toEqual(["Tea", [more, "a"], {}]);
    expect(await taken("rm", "Tea", "--code", more, "a")).toEqual(["Tea", ["a"], { code: more }]);
  }
});

test("what is short, or has the form of an option, is one as ever", async () => {
  await expect(taken("rm", "Tea", "-rUOW")).rejects.toThrow("unknown option '-rUOW'");
  for (const slip of ["--forcefully-and-at-once", "--Force", "--code-of-somebody=A1"]) {
    await expect(taken("rm", "Tea", slip)).rejects.toThrow("unknown option");
  }
});

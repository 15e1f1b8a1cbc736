import { createProgram } from "../../../../cli/src/run.ts";
import { CliFailure } from "../../../../cli/src/failure.ts";
import type { Terminal } from "../../../../cli/src/terminal.ts";
import type { Target } from "../target.ts";
import { linesForm, textOf, texts } from "./text.ts";

/** What is typed behind `treehouse`, an argument a line; nothing is done, and nothing is read. */
export const argumentsTarget: Target = {
  name: "cli-arguments",
  reads: "the arguments of every command of the CLI, up to the point where it would begin",
  async open() {
    const program = createProgram({
      terminal,
      stopped: new AbortController().signal,
      exitWith: () => undefined,
      showsErrors: true,
    });
    const commands = commandsOf(program);
    let reached = "";
    for (const { command, words } of commands) {
      if (words.length > 0) command.action(() => void (reached = words.join(" ")));
    }
    return {
      seeds: texts(...commands.flatMap(examples)),
      form: linesForm,
      async judge(input) {
        reached = "";
        try {
          await program.parseAsync(textOf(input).split("\n"), { from: "user" });
        } catch (error) {
          if (error instanceof CliFailure || isUsage(error)) return `refused: ${error.code}`;
          throw error;
        }
        return reached === "" ? "nothing" : reached;
      },
    };
  },
};

const terminal: Terminal = {
  env: {},
  stdoutIsTerminal: false,
  stdinIsTerminal: false,
  out: () => undefined,
  written: () => Promise.resolve(),
  outputLost: new AbortController().signal,
  err: () => undefined,
  readAll: () => Promise.resolve(""),
  lines: async function* () {
    // Nothing is typed.
  },
  askSecret: () => Promise.resolve(""),
  interrupted: new AbortController().signal,
};

/** The parser's own error, by which it refuses. */
function isUsage(error: unknown): error is Error & { readonly code: string } {
  return error instanceof Error && "code" in error && String(error.code).startsWith("commander.");
}

type Command = ReturnType<typeof createProgram>;
type Option = Command["options"][number];
type Found = { readonly command: Command; readonly words: readonly string[] };

function commandsOf(command: Command, words: readonly string[] = []): readonly Found[] {
  const below = command.commands.flatMap((one) => commandsOf(one, [...words, one.name()]));
  return [{ command, words }, ...below];
}

/** A command with its arguments, once by itself and once with each of its options. */
function examples({ command, words }: Found): readonly string[] {
  const given = command.registeredArguments.map(({ argChoices }) => argChoices?.[0] ?? "bob");
  const plain = [...words, ...given];
  return [plain, ...command.options.map((option) => [...plain, ...written(option)])].map((all) =>
    all.join("\n"),
  );
}

function written(option: Option): readonly string[] {
  const flag = option.long ?? option.short ?? "";
  return option.required || option.optional ? [flag, option.argChoices?.[0] ?? "12"] : [flag];
}

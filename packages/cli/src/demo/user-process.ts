import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

import { z } from "zod";

import { addressOf, type Person } from "./cast.ts";
import type { Children } from "./children.ts";

const main = fileURLToPath(new URL("../../bin/treehouse.js", import.meta.url));

const eventSchema = z.looseObject({
  event: z.string(),
  id: z.string().optional(),
  position: z.number().optional(),
  sender: z.string().optional(),
  text: z.string().optional(),
});

/** A line that `treehouse chat` prints. */
export type ChatEvent = z.infer<typeof eventSchema>;

/** One user of the demo: a folder of its own, and CLI processes that work in it. */
export interface UserProcess {
  readonly name: string;
  readonly address: string;
  /** Runs one command and answers what it printed; throws when it failed. */
  run(...args: readonly string[]): Promise<string>;
  /** Starts `treehouse chat`; `heard` gets each event. */
  chat(conversation: string, heard: (event: ChatEvent) => void): Chat;
}

export interface Chat {
  say(line: string): void;
  /** Ends the input, waits for the process, and answers its exit code. */
  end(): Promise<number>;
}

const patienceSeconds = 60;

/** A line that is no event is told as a fault: a program that reads JSON lines would stumble. */
function parseEvent(line: string): ChatEvent {
  try {
    return eventSchema.parse(JSON.parse(line));
  } catch {
    return { event: "fault", text: `not an event: ${line}` };
  }
}

export function createUser(
  directory: string,
  person: Person,
  server: string,
  password: string,
  children: Children,
): UserProcess {
  const { name } = person;
  const env = {
    ...process.env,
    TREEHOUSE_HOME: join(directory, name),
    TREEHOUSE_CONTEXT: name,
    TREEHOUSE_PASSWORD: password,
    TREEHOUSE_SERVER: server,
  };
  const start = (args: readonly string[]) =>
    children.track(spawn(process.execPath, [main, ...args], { env }));
  return {
    name,
    address: addressOf(person),
    async run(...args) {
      const child = start([...args, "--timeout", String(patienceSeconds)]);
      child.stdin.end();
      const [out, err, code] = await Promise.all([
        collect(child.stdout),
        collect(child.stderr),
        ended(child),
      ]);
      if (code !== 0) throw new Error(`treehouse ${args.join(" ")} ended with ${code}: ${err}`);
      return out;
    },
    chat(conversation, heard) {
      const child = start(["chat", conversation, "--jsonl"]);
      const exit = ended(child);
      // A process that has died says so by its exit code, not by the pipe that broke.
      child.stdin.on("error", () => undefined);
      void exit.then((code) => heard({ event: "ended", code }));
      createInterface({ input: child.stdout }).on("line", (line) => {
        heard(parseEvent(line));
      });
      child.stderr.pipe(process.stderr);
      return {
        say: (line) => void child.stdin.write(`${line}\n`),
        async end() {
          child.stdin.end();
          const deadline = setTimeout(() => child.kill("SIGKILL"), patienceSeconds * 1000);
          const code = await exit;
          clearTimeout(deadline);
          return code;
        },
      };
    },
  };
}

async function collect(stream: AsyncIterable<unknown>): Promise<string> {
  let all = "";
  for await (const part of stream) all += String(part);
  return all;
}

function ended(child: ChildProcessWithoutNullStreams): Promise<number> {
  return new Promise((resolve) => child.once("close", (code) => resolve(code ?? 1)));
}

import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { quickStart } from "../program/quick-start.ts";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const password = "canary-password-7Q2xkLmP9s";

const historySchema = z.object({
  items: z.array(
    z.discriminatedUnion("kind", [
      z.object({
        kind: z.literal("message"),
        position: z.int(),
        id: z.string(),
        text: z.string(),
      }),
      z.object({ kind: z.literal("fault"), code: z.string(), text: z.string() }),
      z.object({ kind: z.literal("membership") }),
    ]),
  ),
});
type HistoryItem = z.infer<typeof historySchema>["items"][number];

/** Somebody who uses the command line, each command a process of its own over one store. */
export class Terminal {
  readonly address: string;
  readonly #home: string;
  /** The folder of an earlier state of the repository; undefined: this one. */
  #checkout: string | undefined;

  constructor(address: string, home: string, checkout: string) {
    this.address = address;
    this.#home = home;
    this.#checkout = checkout;
  }

  /** From here on their program is today's. */
  update(): void {
    this.#checkout = undefined;
  }

  async register(server: string): Promise<void> {
    await this.run("account", "register", this.address, "--server", server);
  }

  /** Resolves once either may add the other. */
  async befriend(other: Terminal): Promise<void> {
    const knows = async (one: Terminal, who: string, state: string): Promise<void> => {
      for (let listed = ""; !listed.includes(`${who}  ${state}`);) {
        listed = await one.run("contact", "ls");
      }
    };
    await this.run("contact", "request", other.address);
    await knows(other, this.address, "incoming");
    await other.run("contact", "accept", this.address);
    await knows(this, other.address, "mutual");
  }

  /** Resolves with the position at which it was accepted. */
  async send(to: string, text: string): Promise<number> {
    const said = await this.run("send", to, text);
    const position = /\d+/.exec(said)?.[0];
    if (position === undefined) throw new Error(`${this.address} sends: ${said}`);
    return Number(position);
  }

  /** Everything that they have of a conversation, once they have read what waits for them. */
  async history(of: string): Promise<readonly HistoryItem[]> {
    await this.run("tail");
    const limit = "100000";
    return historySchema.parse(
      JSON.parse(await this.run("--json", "history", of, "--limit", limit)),
    ).items;
  }

  /** What the command has printed. */
  async run(...args: readonly string[]): Promise<string> {
    const { PATH, ...quick } = quickStart();
    const child = spawn(process.execPath, [this.#program(), ...args], {
      env: { PATH, ...quick, TREEHOUSE_HOME: this.#home, TREEHOUSE_PASSWORD: password },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let [out, err] = ["", ""];
    child.stdout.on("data", (chunk) => (out += String(chunk)));
    child.stderr.on("data", (chunk) => (err += String(chunk)));
    const [code] = await once(child, "close");
    if (code !== 0)
      throw new Error(`${this.address}: ${args.join(" ")} ended with ${code}: ${err}`);
    return out;
  }

  #program(): string {
    if (this.#checkout !== undefined) return join(this.#checkout, bin);
    // A bug can be planted into sources alone.
    const planted = process.env["TREEHOUSE_TORTURE_CONTROL"] !== undefined;
    return join(root, planted ? "packages/cli/src/main.ts" : bin);
  }
}

const bin = "packages/cli/bin/treehouse.js";

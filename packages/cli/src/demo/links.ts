import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

import type { Children } from "./children.ts";

const main = fileURLToPath(new URL("../../../testkit/src/fault-proxy/main.ts", import.meta.url));

/** The ways from each server to each other one, which can be cut and healed. */
export interface Links {
  /** The URL under which a server knows another one. */
  url(from: string, to: string): string;
  /** Cuts one server off from all others, in both directions; done when it resolves. */
  cut(server: string): Promise<void>;
  heal(server: string): Promise<void>;
  stop(): void;
}

/** `urls` are those of the servers by their names; nothing has to listen there yet. */
export async function startLinks(
  urls: ReadonlyMap<string, string>,
  seed: number,
  children: Children,
): Promise<Links> {
  const names = [...urls.keys()];
  const ways = names.flatMap((from) =>
    names.filter((to) => to !== from).map((to) => ({ from, to, url: urls.get(to) ?? "" })),
  );
  const spawned = spawn(process.execPath, [main, String(seed), ...ways.map(({ url }) => url)], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const child = children.track(spawned);
  child.stdin.on("error", () => undefined);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const nextLine = async (): Promise<string> => {
    const { value, done } = await lines.next();
    if (done === true) throw new Error("the links between the servers have ended");
    return value;
  };
  const shown: string[] = [];
  for (const _ of ways) shown.push(await nextLine());

  async function set(server: string, state: "up" | "down"): Promise<void> {
    for (const [link, { from, to }] of ways.entries()) {
      if (from !== server && to !== server) continue;
      child.stdin.write(`${JSON.stringify({ link, faults: { link: state } })}\n`);
      await nextLine();
    }
  }

  return {
    url(from, to) {
      const index = ways.findIndex((way) => way.from === from && way.to === to);
      const url = shown[index];
      if (url === undefined) throw new Error(`there is no way from ${from} to ${to}`);
      return url;
    },
    cut: (server) => set(server, "down"),
    heal: (server) => set(server, "up"),
    stop: () => child.stdin.end(),
  };
}

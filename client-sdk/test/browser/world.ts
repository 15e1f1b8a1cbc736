import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { BrowserContext, Page } from "playwright-core";

import { runWith } from "../../../packages/cli/test/world/terminal.ts";
import { type FederatedServers, startServersWith } from "../world/servers.ts";
import { launch } from "./chromium.ts";
import { serveSite, type Site } from "./site.ts";

export const password = "correct horse battery staple";

/** A tab, and what went wrong in it that its page did not expect. */
export type Tab = { readonly page: Page; readonly faults: string[] };

/** A Chromium, a site with the pages of the tests, and two homeservers that serve its origin. */
export interface BrowserWorld extends AsyncDisposable {
  readonly site: Site;
  readonly servers: FederatedServers;
  readonly context: BrowserContext;
  openTab(path: string): Promise<Tab>;
  /** Bob, who has a terminal and is at the second server; the output is JSON. */
  bob(args: readonly string[], input?: string): Promise<unknown>;
}

/** `directory`: what `buildSite` has made. */
export async function openBrowserWorld(chromium: string, directory: string): Promise<BrowserWorld> {
  const home = mkdtempSync(join(tmpdir(), "treehouse-browser-"));
  const parts: AsyncDisposable[] = [];
  const keep = <T extends AsyncDisposable>(part: T): T => {
    parts.unshift(part);
    return part;
  };
  const dispose = async () => {
    for (const part of parts) await part[Symbol.asyncDispose]();
    rmSync(home, { recursive: true, force: true });
  };
  try {
    const browser = keep(await launch(chromium));
    const site = keep(await serveSite(directory));
    const origins = { webOrigins: [site.url] };
    const servers = keep(await startServersWith(origins, ["a.example", "b.example"]));
    const context = await browser.newContext();
    context.setDefaultTimeout(50_000);
    return {
      site,
      servers,
      context,
      async openTab(path) {
        const page = await context.newPage();
        const faults: string[] = [];
        page.on("pageerror", (error) => faults.push(String(error)));
        page.on("dialog", (dialog) => faults.push(`a dialog: ${dialog.message()}`));
        page.on("console", (line) => {
          if (line.type() === "error") faults.push(line.text());
        });
        await page.goto(`${site.url}/${path}`);
        return { page, faults };
      },
      async bob(args, input = "") {
        const env = {
          TREEHOUSE_HOME: home,
          TREEHOUSE_SERVER: servers.at(1).url,
          TREEHOUSE_PASSWORD: password,
        };
        const { exit, out, err } = await runWith([...args, "--json"], { env, input });
        if (exit !== 0) throw new Error(`${args.join(" ")} ended with ${exit}: ${err}`);
        return JSON.parse(out.split("\n")[0] ?? "");
      },
      [Symbol.asyncDispose]: dispose,
    };
  } catch (error) {
    await dispose();
    throw error;
  }
}

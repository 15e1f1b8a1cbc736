/** The SDK in the pages of a real browser, with two homeservers and somebody at a command line. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";

import { runWith } from "../../../packages/cli/test/world/terminal.ts";
import type { Client } from "../../src/browser.ts";
import type { Message } from "../../src/messages/index.ts";
import { type FederatedServers, startServersWith } from "../world/servers.ts";
import { findChromium, launch, notRun } from "./chromium.ts";
import { buildSite, serveSite, type Site } from "./site.ts";

/** What the page's own script has put there (`site/app.ts`), and what the tests keep there. */
type InPage = {
  Client: typeof import("../../src/browser.ts").Client;
  me: Client;
  heard: Message[];
};
declare const window: InPage;

const path = findChromium();
if (path === undefined) notRun("the SDK in a browser");

const password = "correct horse battery staple";
const home = mkdtempSync(join(tmpdir(), "treehouse-browser-"));
let browser: Browser;
let site: Site;
let servers: FederatedServers;
let context: BrowserContext;

beforeAll(async () => {
  if (path === undefined) return;
  [browser, site] = await Promise.all([launch(path), serveSite(await buildSite(["app.html"]))]);
  servers = await startServersWith({ webOrigins: [site.url] }, ["a.example", "b.example"]);
  context = await browser.newContext();
});

afterAll(async () => {
  await browser?.close();
  await servers?.[Symbol.asyncDispose]();
  await site?.[Symbol.asyncDispose]();
  rmSync(home, { recursive: true, force: true });
});

/** A tab of the application, in which nothing goes wrong that nobody expects. */
async function openTab(): Promise<{ page: Page; faults: string[] }> {
  const page = await context.newPage();
  const faults: string[] = [];
  page.on("pageerror", (error) => faults.push(String(error)));
  page.on("console", (line) => {
    if (line.type() === "error") faults.push(line.text());
  });
  await page.goto(`${site.url}/app.html`);
  return { page, faults };
}

/** Bob, who has a terminal and is at the other server. */
async function bob(...args: string[]): Promise<unknown> {
  const { exit, out, err } = await runWith([...args, "--json"], {
    env: {
      TREEHOUSE_HOME: home,
      TREEHOUSE_SERVER: servers.at(1).url,
      TREEHOUSE_PASSWORD: password,
    },
  });
  if (exit !== 0) throw new Error(`${args.join(" ")} ended with ${exit}: ${err}`);
  return JSON.parse(out);
}

test.skipIf(path === undefined)(
  "a page registers and talks with somebody at a command line, over two servers",
  async () => {
    const { page, faults } = await openTab();
    await bob("account", "register", "bob@b.example");
    const who = await page.evaluate(
      async ([server = "", secret = ""]) => {
        const { Client } = window;
        const wanted = { account: "alice@a.example", store: "alice", server };
        const me = await Client.open({ ...wanted, password: secret, register: {} });
        window.me = me;
        window.heard = [];
        void (async () => {
          for await (const message of me.messages()) window.heard.push(message);
        })();
        await me.contacts.request("bob@b.example");
        return me.me;
      },
      [servers.at(0).url, password],
    );
    expect(who).toMatchObject({ address: "alice@a.example", user: "mimi://a.example/u/alice" });
    await bob("contact", "accept", "alice@a.example");
    await page.evaluate(async () => {
      const { me } = window;
      const state = async () => (await me.contacts.list())[0]?.state;
      await new Promise<void>((resolve) => {
        me.on("contact", () => void state().then((now) => now === "mutual" && resolve()));
        void state().then((now) => now === "mutual" && resolve());
      });
      const team = await me.conversations.create({ name: "Team", members: ["bob@b.example"] });
      await team.send("hello from a page 🌳");
    });
    expect(await bob("tail", "--limit", "1")).toMatchObject({
      text: "hello from a page 🌳",
      sender: "alice@a.example",
    });
    await bob("send", "Team", "hello from a terminal");
    await page.waitForFunction(() => window.heard.length > 0);
    const heard = await page.evaluate(() => window.heard.map(({ text }) => text));
    expect(heard).toEqual(["hello from a terminal"]);
    expect(faults).toEqual([]);
    await page.close();
  },
);

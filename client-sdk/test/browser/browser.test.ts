/** The SDK in the pages of a real browser, with two homeservers and somebody at a command line. */
import { readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";

import { findChromium, notRun } from "./chromium.ts";
import { inBundles, payloads } from "./payloads.ts";
import type { App } from "./site/app.ts";
import { buildSite, policy } from "./site.ts";
import { type BrowserWorld, openBrowserWorld, password } from "./world.ts";

declare const app: App;

const path = findChromium();
if (path === undefined) notRun("the SDK in a browser");
const inChromium = { skip: path === undefined };

/** For a machine that has much to do. */
const patience = { timeout: 30_000, interval: 200 };
let directory = "";
let world: BrowserWorld;

beforeAll(async () => {
  directory = await buildSite(["app.html", "store.html", "example/index.html"]);
  if (path !== undefined) world = await openBrowserWorld(path, directory);
}, 120_000);
afterAll(async () => {
  await world?.[Symbol.asyncDispose]();
  rmSync(directory, { recursive: true, force: true });
});

const alice = () => ({
  account: "alice@a.example",
  store: "alice",
  server: world.servers.at(0).url,
});

/** A tab of Alice's, in which the client is open. */
async function openAlice(options: { password?: string; register?: object } = {}) {
  const tab = await world.openTab("app.html");
  await tab.page.evaluate((wanted) => app.enter(wanted), { ...alice(), ...options });
  return tab;
}

const send = (page: Page, text: string) =>
  page.evaluate(async (said) => {
    const team = await app.me.conversations.get("Team");
    await team.send(said);
  }, text);

/** Waits until the tab's loop has given so many texts, and answers them. */
async function heard(page: Page, count: number): Promise<readonly string[]> {
  await page.waitForFunction((wanted) => app.heard.length >= wanted, count);
  return page.evaluate(() => app.heard);
}

/** What a page has to load, in octets when compressed; `docs/sdk/browser.md` says it. */
const budgets = [
  ["the page's script", /^browser-(?!worker-).*\.js$/, 60_000],
  ["the worker's script", /^browser-worker-.*\.js$/, 600_000],
  ["SQLite", /^sqlite3-.*\.wasm$/, 450_000],
] as const;

test.for(budgets)("%s stays within its budget", ([, pattern, bytesMax]) => {
  const assets = join(directory, "assets");
  const files = readdirSync(assets).filter((name) => pattern.test(name));
  expect(files).toHaveLength(1);
  const size = gzipSync(readFileSync(join(assets, files[0] ?? "")), { level: 9 }).length;
  expect(size).toBeGreaterThan(bytesMax / 2);
  expect(size).toBeLessThan(bytesMax);
});

test("the page of the documentation is the one that is shown here", () => {
  const text = readFileSync("docs/sdk/browser.md", "utf8");
  for (const file of ["index.html", "main.js"]) {
    const shown = readFileSync(join(import.meta.dirname, "site/example", file), "utf8");
    expect(text).toContain(`\n${shown}\`\`\`\n`);
  }
  for (const directive of policy) expect(text).toContain(`\n${directive}`);
});

type Result = { readonly title: string; readonly fault: string | undefined };

test("the store's contract holds on a browser's own files", inChromium, async () => {
  const { page, faults } = await world.openTab("store.html");
  const results = await page.evaluate<Result[]>("inWorker('contract')");
  expect(results.filter(({ fault }) => fault !== undefined)).toEqual([]);
  expect(results.length).toBeGreaterThan(9);
  expect(faults).toEqual([]);
  await page.close();
});

test(
  "a store is open once in a browser, and no worker that dies keeps it",
  inChromium,
  async () => {
    const [holder, other] = [await world.openTab("store.html"), await world.openTab("store.html")];
    await holder.page.evaluate("inWorker('hold')");
    expect(await other.page.evaluate("inWorker('open')")).toBe("storeInUse");
    await holder.page.close();
    await expect.poll(() => other.page.evaluate("inWorker('open')"), patience).toBe("done");
    await other.page.close();
  },
);

test(
  "without room in the browser nothing is half-written, and it goes on",
  inChromium,
  async () => {
    const { page, faults } = await world.openTab("store.html");
    const devtools = await world.context.newCDPSession(page);
    const origin = world.site.url;
    const { usage } = await devtools.send("Storage.getUsageAndQuota", { origin });
    const quotaSize = usage + 4 * 2 ** 20;
    await devtools.send("Storage.overrideQuotaForOrigin", { origin, quotaSize });
    try {
      const filled = await page.evaluate<string[]>("inWorker('fill')");
      expect(new Set(filled)).toEqual(new Set(["done, kept", "storeFull, gone"]));
    } finally {
      await devtools.send("Storage.overrideQuotaForOrigin", { origin });
    }
    expect(await page.evaluate("inWorker('fillAgain')")).toBe("done");
    expect(faults).toEqual([]);
    await page.close();
  },
);

test("a page whose policy forbids workers is told what it needs", inChromium, async () => {
  const page = await world.context.newPage();
  await page.route("**/app.html", async (route) => {
    const response = await route.fetch();
    const strict = response.headers()["content-security-policy"] ?? "";
    const headers = {
      "content-security-policy": strict.replace("worker-src 'self'", "worker-src"),
    };
    await route.fulfill({ response, headers: { ...response.headers(), ...headers } });
  });
  await page.goto(`${world.site.url}/app.html`);
  const fault = await page.evaluate(
    (wanted) => app.enter(wanted).catch(({ code, help }) => ({ code, help })),
    { account: "eve@a.example", store: "eve", server: world.servers.at(0).url },
  );
  expect(fault).toMatchObject({ code: "unsupported", help: expect.stringContaining("worker-src") });
  await page.close();
});

test(
  "a page registers and talks with somebody at a terminal, over two servers",
  inChromium,
  async () => {
    const { page, faults } = await openAlice({ password, register: {} });
    await world.bob(["account", "register", "bob@b.example"]);
    await page.evaluate(() => app.me.contacts.request("bob@b.example"));
    const asking = () => world.bob(["contact", "ls"]);
    await expect.poll(asking, patience).toMatchObject({ contacts: [{ state: "incoming" }] });
    await world.bob(["contact", "accept", "alice@a.example"]);
    await page.evaluate(async () => {
      const { me } = app;
      const isMutual = async () => (await me.contacts.list())[0]?.state === "mutual";
      await new Promise<void>((resolve) => {
        const look = () => void isMutual().then((mutual) => mutual && resolve());
        me.on("contact", look);
        look();
      });
      const team = await me.conversations.create({ name: "Team", members: ["bob@b.example"] });
      await team.send("hello from a page 🌳");
    });
    expect(await world.bob(["tail", "--limit", "1"])).toMatchObject({
      text: "hello from a page 🌳",
      sender: "alice@a.example",
    });
    await world.bob(["send", "Team", "hello from a terminal"]);
    expect(await heard(page, 1)).toEqual(["hello from a terminal"]);
    const same = await page.evaluate(async () => {
      const team = await app.me.conversations.get("Team");
      const content = Uint8Array.from({ length: 3_000_000 }, (_, at) => at % 251);
      const { id } = await team.send({ file: new Blob([content]), name: "plan.bin" });
      const items = await team.history();
      const sent = items.flatMap((item) => (item.kind === "message" ? [item] : []));
      const [file] = sent.find((message) => message.id === id)?.files ?? [];
      if (file === undefined) return "the message has no file";
      const read = await app.me.files.read(file);
      return read.length === content.length && read.every((octet, at) => octet === content[at]);
    });
    expect(same).toBe(true);
    expect(faults).toEqual([]);
    await page.close();
  },
);

test(
  "two tabs of one user are one client: both hear, both send, and each may go",
  inChromium,
  async () => {
    // Neither needs the password: the store has a session.
    const [first, second] = [await openAlice(), await openAlice()];
    await send(first.page, "from the first tab");
    await send(second.page, "from the second tab");
    await world.bob(["send", "Team", "to both tabs"]);
    expect(await heard(first.page, 1)).toEqual(["to both tabs"]);
    expect(await heard(second.page, 1)).toEqual(["to both tabs"]);
    const clients = await second.page.evaluate(async () => (await app.me.clients.list()).length);
    expect(clients).toBe(1);

    // The tab whose worker served both crashes, with what it was doing for the other one.
    await world.servers.at(0).stop();
    await second.page.evaluate(async () => {
      const team = await app.me.conversations.get("Team");
      const fault = team.send("while the tab was closed").catch((error) => ({
        known: error instanceof app.SdkError,
        code: error.code,
        retryable: error.retryable,
      }));
      // Calls are taken in their order: by now that one was.
      await team.info();
      Object.assign(globalThis, { fault });
    });
    const crashed = first.page.waitForEvent("crash");
    const devtools = await world.context.newCDPSession(first.page);
    void devtools.send("Page.crash").catch(() => undefined);
    await crashed;
    expect(await second.page.evaluate("fault")).toEqual({
      known: true,
      code: "interrupted",
      retryable: true,
    });
    await world.servers.at(0).start();
    await second.page.evaluate(() => app.me.caughtUp());
    await send(second.page, "after the first tab");
    await world.bob(["send", "Team", "to the tab that is left"]);
    expect(await heard(second.page, 2)).toEqual(["to both tabs", "to the tab that is left"]);

    // A reload loses nothing, and repeats nothing.
    await second.page.reload();
    await second.page.evaluate((wanted) => app.enter(wanted), alice());
    await world.bob(["send", "Team", "after the reload"]);
    expect(await heard(second.page, 1)).toEqual(["after the reload"]);
    const texts = await second.page.evaluate(async () => {
      const team = await app.me.conversations.get("Team");
      const items = await team.history();
      return items.flatMap((item) =>
        item.kind === "message" && item.type === "text" ? [item.text] : [],
      );
    });
    expect(texts).toEqual([
      "hello from a page 🌳",
      "hello from a terminal",
      "from the first tab",
      "from the second tab",
      "to both tabs",
      "while the tab was closed",
      "after the first tab",
      "to the tab that is left",
      "after the reload",
    ]);
    // The server was away for a while, which a browser writes into its console.
    const faults = [...first.faults, ...second.faults];
    expect(faults.filter((text) => !/ERR_CONNECTION|WebSocket/.test(text))).toEqual([]);
    await second.page.close();
  },
);

test("T-36 what others write never becomes script in the example's page", inChromium, async () => {
  const { page, faults } = await world.openTab("example/index.html");
  const asked = new Set<string>();
  page.on("request", (request) => asked.add(new URL(request.url()).host));
  await page.fill("input[name=account]", "carol@b.example");
  await page.fill("input[name=password]", password);
  await page.fill("input[name=server]", world.servers.at(1).url);
  await page.click("button[value=register]");
  await page.waitForSelector("#login", { state: "hidden" });
  await expect.poll(() => page.textContent("#state"), patience).toBe("up to date");
  const [name = ""] = payloads.filter((payload) => payload.includes("<img src=x"));
  await world.bob(["account", "profile", "set", "--name", name, "--audience", "name=rooms"]);
  await world.bob(["group", "create", name, "--add", "carol@b.example"]);
  const bundles = inBundles(process.env["TREEHOUSE_SCALE"] === "full" ? 1 : 25);
  await world.bob(["send", name, "--lines"], bundles.join("\n"));
  await page.click("#conversations li");
  const shown = () => page.locator("#messages li").allTextContents();
  await expect.poll(shown, patience).toHaveLength(bundles.length);
  expect(payloads.length).toBeGreaterThan(500);
  expect(await shown()).toEqual(bundles.map((text) => `bob@b.example: ${text}`));
  expect(await page.textContent("#conversations")).toContain(`${name} (${name}, carol@b.example)`);
  // Nothing of it is an element, none has run, and nobody else was asked for anything.
  expect(await page.locator("#messages li *, #conversations li *").count()).toBe(0);
  expect(await page.evaluate("globalThis.struck")).toBeUndefined();
  const [own, server] = [world.site.url, world.servers.at(1).url].map((url) => new URL(url).host);
  expect([...asked].filter((host) => host !== own && host !== server)).toEqual([]);
  expect(faults).toEqual([]);
  // A page that made HTML of it would be stopped by the policy that it is served with.
  const careless = page.evaluate((html) => {
    Object.assign(Reflect.get(globalThis, "document").body, { innerHTML: html });
  }, name);
  await expect(careless).rejects.toThrow("TrustedHTML");
  await page.close();
});

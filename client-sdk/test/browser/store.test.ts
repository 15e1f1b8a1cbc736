/** The local store on files of a real browser. */
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";

import { findChromium, launch, notRun } from "./chromium.ts";
import { buildSite, serveSite, type Site } from "./site.ts";

const path = findChromium();
if (path === undefined) notRun("the SDK's store in a browser");

let browser: Browser;
let site: Site;

beforeAll(async () => {
  if (path === undefined) return;
  [browser, site] = await Promise.all([launch(path), serveSite(await buildSite(["store.html"]))]);
});

afterAll(async () => {
  await browser?.close();
  await site?.[Symbol.asyncDispose]();
});

type Result = { readonly title: string; readonly fault: string | undefined };

test.skipIf(path === undefined)("the store's contract holds on a browser's files", async () => {
  const page = await browser.newPage();
  await page.goto(`${site.url}/store.html`);
  const results = await page.evaluate<Result[]>("inWorker('contract')");
  expect(results.filter(({ fault }) => fault !== undefined)).toEqual([]);
  expect(results.length).toBeGreaterThan(9);
  await page.close();
});

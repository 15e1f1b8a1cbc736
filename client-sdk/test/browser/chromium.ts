import { accessSync, appendFileSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

import { type Browser, chromium } from "playwright-core";

const names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/** A Chromium of this machine: the one that `TREEHOUSE_CHROMIUM` names, or the first in the path. */
export function findChromium(): string | undefined {
  const named = process.env["TREEHOUSE_CHROMIUM"];
  if (named !== undefined && named !== "") return named;
  const folders = (process.env["PATH"] ?? "").split(delimiter);
  return folders.flatMap((folder) => names.map((name) => join(folder, name))).find(isProgram);
}

/** Says that a test could not be run here, where `npm test` lists it. */
export function notRun(what: string): void {
  const line = `not run: ${what}: no Chromium found (set TREEHOUSE_CHROMIUM to its path)`;
  process.stdout.write(`${line}\n`);
  const list = process.env["TREEHOUSE_NOT_RUN"] ?? "";
  if (list !== "") appendFileSync(list, `${line}\n`);
}

export function launch(executablePath: string): Promise<Browser> {
  return chromium.launch({
    executablePath,
    args: [
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      // Whoever is root has no use of the sandbox, and Chromium refuses to start with it.
      ...(process.getuid?.() === 0 ? ["--no-sandbox"] : []),
    ],
  });
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

import { constants, type Stats } from "node:fs";
import { access, stat } from "node:fs/promises";
import { dirname } from "node:path";

import { CliFailure, EXIT } from "./failure.ts";
import { reasonOf } from "./system-failure.ts";

/** Refuses a place where no store can be kept. Makes nothing: whoever mistypes a path leaves no folders behind. */
export async function checkStorePlace(store: string): Promise<void> {
  try {
    const known = await look(store);
    if (known !== undefined) {
      if (!known.isFile()) throw new Error("it is no file");
      await access(store, constants.R_OK | constants.W_OK);
    }
    let folder = dirname(store);
    let place = await look(folder);
    for (; place === undefined; place = await look(folder)) folder = dirname(folder);
    if (!place.isDirectory()) throw new Error(`${folder} is no folder`);
    await access(folder, constants.W_OK);
  } catch (cause) {
    const message = `no store can be kept at ${store}: ${reasonOf(cause)}`;
    throw new CliFailure(EXIT.usage, "storeUnwritable", message, {
      help: "Choose another place with --store.",
    });
  }
}

/** What is there, if anything is: below a file there is nothing. */
async function look(path: string): Promise<Stats | undefined> {
  return stat(path).catch((error: unknown) => {
    const code = error instanceof Error && "code" in error ? error.code : "";
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw error;
  });
}

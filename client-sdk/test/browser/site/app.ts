/** An application of the SDK, for the tests to use: what a person does stands on `window`. */
import "./trusted-scripts.ts";

import { Client, SdkError } from "@treehouse/client-sdk";

import type { BrowserOptions } from "../../../src/browser.ts";

/** What is seen of the client in this tab. */
export type App = {
  readonly Client: typeof Client;
  readonly SdkError: typeof SdkError;
  me: Client;
  /** Texts of others, as the loop over messages gave them. */
  readonly heard: string[];
  /** Names of events. */
  readonly events: string[];
  enter(options: BrowserOptions): Promise<string>;
};

const app: Omit<App, "me"> & { me?: Client } = {
  Client,
  SdkError,
  heard: [],
  events: [],
  async enter(options) {
    const me = await Client.open(options);
    app.me = me;
    for (const name of ["joined", "state", "stored", "contact"] as const) {
      me.on(name, () => void app.events.push(name));
    }
    void listen(me);
    return me.me.address;
  },
};

async function listen(me: Client): Promise<void> {
  for await (const { text } of me.messages()) app.heard.push(text);
}

Object.assign(globalThis, { app });

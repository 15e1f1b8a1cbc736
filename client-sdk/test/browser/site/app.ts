/** The SDK as a page has it, for the tests to use. */
import "./trusted-scripts.ts";

import { Client, SdkError } from "@treehouse/client-sdk";

Object.assign(globalThis, { Client, SdkError });

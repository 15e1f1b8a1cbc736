import { expect, test } from "vitest";
import { fromBase64, fromBase64Url, fromHex, toBase64, utf8Encode } from "../../src/index.ts";
import { serializeBase, serializeParameters } from "../../src/federation/signature-base.ts";
import { keyOf, verify } from "../ed25519.ts";

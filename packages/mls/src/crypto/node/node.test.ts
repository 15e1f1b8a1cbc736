import { describe } from "vitest";

import { mlsCryptoContract } from "../crypto.contract.ts";
import { createNodeCrypto } from "./index.ts";

describe("with node:crypto", () => {
  mlsCryptoContract(createNodeCrypto);
});

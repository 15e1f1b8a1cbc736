import { describe } from "vitest";

import { mlsCryptoContract } from "../crypto.contract.ts";
import { createNobleCrypto } from "./index.ts";

describe("with noble", () => {
  mlsCryptoContract(createNobleCrypto);
});

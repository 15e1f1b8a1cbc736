import { mintClientUri, parseUserUri, Refusal } from "@treehouse/protocol";
import { expect, test } from "vitest";

import { checkSigner } from "./check-signer.ts";

const octets = (value: number, length = 32) => new Uint8Array(length).fill(value);
const user = parseUserUri("mimi://example.org/u/alice");
const client = mintClientUri(user, (length) => octets(7, length));
const other = mintClientUri(user, (length) => octets(8, length));
const signedBy = (identityKey: Uint8Array<ArrayBuffer>, by = client) => ({
  user,
  client: by,
  identity: { certificate: { identityKey } },
});
const listed = { client, signatureKey: octets(3), expiresAt: 0 };

test("T-20 what nobody signed who is known takes no client back", async () => {
  let asked = 0;
  const directory = (identityKey: Uint8Array<ArrayBuffer>) => ({
    async lookUp() {
      asked += 1;
      return { identityKey, clients: [listed] };
    },
  });
  const former = { identities: new Map([[user, octets(1)]]) };
  const nobody = { identities: new Map() };
  const refused = { code: "invalidMessage" };
  // Whom this client knew it asks nobody about.
  await checkSigner(directory(octets(2)), former, signedBy(octets(1), other));
  expect(asked).toBe(0);
  // Somebody who came since is who their own server says.
  await checkSigner(directory(octets(1)), nobody, signedBy(octets(1)));
  for (const signer of [signedBy(octets(2)), signedBy(octets(1), other)]) {
    await expect(checkSigner(directory(octets(1)), nobody, signer)).rejects.toMatchObject(refused);
  }
  const unknown = {
    lookUp: () => Promise.reject(new Refusal("unknownUser", "There is no such user.")),
  };
  await expect(checkSigner(unknown, nobody, signedBy(octets(1)))).rejects.toMatchObject({
    code: "unknownUser",
  });
});

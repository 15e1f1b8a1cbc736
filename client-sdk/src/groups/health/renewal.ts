import { type Bytes, equalBytes, u64 } from "@treehouse/protocol";

/** Body of an intent `commit` that ends this epoch even where nothing is due. */
export function renewalOf(epoch: number): Bytes {
  return u64.encode(epoch);
}

export function isRenewalOf(body: Bytes, epoch: number): boolean {
  return equalBytes(body, renewalOf(epoch));
}

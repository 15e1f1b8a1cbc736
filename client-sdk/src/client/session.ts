import type { Bytes, ClientUri, UserUri } from "@treehouse/protocol";

/** Who this client is, and where it draws its randomness from. */
export type Session = {
  readonly user: UserUri;
  readonly client: ClientUri;
  readonly random: (length: number) => Bytes;
};

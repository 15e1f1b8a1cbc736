import { z } from "zod";

/** Who may do what with a user, as the user's own server enforces it. */
export const privacySchema = z.strictObject({
  /**
   * Who learns that the address is there. `known`: those whom the user lets in or has asked, and those
   * in a room with the user; to all others it is as if there were nobody.
   */
  findable: z.enum(["everybody", "known"]),
  /** Whose connection requests are shown; others vanish, and who asks is not told. */
  requests: z.enum(["everybody", "nobody"]),
  /**
   * Who may add the user without having been let in. `ownServer`: users of the same server, unless its
   * operator has everybody ask. `nobody`: those whom the user has let in, and nobody else.
   */
  adding: z.enum(["ownServer", "nobody"]),
});
export type Privacy = z.output<typeof privacySchema>;

/** What is absent stays as it is. */
export const privacyChangeSchema = privacySchema.partial();
export type PrivacyChange = z.output<typeof privacyChangeSchema>;

export const DEFAULT_PRIVACY: Privacy = {
  findable: "everybody",
  requests: "everybody",
  adding: "ownServer",
};

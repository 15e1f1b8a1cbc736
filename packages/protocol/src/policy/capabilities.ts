/**
 * Capability numbers of the MIMI room-policy registry that rules version 1 uses, and ours from the
 * private range (0xf000 and above, FED-712). H: the hub enforces it. C: only clients can.
 */
export const CAPABILITIES = {
  /** H. Bring in a user; needs an entry 0 → the new participant's role. */
  addParticipant: 0x0000,
  /** H. Remove another user with all clients; needs an entry from that user's role → 0. */
  removeParticipant: 0x0001,
  /** H. Bring in a further client of one's own. */
  addOwnClient: 0x0002,
  /** H. Remove another client of one's own. */
  removeOwnClient: 0x0003,
  /** H, of role 0 alone. Come in by oneself; needs an entry 0 → the default role. */
  openJoin: 0x0004,
  /** H. Leave: ask the hub to have all own clients removed. */
  removeSelf: 0x0006,
  /** H. Make a join link; needs an entry 0 → the link's role. */
  createJoinCode: 0x0007,
  /** H. Revoke a join link of somebody else; one's own needs nothing. */
  deleteJoinCode: 0x0008,
  /** H, of role 0 alone. Come in by a link; needs an entry 0 → the link's role. */
  useJoinCode: 0x0009,
  /** H. Ban a user, with all clients; needs an entry from that user's role (0: absent) → 1. */
  ban: 0x000a,
  /** H. Lift a ban; needs an entry 1 → 0. */
  unban: 0x000b,
  /** H. Remove some clients of another participant; needs an entry from their role → 0. */
  kick: 0x000c,
  /** H, of role 0 alone. Ask to be let in. */
  knock: 0x000d,
  /** H. See who asks to be let in, and decline; to let somebody in needs 0x0000. */
  acceptKnock: 0x000e,
  /** H. Change another participant's role; needs an entry from the old to the new role. */
  changeUserRole: 0x000f,
  /** H. */
  sendMessage: 0x0100,
  /** H. */
  receiveMessage: 0x0101,
  /** C, as all from here to `followLink`. */
  copyMessage: 0x0102,
  reportAbuse: 0x0103,
  replyToMessage: 0x0104,
  reactToMessage: 0x0105,
  editReaction: 0x0106,
  deleteOwnReaction: 0x0107,
  deleteOtherReaction: 0x0108,
  editOwnMessage: 0x0109,
  deleteOwnMessage: 0x010a,
  deleteOtherMessage: 0x010b,
  startTopic: 0x010c,
  replyInTopic: 0x010d,
  editOwnTopic: 0x010e,
  editOtherTopic: 0x010f,
  uploadImage: 0x0200,
  uploadAudio: 0x0201,
  uploadVideo: 0x0202,
  uploadAttachment: 0x0203,
  downloadImage: 0x0204,
  downloadAudio: 0x0205,
  downloadVideo: 0x0206,
  downloadAttachment: 0x0207,
  sendLink: 0x0208,
  sendLinkPreview: 0x0209,
  followLink: 0x020a,
  copyLink: 0x020b,
  /** C, as the next three: beside `changeRoomMetadata`, change that field of the metadata. */
  changeRoomName: 0x0300,
  changeRoomDescription: 0x0301,
  changeRoomAvatar: 0x0302,
  changeRoomSubject: 0x0303,
  /** H. End the room for everybody. */
  destroyRoom: 0x0501,
  /** H. Change the base policy, but never `fixedMembership`. */
  changeMembershipStyle: 0x0502,
  /** H. Change role definitions and the default role, in a commit of their own. */
  changeRoleDefinitions: 0x0503,
  /**
   * Ours, H. Replace the metadata ciphertext. MIMI's 0300–0304 name single fields, which a hub
   * cannot tell apart in a ciphertext.
   */
  changeRoomMetadata: 0xf001,
  /**
   * Ours, H that a user leaves in the same commit, C that the plaintext stays the same: seal the
   * metadata anew so that those who left cannot read later versions.
   */
  rekeyRoomMetadata: 0xf002,
  /** Ours, H. Name another hub, hub key or term. */
  changeHub: 0xf003,
  /** Ours, H. Raise the rules version or the version floor. */
  raiseRules: 0xf004,
  /** Ours, H. Change components that rules version 1 does not know, and required SafeAAD types. */
  changeOtherComponents: 0xf005,
  /**
   * Ours, H. Take a role of a lower index oneself. MIMI's 0010 only follows a preauthorisation
   * list, which rules version 1 has not.
   */
  lowerOwnRole: 0xf006,
  /**
   * Ours, H. Mute and unmute others; for a participant needs an entry from that user's role → 0. MIMI
   * has names for it in a preset, but no number.
   */
  muteUser: 0xf007,
  /** Ours, C. Pin messages for everybody. */
  pinMessage: 0xf008,
  /** Ours, C. Call upon everybody, or upon a role. */
  callEveryone: 0xf009,
  /** Ours, C. Read the record of administrative acts. */
  readAuditLog: 0xf00a,
} as const;

export type CapabilityName = keyof typeof CAPABILITIES;

export function isCapabilityName(name: string): name is CapabilityName {
  return Object.hasOwn(CAPABILITIES, name);
}

const names: ReadonlyMap<number, CapabilityName> = new Map(
  Object.keys(CAPABILITIES)
    .filter(isCapabilityName)
    .map((name) => [CAPABILITIES[name], name] as const),
);

/** Undefined for a number of a later version. */
export function capabilityName(capability: number): CapabilityName | undefined {
  return names.get(capability);
}

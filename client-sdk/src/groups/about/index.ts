/** What a room is called and looks like: agreed in the group, merged field by field, and sealed for those outside. */
export {
  aboutDifference,
  type AboutWish,
  applyAboutWish,
  checkAboutWish,
  encodeAboutWish,
  fieldCapabilities,
} from "./about-wish.ts";
export {
  encodePicture,
  named,
  openMetadata,
  pictureOf,
  type RoomAbout,
  type RoomAboutField,
  sealMetadata,
} from "./room-about.ts";
export { aboutOf, decodeDetails, encodeDetails, type RoomDetails } from "./room-details.ts";
export { roomKnown } from "./room-known.ts";
export { putJoinedRoom } from "./put-joined-room.ts";
export { isNameless, knownMetadataKeys, nameRooms } from "./room-names.ts";
export { decodeRoomSecrets, ROOM_SECRETS_EXTENSION, welcomeExtensions } from "./room-secrets.ts";

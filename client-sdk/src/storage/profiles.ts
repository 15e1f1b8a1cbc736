import {
  parseRoomUri,
  type Profile,
  profileSchema,
  type RoomUri,
  type UserUri,
  utf8Decode,
  utf8Encode,
} from "@treehouse/protocol";

import { bytesOf, type SqlRow, type SqlTx, textOf } from "./port.ts";
import type { Seal } from "./seal.ts";

export type ProfileRow = {
  readonly room: RoomUri;
  readonly profile: Profile;
};

/** What others say of themselves, by the conversation in which they say it. */
export interface Profiles {
  /** One row for each conversation. */
  of(user: UserUri): readonly ProfileRow[];
  /** Takes the place of what the user said there before. */
  put(user: UserUri, row: ProfileRow): void;
}

export function createProfiles(sql: SqlTx, seal: Seal): Profiles {
  const place = (user: string, room: string) => `profiles/${user}/${room}`;
  const parse = (row: SqlRow): ProfileRow => {
    const [user, room] = [textOf(row, "user"), textOf(row, "room")];
    const text = utf8Decode(seal.open(place(user, room), bytesOf(row, "sealed_profile")));
    return { room: parseRoomUri(room), profile: profileSchema.parse(JSON.parse(text)) };
  };
  return {
    of: (user) => sql.all("SELECT * FROM profiles WHERE user = ? ORDER BY room", user).map(parse),
    put(user, { room, profile }) {
      sql.run(
        `INSERT INTO profiles (user, room, sealed_profile) VALUES (?, ?, ?)
         ON CONFLICT (user, room) DO UPDATE SET sealed_profile = excluded.sealed_profile`,
        user,
        room,
        seal.seal(place(user, room), utf8Encode(JSON.stringify(profile))),
      );
    },
  };
}

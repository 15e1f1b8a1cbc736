import type { MemberGroup } from "@treehouse/mls/member";
import type { Head, UserUri } from "@treehouse/protocol";

/** The group with which this client has a room go on. */
export type Founded = {
  readonly group: MemberGroup;
  /** Who was there before, and is to be brought back. */
  readonly users: readonly UserUri[];
  /** What the user gives as a reason for it; mostly nothing. */
  readonly reason: string;
  /** Where the log is with it, once the hub has said so. */
  readonly head: Head | undefined;
};

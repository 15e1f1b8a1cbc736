import type { ActKind } from "@treehouse/protocol";

/** One thing that was done, as it is shown. */
export type ActShown = {
  readonly kind: ActKind;
  /** Of the user whom it is about; absent where it is about the conversation. */
  readonly address?: string;
  /** Names of roles, or their indices where the conversation does not define them any more. */
  readonly from?: string;
  readonly to?: string;
  /** How many clients somebody was deprived of. */
  readonly clients?: number;
  /** What of the conversation is different: `about`, `policy`, `roles`, `links`, … */
  readonly part?: string;
  /** Of `about`: the fields that are different. */
  readonly fields?: readonly string[];
  /** Of `sanctions`: addresses, of those who were in; of others no state says who they are. */
  readonly banned?: readonly string[];
  readonly silenced?: readonly string[];
  readonly unsilenced?: readonly string[];
};

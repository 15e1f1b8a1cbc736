/**
 * `unknownCode`: nobody waits under it. `wrongCode`: the two sides do not have the same code, or
 * somebody is in between. `declined`: the user of the other client said no. `expired`: the time is
 * over. `failed`: the other side could not go on. `tampered`: what came is not what the other side
 * sealed, or is not what was agreed.
 */
export type ApprovalEnd =
  | "unknownCode"
  | "wrongCode"
  | "declined"
  | "expired"
  | "failed"
  | "tampered";

/** An approval has come to nothing, on whichever side; nothing was given out, and no code holds on. */
export class ApprovalFault extends Error {
  readonly reason: ApprovalEnd;

  constructor(reason: ApprovalEnd, options?: ErrorOptions) {
    super(texts[reason], options);
    this.name = "ApprovalFault";
    this.reason = reason;
  }
}

const texts: Record<ApprovalEnd, string> = {
  unknownCode: "nobody waits under this code: it is over, of another account, or mistyped",
  wrongCode:
    "the code on the other client was another one: it is used up, and nothing was given out",
  declined: "the other client declined",
  expired: "the time for this code is over",
  failed: "the other client could not go on",
  tampered: "what came is not what the other client sent: somebody is in between",
};

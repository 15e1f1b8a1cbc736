/** Why there is no answer: nothing is known about what the other side did, unless it says refused. */
export type NetworkFaultReason = "refused" | "timeout" | "aborted" | "tooLarge" | "broken";

/** The fault of `Env.fetch`: no complete answer was received. A request may have had its effect. */
export class NetworkFault extends Error {
  readonly reason: NetworkFaultReason;

  constructor(reason: NetworkFaultReason, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "NetworkFault";
    this.reason = reason;
  }
}

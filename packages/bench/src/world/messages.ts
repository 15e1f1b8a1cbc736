/** What the generator tells the server process, and what that answers, over the IPC channel. */
export type Enrolment = {
  readonly name: string;
  /** base64url */
  readonly certificate: string;
  readonly clientList: string;
  readonly attestation: string;
};

export type ToServer =
  | { readonly kind: "enrol"; readonly people: readonly Enrolment[] }
  | { readonly kind: "collect" }
  | { readonly kind: "stop" };

export type FromServer =
  | { readonly kind: "ready"; readonly url: string }
  | {
      readonly kind: "enrolled";
      readonly people: readonly {
        readonly token: string;
        readonly countersignature: string;
        readonly countersigner: string;
      }[];
    }
  | { readonly kind: "collected" };

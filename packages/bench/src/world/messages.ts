/** What the generator tells the server process, and what that answers, over the IPC channel. */
export type Enrolment = {
  readonly name: string;
  /** base64url */
  readonly certificate: string;
  readonly clientList: string;
  readonly attestation: string;
};

/** What is not as usual about a server of a bench. */
export type ServerSettings = {
  readonly domain: string;
  readonly port: number;
  /** Where the other servers are, by their domains. */
  readonly peers: Readonly<Record<string, string>>;
};

export type ToServer =
  | { readonly kind: "enrol"; readonly people: readonly Enrolment[] }
  | { readonly kind: "peer"; readonly url: string; readonly key: string }
  | { readonly kind: "collect" }
  | { readonly kind: "stop" };

export type FromServer =
  /** A bare server that federates tells its key too. */
  | { readonly kind: "ready"; readonly url: string; readonly key?: string }
  | { readonly kind: "peered" }
  | {
      readonly kind: "enrolled";
      readonly people: readonly {
        readonly token: string;
        readonly countersignature: string;
        readonly countersigner: string;
      }[];
    }
  | { readonly kind: "collected" };

import type { AskPasskey, ExternalLogin } from "../../account/index.ts";

/** How `Client.open` finds its account, its server and its store. */
export type ClientOptions = {
  /** `alice@example.org`. */
  readonly account: string;
  /** Needed to register, and to log in when the store holds no session. Never stored. */
  readonly password?: string;
  /**
   * With `login` and an empty store: makes a further client with it, in the place of the password.
   * However it was typed; never stored.
   */
  readonly recoveryKey?: string;
  /**
   * With `login` and an empty store: makes a further client with the approval of another one, which
   * enters what `show` is given, with neither password nor recovery key. `code` is to be typed, `qr` to
   * be drawn as a QR code. `open` waits until then, ten minutes at most.
   */
  readonly approval?: {
    readonly kind: "code" | "qr";
    readonly show: (shown: { readonly text: string; readonly expiresAt: number }) => void;
  };
  /**
   * A code of the authenticator app or a recovery code, for logins to an account with a second
   * factor; or whoever is to be asked for it, three times at most. Without it such a login is
   * refused `factorRequired`.
   */
  readonly secondFactor?: string | (() => Promise<string>);
  /**
   * How a login at the operator's provider is done: in the place of a code for an account that is
   * linked with one there, and to register where the operator asks for it.
   */
  readonly external?: ExternalLogin;
  /** Has one of the user's passkeys answer, in the place of a code; see `AskPasskey`. */
  readonly passkey?: AskPasskey;
  /** Registers the account instead of logging in; needs an empty store. */
  readonly register?: { readonly invite?: string };
  /**
   * Gets back an account whose password is lost, with the token that `Client.requestReset` had
   * mailed; `password` is the new one. Needs an empty store. There are no keys in it: the client
   * is in no conversation until somebody adds it, and reads nothing from before.
   */
  readonly reset?: { readonly token: string };
  /**
   * Path of the store's file in Node, where none is in memory alone; the adapter's name for it elsewhere.
   */
  readonly store: string;
  /**
   * `http://127.0.0.1:4280`. By default the one at which this store last reached the account's server,
   * then `https://` and the account's domain.
   */
  readonly server?: string;
  /** How the user finds this client's session in the list; at most 64 characters, for a server to see. */
  readonly clientName?: string;
  /**
   * Logs in with the password even if the store holds a session. With an empty store it makes a
   * further client of the account, which joins all conversations of its user by itself.
   */
  readonly login?: boolean;
  /**
   * Opens without a connection: history and settings only. What goes into a conversation is stored for the
   * next opening, and refused with `offline`.
   */
  readonly offline?: boolean;
};

/**
 * The library, loaded when somebody first uses a passkey: with the certificate formats it brings it
 * is a tenth of what a start of the server would load.
 */
export const webAuthn = (): Promise<typeof import("@simplewebauthn/server")> =>
  import("@simplewebauthn/server");

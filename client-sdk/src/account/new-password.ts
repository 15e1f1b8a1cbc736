import { Refusal, utf8Encode } from "@treehouse/protocol";

/** What a password of an account may be; it protects the keys of the account against guessing. */
export const PASSWORD_LIMITS = {
  passwordCharactersMin: 10,
  passwordBytesMax: 1024,
} as const;

/** Refuses `malformed` for a password that may not be set, and names the limit. */
export function checkNewPassword(password: string): void {
  const { passwordCharactersMin, passwordBytesMax } = PASSWORD_LIMITS;
  if (Array.from(password).length < passwordCharactersMin) {
    throw new Refusal("malformed", `a password has at least ${passwordCharactersMin} characters`, {
      limitName: "passwordCharactersMin",
      limit: passwordCharactersMin,
    });
  }
  if (utf8Encode(password).length > passwordBytesMax) {
    throw new Refusal("malformed", `a password has at most ${passwordBytesMax} octets`, {
      limitName: "passwordBytesMax",
      limit: passwordBytesMax,
    });
  }
}

import { Refusal, type RefusalCode } from "@treehouse/protocol";

/**
 * The server that refused is another one than the account's: it knows neither account nor session, and
 * there is nothing to log in to again.
 */
export class WrongServer extends Refusal {
  readonly domain: string;

  constructor(refusal: Refusal, at: { server: string; domain: string; wanted: string }) {
    const { server, domain, wanted } = at;
    const message = `the server at ${server} is ${domain}, not ${wanted}`;
    super(refusal.code, message, refusal.data, { cause: refusal });
    this.domain = domain;
  }
}

/** What a server says of whom it does not know. */
export function isOfStranger(refusal: Refusal): boolean {
  return strangerCodes.includes(refusal.code);
}

const strangerCodes: readonly RefusalCode[] = [
  "notAuthenticated",
  "sessionEnded",
  "loginFailed",
  "inviteInvalid",
  "nameInvalid",
  "resetInvalid",
];

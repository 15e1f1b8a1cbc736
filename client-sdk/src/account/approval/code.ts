import { base32crockford } from "@scure/base";
import {
  type Bytes,
  type Domain,
  labelledHash,
  LABELS,
  parseDomain,
  Refusal,
  toBase64Url,
  utf8Encode,
} from "@treehouse/protocol";

/** How a new client is told to the approving one: typed by a person, or read by a camera. */
export type CodeKind = "code" | "qr";

/** What both sides have: where they meet, and the secret that shows that they mean each other. */
export type ApprovalCode = {
  readonly mailbox: string;
  /** Of 25 bits when it is typed, which takes one guess; of 256 when it is read. */
  readonly secret: string;
  /** The server where the mailbox is; a typed code leaves it out. */
  readonly domain?: Domain;
};

const secretLength = 5;
const longSecretBytes = 32;
const prefix = "treehouse-approve:1:";

/** A new secret for a mailbox, and the text that is shown. */
export function createCode(
  random: (length: number) => Bytes,
  kind: CodeKind,
  { domain, mailbox }: { readonly domain: Domain; readonly mailbox: string },
): { readonly code: ApprovalCode; readonly text: string } {
  if (kind === "qr") {
    const secret = toBase64Url(random(longSecretBytes));
    const text = `${prefix}${domain}:${mailbox}:${secret}`;
    return { code: { mailbox, secret, domain }, text };
  }
  const secret = base32crockford.encode(random(secretLength)).slice(0, secretLength);
  const whole = mailbox + secret + checkOf(mailbox + secret);
  const text = [whole.slice(0, 4), whole.slice(4, 7), whole.slice(7)].join("-");
  return { code: { mailbox, secret }, text };
}

/**
 * Reads what was typed or scanned. Refuses `malformed`, so that a slip of the finger is told before it
 * uses the code up.
 */
export function parseCode(typed: string): ApprovalCode {
  const text = typed.trim();
  if (text.toLowerCase().startsWith("treehouse-approve:")) return parsePayload(text);
  const plain = text
    .replaceAll(/[\s-]/g, "")
    .toUpperCase()
    .replaceAll("O", "0")
    .replaceAll(/[IL]/g, "1");
  const [, mailbox, secret, check] = /^(.{4})(.{5})(.)$/.exec(plain) ?? [];
  if (mailbox === undefined || secret === undefined || !/^[0-9A-HJKMNP-TV-Z]+$/.test(plain)) {
    throw malformed("a code has ten digits and letters, such as 7K2M-X4Q-9TB");
  }
  if (check !== checkOf(mailbox + secret)) throw malformed("a character is mistyped");
  return { mailbox, secret };
}

function parsePayload(text: string): ApprovalCode {
  const pattern = /^treehouse-approve:1:([^:]+):([0-9A-HJKMNP-TV-Z]{4}):([\w-]{43})$/;
  const [, domain, mailbox, secret] = pattern.exec(text) ?? [];
  if (domain === undefined || mailbox === undefined || secret === undefined) {
    throw malformed("it is not of this version, or cut off");
  }
  return { mailbox, secret, domain: parseDomain(domain) };
}

function checkOf(text: string): string {
  const hash = labelledHash(LABELS.approvalCodeCheck, utf8Encode(text));
  return base32crockford.encode(hash).slice(0, 1);
}

function malformed(what: string): Refusal {
  return new Refusal("malformed", `this is no code of a new client: ${what}`);
}

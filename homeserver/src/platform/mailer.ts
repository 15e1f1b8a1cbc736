import { Refusal } from "@treehouse/protocol";
import type { Env } from "@treehouse/protocol";
import type { Transporter } from "nodemailer";
import { errorFields } from "./env/log.ts";

/** Sends mail to people, by the SMTP server that the operator names. */
export interface Mailer {
  /** Resolves when that server has taken it. Refuses `unavailable` otherwise. */
  send(mail: {
    readonly to: string;
    readonly subject: string;
    readonly text: string;
  }): Promise<void>;
}

const timeoutMs = 15_000;
const retryAfterMs = 60_000;

/** Undefined when the operator names no server. Without TLS it speaks on loopback alone. */
export function createMailer(
  env: Pick<Env, "log">,
  {
    url,
    from,
    loopback,
  }: { readonly url: string; readonly from: string; readonly loopback: boolean },
): Mailer | undefined {
  if (url === "") return undefined;
  let transport: Transporter | undefined;
  const opened = async (): Promise<Transporter> => {
    const { createTransport } = await import("nodemailer");
    transport ??= createTransport(
      {
        url,
        requireTLS: !loopback && !url.startsWith("smtps:"),
        connectionTimeout: timeoutMs,
        greetingTimeout: timeoutMs,
        socketTimeout: timeoutMs,
        // A mail is text that this server wrote: it reads no file and fetches nothing.
        disableFileAccess: true,
        disableUrlAccess: true,
      },
      { from },
    );
    return transport;
  };
  return {
    async send(mail) {
      try {
        await (await opened()).sendMail(mail);
      } catch (error) {
        env.log.warn("mailNotSent", errorFields(error));
        throw new Refusal("unavailable", "the mail could not be sent; try again later", {
          retryAfterMs,
        });
      }
    },
  };
}

import { once } from "node:events";
import { SMTPServer } from "smtp-server";

/** A mail as it arrived. */
export type Arrived = { readonly to: string; readonly from: string; readonly content: string };

/** A real SMTP server on loopback that keeps what it is given. */
export interface Mailbox extends AsyncDisposable {
  readonly url: string;
  readonly mails: readonly Arrived[];
  /** The mail of that number, from 0, once it has come. */
  arrival(index: number): Promise<Arrived>;
  /** From now on it takes nothing. */
  refuse(): void;
}

export async function openMailbox(): Promise<Mailbox> {
  const mails: Arrived[] = [];
  const waiting: (() => void)[] = [];
  let refuses = false;
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ["STARTTLS"],
    onRcptTo(_address, _session, callback) {
      callback(refuses ? new Error("no more room") : undefined);
    },
    onData(stream, { envelope }, callback) {
      const chunks: Buffer[] = [];
      stream.on("data", (chunk: Buffer) => chunks.push(chunk));
      stream.on("end", () => {
        const content = Buffer.concat(chunks).toString("utf8");
        const from = envelope.mailFrom === false ? "" : envelope.mailFrom.address;
        for (const { address } of envelope.rcptTo) mails.push({ to: address, from, content });
        for (const look of waiting.splice(0)) look();
        callback();
      });
    },
  });
  server.listen(0, "127.0.0.1");
  await once(server.server, "listening");
  const address = server.server.address();
  if (address === null || typeof address === "string") throw new Error("it listens at no port");
  return {
    url: `smtp://127.0.0.1:${address.port}`,
    mails,
    async arrival(index) {
      for (;;) {
        const found = mails[index];
        if (found !== undefined) return found;
        await new Promise<void>((resolve) => waiting.push(resolve));
      }
    },
    refuse: () => {
      refuses = true;
    },
    [Symbol.asyncDispose]: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

/** The code that a mail brings. */
export function codeIn(mail: Arrived | undefined): string {
  return /The code is (\d{8})\./.exec(mail?.content ?? "")?.[1] ?? "none";
}

/** The token that a mail brings. */
export function tokenIn(mail: Arrived | undefined): string {
  return /The token is ([\w-]{43})\./.exec(mail?.content ?? "")?.[1] ?? "none";
}

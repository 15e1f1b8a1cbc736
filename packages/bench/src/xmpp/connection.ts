import { connect as connectTcp, type Socket } from "node:net";

export type XmppAccount = { readonly name: string; readonly password: string };

export type XmppServer = {
  readonly host: string;
  readonly port: number;
  readonly domain: string;
};

/** A client's stream as far as a bench needs one: stanzas are text, and nothing is checked. */
export interface XmppConnection {
  readonly jid: string;
  write(stanza: string): void;
  /** Called with the body of each message that comes. */
  onBody: (body: string) => void;
  /** Resolves once this text has come. */
  until(text: string): Promise<void>;
  close(): void;
}

const resource = "bench";
const patienceMs = 30_000;

/** Makes the account if there is none, logs in with PLAIN, binds, and is available. */
export async function connectXmpp(
  server: XmppServer,
  account: XmppAccount,
): Promise<XmppConnection> {
  const { domain } = server;
  const { name, password } = account;
  const open =
    `<?xml version='1.0'?><stream:stream to='${domain}' version='1.0' xmlns='jabber:client' ` +
    `xmlns:stream='http://etherx.jabber.org/streams'>`;
  const socket = connectTcp(server.port, server.host);
  socket.setNoDelay(true);
  const reader = read(socket);
  socket.write(open);
  await reader.until("</stream:features>");
  socket.write(
    `<iq type='set' id='register' to='${domain}'><query xmlns='jabber:iq:register'>` +
      `<username>${name}</username><password>${password}</password></query></iq>`,
  );
  // Refused if it is there already.
  await reader.until("register");
  const plain = Buffer.from(`\0${name}\0${password}`).toString("base64");
  socket.write(`<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>${plain}</auth>`);
  await reader.until("<success");
  socket.write(open);
  await reader.until("</stream:features>");
  socket.write(
    `<iq type='set' id='bind'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'>` +
      `<resource>${resource}</resource></bind></iq>`,
  );
  await reader.until("</jid>");
  socket.write("<presence/>");
  return Object.assign(reader, {
    jid: `${name}@${domain}/${resource}`,
    write: (stanza: string) => void socket.write(stanza),
    close: () => void socket.destroy(),
  });
}

function read(socket: Socket) {
  let text = "";
  let wanted: { readonly text: string; readonly found: () => void } | undefined;
  const reader = {
    onBody: (_body: string): void => undefined,
    until(awaited: string): Promise<void> {
      return new Promise((resolve, reject) => {
        const timer = setTimeout(() => {
          reject(new Error(`the server did not say ${awaited}, but: ${text.slice(0, 500)}`));
        }, patienceMs);
        const found = (): void => {
          clearTimeout(timer);
          resolve();
        };
        wanted = { text: awaited, found };
        look();
      });
    },
  };
  function look(): void {
    if (wanted !== undefined) {
      const at = text.indexOf(wanted.text);
      if (at === -1) return;
      const { found } = wanted;
      text = text.slice(at + wanted.text.length);
      wanted = undefined;
      found();
    }
    const end = "</body>";
    let from = 0;
    for (let at = text.indexOf(end); at !== -1; at = text.indexOf(end, from)) {
      reader.onBody(text.slice(text.lastIndexOf(">", at) + 1, at));
      from = at + end.length;
    }
    if (from > 0) text = text.slice(from);
  }
  socket.setEncoding("latin1");
  socket.on("data", (chunk) => {
    text += String(chunk);
    look();
  });
  return reader;
}

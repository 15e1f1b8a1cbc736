import { Client } from "@treehouse/client-sdk";

// Under `require-trusted-types-for 'script'`: scripts come from this origin, and HTML from nowhere.
globalThis.trustedTypes?.createPolicy("default", {
  createScriptURL(url) {
    if (new URL(url, location.href).origin === location.origin) return url;
    throw new TypeError("a script of another origin");
  },
});

const at = (id) => document.getElementById(id);
let me;
let conversation;
let drawing = Promise.resolve();

at("login").addEventListener("submit", (event) => {
  event.preventDefault();
  const { account, password, server, way } = Object.fromEntries(
    new FormData(event.target, event.submitter),
  );
  const first = way === "register" ? { register: {} } : { login: true };
  void enter({ account, password, server, ...first });
});

at("send").addEventListener("submit", async (event) => {
  event.preventDefault();
  const text = new FormData(event.target).get("text");
  event.target.reset();
  await conversation.send(text).catch(show);
});

// Whoever was here before needs no password: the store has a session.
const known = localStorage.getItem("account");
if (known !== null) void enter({ account: known });

async function enter(options) {
  try {
    me = await Client.open({ store: "example", clientName: "browser", ...options });
  } catch (error) {
    return show(error);
  }
  localStorage.setItem("account", me.me.address);
  // Asks the browser not to clear the store away when space is short.
  void navigator.storage.persist();
  at("login").hidden = true;
  me.on("state", ({ state }) => (at("state").textContent = state));
  for (const event of ["joined", "named", "stored", "changed", "profile"]) me.on(event, draw);
  draw();
  // From here on others can add a client that is new.
  me.caughtUp().then(() => (at("state").textContent = "up to date"), show);
}

/** One after another, so that the newest state is what stays. */
function draw() {
  drawing = drawing.then(drawAll).catch(show);
}

/** What others wrote is put on the page as text, never as HTML. */
async function drawAll() {
  const list = await me.conversations.list();
  at("conversations").replaceChildren(
    ...list.map(({ id, name, members, unread }) => {
      const who = members.map(({ displayName, address }) => displayName ?? address).join(", ");
      const item = element("li", `${name} (${who}) ${unread.messages || ""}`);
      item.addEventListener("click", () => choose(id));
      return item;
    }),
  );
  if (conversation === undefined) return;
  const items = await conversation.history({ limit: 100 });
  const messages = items.filter(({ kind }) => kind === "message");
  at("messages").replaceChildren(
    ...messages.map(({ senderAddress, text }) => element("li", `${senderAddress}: ${text}`)),
  );
}

async function choose(id) {
  conversation = await me.conversations.get(id);
  draw();
}

function element(name, text) {
  const made = document.createElement(name);
  made.textContent = text;
  return made;
}

function show(error) {
  at("state").textContent = `${error.message}. ${error.help ?? ""}`;
}

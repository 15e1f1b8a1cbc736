/** Who takes part: three servers, of which the first hosts the conversation, and six people. */
export const serverNames = ["alpha", "beta", "gamma"] as const;

export type ServerName = (typeof serverNames)[number];

export const domainOf = (server: ServerName): string => `${server}.test`;

export type Person = { readonly name: string; readonly server: ServerName };

/** The first one makes the conversation. */
export const people: readonly Person[] = [
  { name: "alice", server: "alpha" },
  { name: "bob", server: "alpha" },
  { name: "carol", server: "beta" },
  { name: "dave", server: "beta" },
  { name: "erin", server: "gamma" },
  { name: "frank", server: "gamma" },
];

/** Who is removed after a third, and added again after two. */
export const removed: readonly string[] = ["carol", "frank"];

export const addressOf = ({ name, server }: Person): string => `${name}@${domainOf(server)}`;

/** The address of somebody by name. */
export function addressOfName(name: string): string {
  const person = people.find((one) => one.name === name);
  if (person === undefined) throw new Error(`nobody is called ${name}`);
  return addressOf(person);
}

export function serverOfName(name: string): ServerName {
  const person = people.find((one) => one.name === name);
  if (person === undefined) throw new Error(`nobody is called ${name}`);
  return person.server;
}

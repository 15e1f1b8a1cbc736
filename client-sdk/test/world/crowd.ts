import { fromBase64Url, keyPackageUploadCodec, nameOf, paths } from "@treehouse/protocol";

import { ask } from "../../../homeserver/test/people/ask.ts";
import { deleteAccount } from "../../../homeserver/test/people/deletion.ts";
import {
  createPerson,
  leafIdentityOf,
  makeKeyPackage,
  type Person,
} from "../../../homeserver/test/people/person.ts";
import { register } from "../../../homeserver/test/people/sign-in.ts";
import type { Conversation } from "../../src/node.ts";
import { password, type RunningServer } from "./server.ts";

/** Somebody who has an account and KeyPackages, and never does anything. */
export type Bystander = {
  readonly address: string;
  /** Deletes the account; only of those with a password. */
  delete(): Promise<void>;
};

/** So many accounts; those with a password take longer. */
export async function crowd(
  server: RunningServer,
  {
    prefix,
    count,
    passwords,
    rulesKnown,
  }: {
    prefix: string;
    count: number;
    passwords: boolean;
    /** What their leaves say of the rules that they know; otherwise as programs of today. */
    rulesKnown?: number;
  },
): Promise<readonly Bystander[]> {
  const people: Bystander[] = [];
  for (let index = 0; index < count; index += 1) {
    const from = `192.0.${Math.floor(index / 250)}.${1 + (index % 250)}`;
    const options = { from: passwords ? from : undefined, rulesKnown };
    people.push(await bystander(server, `${prefix}${index}`, options));
  }
  return people;
}

/** As many as one commit may add, and some to spare. */
const addedAtOnce = 90;

/** By as many commits as it takes. */
export async function addAll(room: Conversation, addresses: readonly string[]): Promise<void> {
  for (let from = 0; from < addresses.length; from += addedAtOnce) {
    await room.add(addresses.slice(from, from + addedAtOnce));
  }
}

async function bystander(
  server: RunningServer,
  name: string,
  {
    from,
    rulesKnown,
  }: {
    /** Where it is, if it has a password: what is done with that is counted by address. */
    from: string | undefined;
    rulesKnown: number | undefined;
  },
): Promise<Bystander> {
  const { domain, url } = server;
  const person = createPerson(name, { domain });
  const { token, ...vouched } = await enrolled(server, person, from);
  const identity = leafIdentityOf(person, vouched);
  const stock = await Promise.all(
    [false, true].map(async (lastResort) => ({
      ...(await makeKeyPackage(person, identity, {
        lastResort,
        ...(rulesKnown === undefined ? {} : { rulesKnown }),
      })),
      lastResort,
    })),
  );
  const tls = keyPackageUploadCodec.encode(
    stock.map(({ keyPackage, lastResort }) => ({ keyPackage, lastResort })),
  );
  const uploaded = await ask(url, paths.keyPackages(), { token, tls });
  if (uploaded.refusal !== undefined) throw uploaded.refusal;
  return {
    address: `${nameOf(person.user)}@${domain}`,
    delete: () =>
      deleteAccount({
        url,
        token,
        signer: person,
        password,
        ...(from === undefined ? {} : { from }),
      }),
  };
}

async function enrolled({ url, current }: RunningServer, person: Person, from: string | undefined) {
  if (from === undefined) {
    const { session, ...vouched } = await current().authentication.enrol({
      ...person,
      admin: false,
    });
    return { ...vouched, token: session.token };
  }
  const { session, countersigner, attestationCountersignature } = await register(url, person, {
    password,
    from,
  });
  const countersignature = fromBase64Url(attestationCountersignature);
  return { attestationCountersignature: countersignature, countersigner, token: session.token };
}

import { toHex, utf8Encode } from "@treehouse/protocol";
import type { Bytes, ClientUri, UserUri } from "@treehouse/protocol";
import type { Driver, MlsIdentity } from "../driver.ts";
import type { Person } from "./person.ts";

const lifetimeMs = 30 * 86_400_000;

/** A person whose server has vouched for the client, so that it can be in groups. */
export class Member {
  readonly person: Person;
  readonly identity: MlsIdentity;
  readonly driver: Driver;
  readonly #secrets = new Map<string, Bytes>();

  constructor(person: Person, identity: MlsIdentity, driver: Driver) {
    this.person = person;
    this.identity = identity;
    this.driver = driver;
  }

  get user(): UserUri {
    return this.person.user;
  }

  get client(): ClientUri {
    return this.person.client;
  }

  /** A new KeyPackage, whose private half is kept here. */
  async keyPackage(): Promise<Bytes> {
    const options = { lifetimeMs, lastResort: false };
    const made = await this.driver.createKeyPackage(this.identity, options);
    this.#secrets.set(toHex(made.ref), made.secret);
    return made.keyPackage;
  }

  readonly secretOf = (ref: Bytes): Bytes | undefined => this.#secrets.get(toHex(ref));
}

/** What an MLS message of the suite's people says. */
export function plaintextOf(text: string): Bytes {
  return utf8Encode(text);
}

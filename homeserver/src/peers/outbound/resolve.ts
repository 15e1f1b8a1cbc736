import { promises as dns } from "node:dns";
import { isIP } from "node:net";
import type { Domain } from "@treehouse/protocol";
import { isPublicAddress } from "./addresses.ts";
import { ContactFault } from "./fault.ts";

/** Asks for all addresses of a name. Rejects when there is no answer. */
export type ResolveName = (name: Domain) => Promise<readonly string[]>;

/** One question to the name servers, and how often it is asked. */
const questionMs = 2_000;
const tries = 2;
/** More than these are not looked at: nobody has so many, save to keep us busy. */
const addressesMax = 32;

/**
 * Over DNS alone, without the threads that files and everything else need: a name server that is
 * slow on purpose keeps nothing of ours busy.
 */
export function createResolver(): ResolveName {
  const resolver = new dns.Resolver({ timeout: questionMs, tries });
  return async (name) => {
    const answers = await Promise.allSettled([resolver.resolve6(name), resolver.resolve4(name)]);
    const found = answers.flatMap((answer) => (answer.status === "fulfilled" ? answer.value : []));
    const failed = answers.find((answer) => answer.status === "rejected");
    if (found.length === 0 && failed !== undefined) throw failed.reason;
    return found;
  };
}

/**
 * The addresses to which a connection may be made, the two families in turns. One address that is
 * not public refuses the name as a whole: whoever mixes them has something in mind (FED-916).
 */
export async function judgedAddresses(
  name: Domain,
  resolve: ResolveName,
): Promise<readonly [string, ...string[]]> {
  if (!isPlainName(name)) {
    throw new ContactFault("resolve", "refused", `${name} is an address and not a name`);
  }
  let found: readonly string[];
  try {
    found = (await resolve(name)).slice(0, addressesMax);
  } catch (error) {
    throw new ContactFault("resolve", "broken", `the name ${name} cannot be found in DNS`, {
      cause: error,
    });
  }
  const wrong = found.find((address) => !isPublicAddress(address));
  if (wrong !== undefined) {
    throw new ContactFault("address", "refused", `${name} leads to ${wrong}, which is not public`);
  }
  const [first, ...rest] = inTurns(found);
  if (first === undefined) {
    throw new ContactFault("resolve", "broken", `the name ${name} has no address in DNS`);
  }
  return [first, ...rest];
}

/** URLs read more as addresses than a person does: 127.1 and 0x7f.1 are names by their letters. */
function isPlainName(name: string): boolean {
  const url = URL.parse(`https://${name}/`);
  return url !== null && url.hostname === name && isIP(name) === 0;
}

function inTurns(addresses: readonly string[]): readonly string[] {
  const six = addresses.filter((address) => isIP(address) === 6);
  const four = addresses.filter((address) => isIP(address) === 4);
  const longest = Math.max(six.length, four.length);
  return Array.from({ length: longest }, (_, at) =>
    [six[at], four[at]].filter((a) => a !== undefined),
  ).flat();
}

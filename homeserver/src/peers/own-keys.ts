import type { PublicContext } from "@treehouse/mls/public";
import { certifyFederationKey, LIMITS, sha256, toBase64Url } from "@treehouse/protocol";
import type { Bytes, Domain, Env } from "@treehouse/protocol";
import { Assertion } from "../platform/index.ts";
import { keyFile, keyFileName, numbersIn } from "./own-key-files.ts";
import type { OwnKeyFile } from "./own-key-files.ts";
import type { SecretFiles } from "./secret-files.ts";

/** Ed25519 with the one accept rule of this project. */
export type Signatures = Pick<
  PublicContext["crypto"],
  "generateSignatureKeyPair" | "sign" | "verify"
>;

/** A key with which this server signs its requests to others. */
export interface OwnKey extends OwnKeyFile {
  /** Follows from the key, so that two keys never share one. */
  readonly kid: string;
}

export interface PublishedKey extends OwnKey {
  /** Until when requests signed with it are good; known once its successor is. */
  readonly expires: number | undefined;
}

export interface OwnKeys {
  /** The one to sign with now. */
  signing(): OwnKey & { readonly privateKey: Bytes };
  /**
   * Those that others should know, the oldest first. Some are over: who did not hear of us for a
   * long time finds the way from the key that it knows to the current one.
   */
  published(): readonly PublishedKey[];
  /**
   * Makes the next key when the newest is old, to be used a day later when the others have had
   * time to learn it (FED-913), and destroys those that nobody accepts any more.
   */
  rotate(): Promise<void>;
}

interface OwnKeysOptions {
  readonly files: SecretFiles;
  readonly signatures: Signatures;
  readonly domain: Domain;
  readonly env: Pick<Env, "now" | "log">;
  /** Age at which a key is replaced. */
  readonly ageMs: number;
}

/** Keys that are over and still published. */
const retiredKept = 8;

/** Loads the keys, or makes the first one. */
export async function openOwnKeys(options: OwnKeysOptions): Promise<OwnKeys> {
  const { files, signatures, domain, env, ageMs } = options;
  const keys = new Map<number, OwnKey>();

  async function make(number: number, notBefore: number, before?: OwnKey): Promise<void> {
    const { privateKey, publicKey } = signatures.generateSignatureKeyPair();
    const kid = kidOf(publicKey);
    const unsigned = { domain, kid, key: publicKey, notBefore, expires: 0 };
    const certified = before?.privateKey && {
      by: before.kid,
      certificate: certifyFederationKey(unsigned, signWith(signatures, before.privateKey)),
    };
    const content = keyFile.encode({ privateKey, publicKey, notBefore, certified });
    const kept = keyFile.decode(await files.create(keyFileName(number, "key"), content));
    keys.set(number, { ...kept, kid: kidOf(kept.publicKey) });
  }

  async function retire(number: number, key: OwnKey): Promise<void> {
    const open = { ...key, privateKey: undefined };
    await files.create(keyFileName(number, "retired"), keyFile.encode(open));
    await files.remove(keyFileName(number, "key"));
    keys.set(number, open);
    env.log.info("federationKeyRetired");
  }

  const names = await files.names();
  for (const state of ["retired", "key"] as const) {
    for (const number of numbersIn(names, state)) {
      const content = await files.read(keyFileName(number, state));
      if (content === undefined) throw new Assertion("a key's file went while it was read");
      const file = keyFile.decode(content);
      keys.set(number, { ...file, kid: kidOf(file.publicKey) });
    }
  }
  if (keys.size === 0) await make(1, env.now());

  const inOrder = (): readonly (readonly [number, OwnKey])[] =>
    [...keys].toSorted(([left], [right]) => left - right);
  const expiryOf = (number: number): number | undefined => {
    const next = keys.get(number + 1);
    return next && next.notBefore + LIMITS.federationKeyOverlapMs;
  };

  return {
    signing() {
      const now = env.now();
      const usable = inOrder().flatMap(([, { privateKey, ...key }]) =>
        privateKey === undefined ? [] : [{ ...key, privateKey }],
      );
      const current = usable.findLast(({ notBefore }) => notBefore <= now) ?? usable[0];
      if (current === undefined) throw new Assertion("a server has a federation key");
      return current;
    },
    published: () => inOrder().map(([number, key]) => ({ ...key, expires: expiryOf(number) })),
    async rotate() {
      const now = env.now();
      const [number, newest] = inOrder().at(-1) ?? [0, undefined];
      if (newest !== undefined && now - newest.notBefore >= ageMs) {
        await make(number + 1, now + LIMITS.federationKeyAnnouncedMs, newest);
        env.log.info("federationKeyAnnounced");
      }
      const over = inOrder().filter(([each]) => (expiryOf(each) ?? Infinity) <= now);
      for (const [each, key] of over) if (key.privateKey !== undefined) await retire(each, key);
      for (const [each] of over.slice(0, -retiredKept)) {
        await files.remove(keyFileName(each, "retired"));
        keys.delete(each);
      }
    },
  };
}

export function signWith(signatures: Signatures, privateKey: Bytes) {
  return (message: Uint8Array): Bytes => signatures.sign(privateKey, message);
}

function kidOf(publicKey: Bytes): string {
  return toBase64Url(sha256(publicKey).slice(0, 12));
}

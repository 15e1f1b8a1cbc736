/**
 * Groups for the regression tests: plain states of the library, every message encoded and decoded
 * on its way, everything seeded. It runs under vitest and in a plain Node process.
 */
import {
  createCommit,
  createGroup,
  decodeMlsMessage,
  emptyPskIndex,
  encodeMlsMessage,
  generateKeyPackageWithKey,
  joinGroup,
  processMessage,
} from "ts-mls";
import type {
  Capabilities,
  CiphersuiteImpl,
  ClientConfig,
  ClientState,
  CreateCommitOptions,
  CreateCommitResult,
  Credential,
  Extension,
  KeyPackage,
  MLSMessage,
  PrivateKeyPackage,
  Proposal,
  PskIndex,
} from "ts-mls";
import { defaultClientConfig } from "ts-mls/clientConfig.js";

import { toTsMls } from "../../src/crypto/index.ts";
import { createNodeCrypto } from "../../src/crypto/node/index.ts";

/** Not fit for keys of anybody: mulberry32, so that every run is the same run. */
export function seededRandom(seed: number): (length: number) => Uint8Array {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return (t ^ (t >>> 14)) & 0xff;
  };
  return (length) => Uint8Array.from({ length }, next);
}

export const cs: CiphersuiteImpl = toTsMls(createNodeCrypto({ random: seededRandom(1) }));
export const roomState = 0x0006;
const leafExtension = 0xf001;
const now = 1_000_000n;
export const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

export const config: ClientConfig = {
  ...defaultClientConfig,
  lifetimeConfig: {
    maximumTotalLifetime: 7_776_000n,
    validateLifetimeOnReceive: true,
    now: () => now,
  },
};

export type Client = {
  readonly name: string;
  readonly signature: { signKey: Uint8Array; publicKey: Uint8Array };
  readonly publicPackage: KeyPackage;
  readonly privatePackage: PrivateKeyPackage;
};

export const capabilities: Capabilities = {
  versions: ["mls10"],
  ciphersuites: [cs.name],
  extensions: [roomState, leafExtension],
  proposals: [],
  credentials: ["basic"],
};

/** A client with a fresh KeyPackage; with `as`, a further KeyPackage of that client. */
export async function client(
  name: string,
  options: { as?: Client; capabilities?: Capabilities } = {},
): Promise<Client> {
  const signature = options.as?.signature ?? (await cs.signature.keygen());
  const credential: Credential = { credentialType: "basic", identity: utf8(name) };
  const keys = await generateKeyPackageWithKey(
    credential,
    options.capabilities ?? capabilities,
    { notBefore: now - 3_600n, notAfter: now + 86_400n },
    [],
    signature,
    cs,
  );
  return { name, signature, ...keys };
}

export const add = ({ publicPackage }: Client): Proposal => ({
  proposalType: "add",
  add: { keyPackage: publicPackage },
});
export const remove = (removed: number): Proposal => ({
  proposalType: "remove",
  remove: { removed },
});
export const extend = (extensions: Extension[]): Proposal => ({
  proposalType: "group_context_extensions",
  groupContextExtensions: { extensions },
});

export function wire(message: MLSMessage): MLSMessage {
  const encoded = encodeMlsMessage(message);
  const decoded = decodeMlsMessage(encoded, 0);
  if (decoded?.[1] !== encoded.length) throw new Error("not decoded to the end");
  return decoded[0];
}

export async function process(
  state: ClientState,
  message: MLSMessage,
  pskIndex: PskIndex = emptyPskIndex,
): Promise<ClientState> {
  const decoded = wire(message);
  if (decoded.wireformat !== "mls_public_message" && decoded.wireformat !== "mls_private_message") {
    throw new Error(decoded.wireformat);
  }
  return (await processMessage(decoded, state, pskIndex, () => "accept", cs)).newState;
}

export function commit(
  state: ClientState,
  proposals: readonly Proposal[] = [],
  options: CreateCommitOptions & { suite?: CiphersuiteImpl; pskIndex?: PskIndex } = {},
): Promise<CreateCommitResult> {
  const { suite = cs, pskIndex = emptyPskIndex, ...rest } = options;
  const context = { state, cipherSuite: suite, pskIndex };
  return createCommit(context, {
    wireAsPublicMessage: true,
    extraProposals: [...proposals],
    ...rest,
  });
}

/** Members by name; every act is processed by all others, and all must agree afterwards. */
export class Group {
  readonly states = new Map<string, ClientState>();

  static async of(names: readonly string[], extensions: Extension[] = []): Promise<Group> {
    const [creator = "m0", ...others] = names;
    const group = new Group();
    const founder = await client(creator);
    const id = utf8("group");
    group.states.set(
      creator,
      await createGroup(id, founder.publicPackage, founder.privatePackage, extensions, cs, config),
    );
    if (others.length > 0)
      await group.add(creator, await Promise.all(others.map((n) => client(n))));
    return group;
  }

  state(name: string): ClientState {
    const state = this.states.get(name);
    if (state === undefined) throw new Error(`no member ${name}`);
    return state;
  }

  leaf(name: string): number {
    return this.state(name).privatePath.leafIndex;
  }

  /** The others process a message, from the state given or their own. */
  async deliver(message: MLSMessage, except: string): Promise<void> {
    for (const [name, state] of this.states) {
      if (name !== except) this.states.set(name, await process(state, message));
    }
  }

  async commit(
    by: string,
    proposals: readonly Proposal[] = [],
    options: CreateCommitOptions = {},
  ): Promise<CreateCommitResult> {
    const result = await commit(this.state(by), proposals, options);
    await this.deliver(result.commit, by);
    this.states.set(by, result.newState);
    for (const [name, state] of this.states) {
      if (state.groupActiveState.kind === "removedFromGroup") this.states.delete(name);
    }
    this.check();
    return result;
  }

  async add(by: string, clients: readonly Client[]): Promise<void> {
    const { welcome } = await this.commit(by, clients.map(add));
    if (welcome === undefined) throw new Error("no Welcome");
    for (const one of clients) {
      const { publicPackage, privatePackage } = one;
      const tree = this.state(by).ratchetTree;
      this.states.set(
        one.name,
        await joinGroup(
          welcome,
          publicPackage,
          privatePackage,
          emptyPskIndex,
          cs,
          tree,
          undefined,
          config,
        ),
      );
    }
    this.check();
  }

  check(): void {
    const seen = new Set(
      [...this.states.values()].map((state) =>
        Buffer.from(state.keySchedule.epochAuthenticator).toString("hex"),
      ),
    );
    if (seen.size !== 1) throw new Error("members disagree about the epoch");
  }
}

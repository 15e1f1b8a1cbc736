import { openRawPeer } from "./raw-peer.ts";
import type { RawPeer } from "./raw-peer.ts";
import { openRig } from "./rig.ts";
import type { Network, Rig } from "./rig.ts";

/** The server under test, and another one whose every octet the test decides, in one network. */
export interface RigAndPeer extends AsyncDisposable {
  readonly network: Network;
  readonly rig: Rig;
  /** `peer.example`. */
  readonly peer: RawPeer;
}

export async function openRigAndPeer(name = "hub.example"): Promise<RigAndPeer> {
  const network: Network = new Map();
  const rig = await openRig(name, network);
  const peer = await openRawPeer("peer.example", network);
  return {
    network,
    rig,
    peer,
    async [Symbol.asyncDispose]() {
      await peer[Symbol.asyncDispose]();
      await rig[Symbol.asyncDispose]();
    },
  };
}

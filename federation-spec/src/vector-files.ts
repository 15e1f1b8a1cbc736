import { toHex } from "@treehouse/protocol";
import { assetFile } from "./asset-vectors.ts";
import { auditVectors } from "./audit-vectors.ts";
import { batchVectors } from "./batch-vectors.ts";
import {
  entryVectors,
  groupInfoVectors,
  keyMaterialVectors,
  submitVectors,
  updateVectors,
} from "./delivery-vectors.ts";
import { contentVectors } from "./content-vectors.ts";
import { directoryVectors } from "./directory-vectors.ts";
import { ephemeralSeal, ephemeralVectors } from "./ephemeral-vectors.ts";
import { ed25519Vectors } from "./ed25519-vectors.ts";
import { fileVectors } from "./file-vectors.ts";
import { historyVectors } from "./history-vectors.ts";
import { firstPositions } from "./generation-vectors.ts";
import { httpSignatureVectors } from "./http-signature-vectors.ts";
import { identityVectors } from "./identity-vectors.ts";
import { joinVectors } from "./join-vectors.ts";
import { mlsVectors } from "./mls-vectors.ts";
import { peerVectors } from "./peer-vectors.ts";
import {
  hashVectors,
  safeAadVectors,
  signatureVectors,
  signedBytesVectors,
} from "./proof-vectors.ts";
import { encodingRejections, endRejections } from "./rejection-vectors.ts";
import { roomVectors } from "./room-vectors.ts";
import { safetyNumberVectors } from "./safety-number-vectors.ts";
import { stickerVectors } from "./sticker-vectors.ts";
import { signingKeys } from "./signing-keys.ts";
import { clientFrameVectors, inboxVectors, serverFrameVectors } from "./stream-vectors.ts";
import type { Vector } from "./vector-of.ts";

const families: Readonly<Record<string, readonly Vector[]>> = {
  entry: entryVectors,
  update: updateVectors,
  submit: submitVectors,
  "key-material": keyMaterialVectors,
  "group-info": groupInfoVectors,
  batch: batchVectors,
  peer: peerVectors,
  inbox: inboxVectors,
  "client-frame": clientFrameVectors,
  "server-frame": serverFrameVectors,
  identity: identityVectors,
  history: historyVectors,
  audit: auditVectors,
};

/** The content of every file in `vectors/`, by name: the same octets on each run. */
export function vectorFiles(): ReadonlyMap<string, string> {
  const files = new Map<string, string>();
  for (const [family, vectors] of Object.entries(families)) {
    const rejections = endRejections(vectors);
    files.set(`${family}.json`, textOf({ vectors, rejections }));
  }
  files.set(
    "ephemeral.json",
    textOf({
      vectors: ephemeralVectors,
      rejections: endRejections(ephemeralVectors),
      seal: ephemeralSeal(),
    }),
  );
  files.set("assets.json", textOf(assetFile()));
  files.set("encoding.json", textOf({ vectors: [], rejections: encodingRejections }));
  files.set("proofs.json", textOf(proofs()));
  files.set("http-signature.json", textOf(httpSignatureVectors()));
  files.set("directory.json", textOf(directoryVectors()));
  files.set("room.json", textOf(roomVectors()));
  files.set("content.json", textOf(contentVectors()));
  files.set("files.json", textOf(fileVectors()));
  files.set("safety-number.json", textOf(safetyNumberVectors()));
  files.set("stickers.json", textOf(stickerVectors()));
  files.set("join.json", textOf(joinVectors()));
  files.set("mls.json", textOf(mlsVectors()));
  return files;
}

function proofs() {
  const keys = Object.fromEntries(
    Object.entries(signingKeys).map(([name, { seed, publicKey }]) => [
      name,
      { seed: toHex(seed), publicKey: toHex(publicKey) },
    ]),
  );
  return {
    keys,
    signatures: signatureVectors,
    hashes: hashVectors,
    signedBytes: signedBytesVectors,
    firstPositions,
    safeAad: safeAadVectors,
    ed25519: ed25519Vectors,
  };
}

function textOf(content: object): string {
  return `${JSON.stringify(content, undefined, 2)}\n`;
}

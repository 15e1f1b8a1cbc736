import { readVectorFile, vectorFileNames } from "./load-vectors.ts";

/**
 * The rules that the good vectors of a file show, by the file's name. What a vector says of itself
 * (`rule`) comes on top.
 */
const shown: Readonly<Record<string, readonly number[]>> = {
  "entry.json": [201, 203, 205, 206, 207, 209, 210, 1089, 1100],
  "update.json": [220, 222, 240],
  "submit.json": [230],
  "key-material.json": [251],
  "group-info.json": [260, 262],
  "batch.json": [270, 271, 942, 945, 949, 952, 960, 969, 970],
  "peer.json": [911, 920, 925, 928, 931, 937, 951, 958, 1011, 1013],
  "assets.json": [1001, 1002, 1003, 1004],
  "ephemeral.json": [850, 851, 852, 855, 856, 861],
  "inbox.json": [402],
  "client-frame.json": [412, 413],
  "server-frame.json": [410, 414],
  "identity.json": [301, 302, 303, 304],
  "encoding.json": [],
  "proofs.json": [111, 130, 131, 203, 207, 210, 250, 260, 302, 303, 309, 853, 911],
  "safety-number.json": [340, 341, 342],
  "room.json": [
    701, 702, 703, 704, 710, 711, 712, 713, 714, 715, 720, 721, 731, 732, 733, 734, 735, 736, 737,
    738, 739, 740, 741, 742, 743, 744, 750, 751, 752, 753, 1080, 1082, 1083, 1086,
  ],
  "content.json": [801, 802, 803, 804, 810, 830],
  "files.json": [870, 871, 872, 873, 874, 875],
  "stickers.json": [880, 881, 882, 884, 885, 886, 887],
  "http-signature.json": [905, 906, 907, 908],
  "mls.json": [305, 980, 981, 982, 985, 986, 990, 992, 993],
  "audit.json": [1144, 1145, 1146, 1147],
  "history.json": [1061, 1063, 1071],
  "join.json": [1080, 1081, 1084, 1087, 1088],
  "directory.json": [902, 904, 911, 918, 919],
};

/** The files of vectors that show each rule. */
export function vectorFilesByRule(): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>();
  for (const file of vectorFileNames()) {
    const told = readVectorFile(file).match(/(?<="rule": ")FED-\d{3,4}(?=")/g) ?? [];
    const numbers = shown[file];
    if (numbers === undefined) throw new Error(`src/vector-rules.ts does not know ${file}`);
    for (const rule of new Set([...numbers.map((number) => `FED-${number}`), ...told])) {
      found.set(rule, [...(found.get(rule) ?? []), file]);
    }
  }
  return found;
}

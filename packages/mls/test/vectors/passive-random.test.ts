import { followPassively } from "./passive.ts";
import type { Passive } from "./passive.ts";
import { runVectors } from "./vectors.ts";

/** Its one vector has 200 epochs; each is checked by itself, so that the first say something too. */
const epochsMax = process.env["TREEHOUSE_SCALE"] === "full" ? Number.POSITIVE_INFINITY : 25;

runVectors<Passive>("passive-client-random.json.gz", (vector) =>
  followPassively({ ...vector, epochs: vector.epochs.slice(0, epochsMax) }),
);

import { followPassively } from "./passive.ts";
import type { Passive } from "./passive.ts";
import { runVectors } from "./vectors.ts";

runVectors<Passive>("passive-client-welcome.json", followPassively);

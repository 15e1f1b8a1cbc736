/** `TREEHOUSE_TORTURE_CONTROL=<JSON> node --import …/plant-control.ts …`: with that one bug planted. */
import { plant } from "../../../packages/testkit/src/simulator/mutants/plant.ts";

plant(JSON.parse(process.env["TREEHOUSE_TORTURE_CONTROL"] ?? ""));

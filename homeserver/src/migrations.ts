import { assetsMigrations } from "./assets/index.ts";
import { authenticationMigrations } from "./authentication/index.ts";
import { backupMigrations } from "./backup/index.ts";
import { deliveryMigrations } from "./delivery/index.ts";
import { factorsMigrations } from "./factors/index.ts";
import { federationMigrations } from "./federation/index.ts";
import { keyPackagesMigrations } from "./key-packages/index.ts";
import { peersMigrations } from "./peers/index.ts";
import { queuingMigrations } from "./queuing/index.ts";

/** The schema histories of all modules, in the order in which they are applied. */
export const migrations = [
  authenticationMigrations,
  keyPackagesMigrations,
  queuingMigrations,
  deliveryMigrations,
  backupMigrations,
  peersMigrations,
  federationMigrations,
  factorsMigrations,
  assetsMigrations,
];

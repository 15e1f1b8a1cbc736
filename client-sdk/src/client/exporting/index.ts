/** An account written out in files. */
export { exportAccount, type ExportLine } from "./export-account.ts";

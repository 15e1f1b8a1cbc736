import { config } from "zod";

// Before any schema is made: otherwise each page with a content security policy without
// `unsafe-eval` would report a violation, for zod tries whether it may compile.
config({ jitless: true });

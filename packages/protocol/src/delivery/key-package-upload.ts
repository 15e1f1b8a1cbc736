import type { Bytes } from "../bytes/index.ts";
import { codec, malformed, struct, vector } from "../codec/index.ts";
import type { Codec } from "../codec/index.ts";
import { LIMITS } from "../limits.ts";
import { keyPackageCodec } from "./mls-objects.ts";

export type UploadedKeyPackage = {
  /** Given out when no other is left, and more than once. */
  readonly lastResort: boolean;
  readonly keyPackage: Bytes;
};

/** Body of an upload of KeyPackages: taken or refused as a whole. */
export type KeyPackageUpload = readonly UploadedKeyPackage[];

const booleanCodec: Codec<boolean> = codec(
  (writer, value) => writer.u8(value ? 1 : 0),
  (reader) => {
    const value = reader.u8();
    if (value > 1) throw malformed("neither true nor false");
    return value === 1;
  },
);

export const keyPackageUploadCodec: Codec<KeyPackageUpload> = vector(
  struct<UploadedKeyPackage>({ lastResort: booleanCodec, keyPackage: keyPackageCodec }),
  { countMax: LIMITS.keyPackageUploadMax },
);

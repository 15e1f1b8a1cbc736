/** A signature that verifiers judge differently, and the verdict of FED-131. */
export type Ed25519Vector = {
  readonly name: string;
  readonly publicKey: string;
  readonly message: string;
  readonly signature: string;
  readonly valid: boolean;
};

/**
 * One of each class on which known verifiers disagree: B is the base point, T a point of order 8,
 * k the challenge. Made once with chosen scalars, for no signer gives them.
 */
export const ed25519Vectors: readonly Ed25519Vector[] = [
  caseOf("an ordinary key and signature", true, {
    publicKey: "2505f94b5e5c41654781886d1e4e9bb1ff5aae65478c73c076078b1b28e9f6f0",
    message: "6a39a52ddd28d4f76e",
    R: "890317ac9b8bba5a5708357caf7e74a7fc1078f3c40411f37318d6f643c82a38",
    S: "0e8cfdb41b6787504c3506d2fa3ac19106d4422f03d91c6cd961d906f8f5b103",
  }),
  caseOf("S plus the order", false, {
    publicKey: "2505f94b5e5c41654781886d1e4e9bb1ff5aae65478c73c076078b1b28e9f6f0",
    message: "4a0f51bd6cf1e372f9",
    R: "890317ac9b8bba5a5708357caf7e74a7fc1078f3c40411f37318d6f643c82a38",
    S: "d65ab8e4b7195c49befdf61849ad4d74e85424cb64731b4134dfc21589c8a61b",
  }),
  caseOf("an ordinary key, R = rB + T", false, {
    publicKey: "2505f94b5e5c41654781886d1e4e9bb1ff5aae65478c73c076078b1b28e9f6f0",
    message: "2b325e44bf05cfa7c7",
    R: "77c8e49dfda70ffd052d84d0f35d3637f1af8697bcaaf20db87324c25c1250f7",
    S: "689aacd218671680fe1a4d54608b2a6adf87b4840a73ab75b95a63f51245ca03",
  }),
  caseOf("an ordinary key, R = identity", false, {
    publicKey: "2505f94b5e5c41654781886d1e4e9bb1ff5aae65478c73c076078b1b28e9f6f0",
    message: "29cc681fc04faead5d",
    R: "0100000000000000000000000000000000000000000000000000000000000000",
    S: "273ce1e936971e5ea1f1c528d7845a92d01588358ca34e618748b2d99c81040e",
  }),
  caseOf("an ordinary key, R = identity, not canonical", false, {
    publicKey: "2505f94b5e5c41654781886d1e4e9bb1ff5aae65478c73c076078b1b28e9f6f0",
    message: "b9de0e84fe28e8705c",
    R: "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    S: "67c15a48e42b27860e6ced74c055ac712b968622bd30a5f8b2e6890b864fdd05",
  }),
  caseOf("A = identity, R = identity, S = 0", false, {
    publicKey: "0100000000000000000000000000000000000000000000000000000000000000",
    message: "31331f900a2001dcf2",
    R: "0100000000000000000000000000000000000000000000000000000000000000",
    S: "0000000000000000000000000000000000000000000000000000000000000000",
  }),
  caseOf("A = identity, not canonical", false, {
    publicKey: "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    message: "87e7558ffff54b8eff",
    R: "890317ac9b8bba5a5708357caf7e74a7fc1078f3c40411f37318d6f643c82a38",
    S: "9f0b9dfb20c8ef6098bf25567c4d406514a44a513423cb1435dedf5b0b332503",
  }),
  caseOf("A of order 8", false, {
    publicKey: "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    message: "b3bef2ad9a356a4d9c",
    R: "890317ac9b8bba5a5708357caf7e74a7fc1078f3c40411f37318d6f643c82a38",
    S: "9f0b9dfb20c8ef6098bf25567c4d406514a44a513423cb1435dedf5b0b332503",
  }),
  caseOf("A = aB + T, R = rB", false, {
    publicKey: "11472d8233b000cf1cf41b4385704c80461d94f67424f452edd0e5210ceca625",
    message: "70795693bb5ab497eb",
    R: "890317ac9b8bba5a5708357caf7e74a7fc1078f3c40411f37318d6f643c82a38",
    S: "ee7aecee11943a06f2083821ca66dc45d9c0a9cdfebc2644769791a433723b0e",
  }),
  caseOf("A = aB + T, R = rB + T'", false, {
    publicKey: "11472d8233b000cf1cf41b4385704c80461d94f67424f452edd0e5210ceca625",
    message: "d1c2994165e7dabdb4",
    R: "f1d1392fbf3d8068bab44979977b13f5bacc8921fdfd91311b62d7e3d27dbd83",
    S: "89bf9338387eefc24eb7e53ac85815d32e5f1526981420233f52db7541678907",
  }),
  caseOf("A = aB + T, ground until 8 divides k", true, {
    publicKey: "11472d8233b000cf1cf41b4385704c80461d94f67424f452edd0e5210ceca625",
    message: "ffcdf91ed99d6ea43e",
    R: "890317ac9b8bba5a5708357caf7e74a7fc1078f3c40411f37318d6f643c82a38",
    S: "7a09cc2f7509817722a3c17beaf9ba835926bfcc475b10c350eb6f6c50959500",
  }),
];

function caseOf(
  name: string,
  valid: boolean,
  parts: { readonly publicKey: string; readonly message: string; R: string; S: string },
): Ed25519Vector {
  const { publicKey, message, R, S } = parts;
  return { name, publicKey, message, signature: R + S, valid };
}

/**
 * Single corrections of the library put back to what they were, by the number of the fault.
 * `find` must occur exactly once in the corrected file, or building the mutant fails.
 */
export type Mutation = { readonly file: string; readonly find: string; readonly replace: string };

const one = (file: string, find: string, replace: string): Mutation => ({ file, find, replace });

const leaf = "leafToNodeIndex(toLeafIndex(state.privatePath.leafIndex))";

const b12a = one(
  "clientState.js",
  "grouped.group_context_extensions.length > 0; /* B12a */",
  "false;",
);
const b12b = one("createCommit.js", "/* B12b */ groupContextWithExtensions", "state.groupContext");
const b12c = ["createCommit.js", "processMessages.js"].map((file) =>
  one(
    file,
    ".additionalResult.extensions !== undefined /* B12c */",
    ".additionalResult.extensions?.length > 0",
  ),
);
const b13a = [
  one("clientState.js", "/* B13 */ hpkeKeys.has(keyOf(leaf.hpkePublicKey))", "false"),
  one("clientState.js", "/* B13 */ isHpkeKey(content.hpkePublicKey)", "false"),
];
const b13b = one("updatePath.js", "/* B13 */ keyError !== undefined", "false");
const b13c = one(
  "clientState.js",
  "validateNewLeaves(/* B13 */ tree,",
  "validateNewLeaves(ratchetTree,",
);
const b16a = [
  one(
    "clientState.js",
    "/* B16 */ committerLeafIndex !== undefined && grouped",
    "false && grouped",
  ),
  one(
    "clientState.js",
    "const isExternalCommit = committerLeafIndex === undefined;",
    "const isExternalCommit = grouped.external_init.length > 0;",
  ),
];
const b16b = one(
  "clientState.js",
  '/* B16 */ proposals.some((p) => p.proposalOrRefType === "reference")',
  "false",
);
const b16c = one(
  "publicMessage.js",
  '/* B16 */ if (framedContent.contentType !== "proposal" ||',
  "if (false &&",
);
const b20a = one("clientState.js", "[kept, /* B20 */ dropped]", "[kept, []]");
const b20b = one("privateKeyPath.js", "/* B20 */ stays", "fresh[nodeIndex] === undefined");
const b20c = one(
  "createCommit.js",
  'deriveSecret(own.leafSecret, "path", kdf) /* B20 */',
  "new Uint8Array(kdf.size)",
);
const b20d = one(
  "clientState.js",
  "return /* B20 */ { newState, consumed };",
  "return { newState: { ...state, ratchetTree: tree, " +
    'groupActiveState: { kind: "removedFromGroup" } }, consumed: [] };',
);
const bounds = one(
  "treemath.js",
  "/* B5 B6 */ if (!Number.isInteger(nodeIndex) || nodeIndex < 0 || nodeIndex > 2 * r)",
  "if (false)",
);

export const mutations: Readonly<Record<string, readonly Mutation[]>> = {
  B1: [
    one(
      "clientState.js",
      "/* B1 */ for (const between of path.slice(0, at))",
      "for (const between of path)",
    ),
    one(
      "clientState.js",
      "!lists.get(node).has(leafIndex))",
      "node.parent.unmergedLeaves.join() !== unmergedLeaves.join())",
    ),
  ],
  B2: [
    one(
      "clientState.js",
      "const selfRemoved = /* B2 */ grouped.remove.some(",
      "let selfRemoved = false; [].some(",
    ),
    one(
      "clientState.js",
      "throwIfDefined(validateGroupExtensions(mutatedTree, newExtensions));",
      "throwIfDefined(validateGroupExtensions(mutatedTree, newExtensions));\n" +
        `        selfRemoved = mutatedTree[${leaf}] === undefined;`,
    ),
  ],
  B3: [
    one(
      "groupInfo.js",
      "return encode(varLenDataEncoder)(publicKey); /* B3 */",
      "return publicKey;",
    ),
    one(
      "groupInfo.js",
      "const [publicKey, length] = decodeVarLenData(extensionData, 0);",
      "const [publicKey, length] = [extensionData, extensionData.length];",
    ),
  ],
  B4: [
    one(
      "externalProposal.js",
      "externalSendersOf(groupInfo.groupContext.extensions).findIndex((sender) =>",
      "groupInfo.groupContext.extensions.map((ex) => ({ signaturePublicKey: " +
        'ex.extensionType === "external_senders" ? signaturePublicKey : new Uint8Array() }))' +
        ".findIndex((sender) =>",
    ),
  ],
  B5: [
    bounds,
    one("clientState.js", "throwIfDefined(validateRemove(proposal.remove, acc)); /* B5 */", ""),
  ],
  B6: [bounds],
  B7: [
    one(
      "processMessages.js",
      "throwIfDefined(validateExternalRemoves(result.allProposals, leafNode, state)); /* B7 */",
      "throwIfDefined(undefined);",
    ),
  ],
  B8: [
    one(
      "codec/tlsEncoder.js",
      "    for (let i = 0; i < parts.length; i++) {\n        const part",
      "    const nested = (i) => {\n" +
        "        if (i > 0)\n            nested(i - 1);\n" +
        "        parts[i]?.[1](offset, octets);\n" +
        "        offset += parts[i]?.[0] ?? 0;\n    };\n" +
        "    nested(parts.length);\n    for (let i = parts.length; i < parts.length; i++) {\n        const part",
    ),
  ],
  B10: [one("codec/optional.js", "t !== undefined /* B10 */", "t")],
  B11: [one("pathSecrets.js", "/* B11 */ tree[next] === undefined ? undefined : next", "next")],
  B12: [b12a, b12b, ...b12c],
  B12a: [b12a],
  B12b: [b12b],
  B12c: b12c,
  B12d: [
    one(
      "clientState.js",
      "/* B12d */ !extensionsSupportedByCapabilities(extensions, capabilities)",
      "false",
    ),
  ],
  B13: [...b13a, b13b, b13c],
  B13a: b13a,
  B13b: [b13b],
  B13c: [b13c],
  B14: [one("privateKeyPath.js", "/* B14 */ tree !== undefined", "false")],
  B15: [
    one(
      "processMessages.js",
      "if (/* B15 */ !constantTimeEqual(",
      "if (false && !constantTimeEqual(",
    ),
    one("processMessages.js", "|| pm.content.epoch !== state.groupContext.epoch)", "|| false)"),
  ],
  B16: [...b16a, b16b, b16c],
  B16a: b16a,
  B16b: [b16b],
  B16c: [b16c],
  B17: [one("processMessages.js", "/* B17 */ pskIndex", "{ findPsk: () => undefined }")],
  B18: [
    one(
      "processMessages.js",
      "await validateProposalOnReceipt(state, ",
      "await (async () => {})(state, ",
    ),
    one(
      "processMessages.js",
      "await validateProposalOnReceipt(updatedState, ",
      "await (async () => {})(updatedState, ",
    ),
  ],
  B18b: [
    one(
      "clientState.js",
      "if ((await failure([...pending, ...extra])) === undefined)",
      "if (true)",
    ),
  ],
  B19: ["extensions, cs, ", "ratchetTree, oldState, ", "ratchetTree, suspendedState, "].flatMap(
    (before) =>
      before === "extensions, cs, "
        ? [
            one(
              "resumption.js",
              "privateKeyPackage, extensions, cs, /* B19 */ clientConfig",
              `privateKeyPackage, extensions, cs, ${acceptAll()}`,
            ),
            one(
              "resumption.js",
              "state.groupContext.extensions, cs, /* B19 */ clientConfig",
              `state.groupContext.extensions, cs, ${acceptAll()}`,
            ),
          ]
        : [one("resumption.js", `${before}/* B19 */ clientConfig`, `${before}${acceptAll()}`)],
  ),
  B20: [b20a, b20b, b20c, b20d],
  B20a: [b20a],
  B20b: [b20b],
  B20c: [b20c],
  B20d: [b20d],
  B21: [
    one(
      "proposal.js",
      "return standard; /* B21 */",
      "return (b, offset) => standard(b, offset) ?? decodeProposalCustom(n)(b, offset);",
    ),
  ],
};

function acceptAll(): string {
  return "{ ...clientConfig, authService: { validateCredential: async () => true } }";
}

import {
  ASSET_HEADERS,
  assetAnswerSchema,
  assetCopyRequestSchema,
  assetDeletionSchema,
  assetFinishRequestSchema,
  assetListAnswerSchema,
  assetListRequestSchema,
  assetRequestCodec,
  assetResponseCodec,
  assetsForgottenAnswerCodec,
  assetsForgottenCodec,
  assetUploadAnswerSchema,
  assetUploadEndSchema,
  assetUploadRequestSchema,
  assetUploadStateSchema,
  assetUsageSchema,
  fromBase64Url,
  LIMITS,
  parseAssetUri,
  parseRoomUri,
  peerRoutes,
  RATE_LIMITS,
  Refusal,
  routes,
} from "@treehouse/protocol";
import type { RoomUri } from "@treehouse/protocol";
import { z } from "zod";
import {
  createRateLimiter,
  jsonAnswer,
  jsonBody,
  noAnswer,
  octetsAnswer,
  octetsBody,
  route,
  tlsAnswer,
  tlsBody,
} from "../platform/index.ts";
import type { Route } from "../platform/index.ts";
import { answerPeer } from "./answer-peer.ts";
import type { Access } from "./authorize.ts";
import { deleteAsset, listOwn, usageOf } from "./change-assets.ts";
import type { AssetsContext } from "./context.ts";
import { copyAsset } from "./copy-asset.ts";
import { finishUpload } from "./finish-upload.ts";
import { readAsset } from "./read-asset.ts";
import { abandonUpload, beginUpload, receivePart, uploadState } from "./upload.ts";

/** Names and secrets stand in headers and bodies, never in a path (T-30). */
export function assetRoutes(context: AssetsContext): readonly Route[] {
  return [
    ...uploadRoutes(context),
    contentRoute(context),
    ...changeRoutes(context),
    ...peerModuleRoutes(context),
  ];
}

const text = z.string().max(LIMITS.uriBytesMax);
const uploadHeaders = z.object({ [ASSET_HEADERS.upload]: z.string().max(256) });
const partHeaders = uploadHeaders.extend({
  [ASSET_HEADERS.offset]: z.string().regex(/^[0-9]{1,15}$/),
});
const contentHeaders = z.object({
  [ASSET_HEADERS.asset]: text,
  [ASSET_HEADERS.room]: text.optional(),
  [ASSET_HEADERS.secret]: z.string().max(64).optional(),
  range: z.string().max(64).optional(),
  "cache-control": z.string().max(64).optional(),
});

function uploadRoutes(context: AssetsContext): readonly Route[] {
  return [
    route({
      method: "POST",
      path: routes.assetUploads,
      access: "session",
      summary: "Begin to upload an asset",
      body: jsonBody(assetUploadRequestSchema),
      answer: jsonAnswer(assetUploadAnswerSchema, 201),
      handle: ({ body, session }) =>
        beginUpload(context, session.user, { ...body, expiresAt: body.expiresAt }),
    }),
    route({
      method: "PUT",
      path: routes.assetUploadPart,
      access: "session",
      summary: "Send octets of an upload, from an offset on",
      headers: partHeaders,
      body: octetsBody("assetPartBytesMax"),
      answer: jsonAnswer(assetUploadStateSchema.pick({ received: true })),
      handle: async ({ body, headers, session }) => {
        const { [ASSET_HEADERS.upload]: upload, [ASSET_HEADERS.offset]: offset } = headers;
        const part = { upload, offset: Number(offset), octets: body };
        return { received: await receivePart(context, session.user, part) };
      },
    }),
    route({
      method: "GET",
      path: routes.assetUploadState,
      access: "session",
      summary: "How much of an upload has come",
      headers: uploadHeaders,
      answer: jsonAnswer(assetUploadStateSchema),
      handle: ({ headers, session }) =>
        uploadState(context, session.user, headers[ASSET_HEADERS.upload]),
    }),
    route({
      method: "POST",
      path: routes.assetUploadFinish,
      access: "session",
      summary: "Make an asset of an upload that is complete",
      body: jsonBody(assetFinishRequestSchema),
      answer: jsonAnswer(assetAnswerSchema),
      handle: ({ body: { upload, hash }, session }) =>
        finishUpload(context, session.user, { upload, hash: octetsOf(hash) }),
    }),
    route({
      method: "POST",
      path: routes.assetUploadAbandon,
      access: "session",
      summary: "Forget an upload that is not finished",
      body: jsonBody(assetUploadEndSchema),
      answer: noAnswer,
      handle: ({ body, session }) => abandonUpload(context, session.user, body.upload),
    }),
  ];
}

function contentRoute(context: AssetsContext): Route {
  return route({
    method: "GET",
    path: routes.assetContent,
    access: "session",
    summary: "The octets of an asset of any server, or a range of them",
    headers: contentHeaders,
    answer: octetsAnswer,
    handle: async ({ headers, session }) => {
      const { range } = headers;
      const { size, offset, length, octets, spent, leave } = await readAsset(
        context,
        session.user,
        {
          asset: parseAssetUri(headers[ASSET_HEADERS.asset]),
          access: accessIn({
            room: headers[ASSET_HEADERS.room],
            secret: headers[ASSET_HEADERS.secret],
          }),
          range,
          fresh: headers["cache-control"] === "no-cache",
        },
      );
      const whole = range === undefined;
      return {
        status: whole ? (200 as const) : (206 as const),
        headers: [
          "accept-ranges",
          "bytes",
          ...(whole ? [] : ["content-range", `bytes ${offset}-${offset + length - 1}/${size}`]),
        ],
        length,
        octets,
        spent,
        ended: leave,
      };
    },
  });
}

function changeRoutes(context: AssetsContext): readonly Route[] {
  return [
    route({
      method: "POST",
      path: routes.assetCopies,
      access: "session",
      summary: "Give an asset to others too, without another upload",
      body: jsonBody(assetCopyRequestSchema),
      answer: jsonAnswer(assetAnswerSchema),
      handle: ({ body: { asset, room, secret, audience, expiresAt }, session }) =>
        copyAsset(context, session.user, {
          asset,
          access: accessIn({ room, secret }),
          audience,
          expiresAt,
        }),
    }),
    route({
      method: "POST",
      path: routes.assetDeletions,
      access: "session",
      summary: "Delete an asset of one's own",
      body: jsonBody(assetDeletionSchema),
      answer: noAnswer,
      handle: ({ body, session }) => deleteAsset(context, session.user, body.asset),
    }),
    route({
      method: "POST",
      path: routes.assetList,
      access: "session",
      summary: "Assets that are their user's alone, by name",
      body: jsonBody(assetListRequestSchema),
      answer: jsonAnswer(assetListAnswerSchema),
      handle: ({ body, session }) => listOwn(context, session.user, body),
    }),
    route({
      method: "GET",
      path: routes.assetUsage,
      access: "session",
      summary: "How much the user's assets take, and how much they may",
      answer: jsonAnswer(assetUsageSchema),
      handle: ({ session }) => usageOf(context, session.user),
    }),
  ];
}

function peerModuleRoutes(context: AssetsContext): readonly Route[] {
  const pieces = createRateLimiter(context.env, RATE_LIMITS.assetPiecePerPeer, "assetPiecePerPeer");
  return [
    route({
      method: "POST",
      path: peerRoutes.asset,
      access: "peer",
      summary: "Octets of an asset of this server",
      body: tlsBody("AssetRequest", "peerBodyBytesMax"),
      answer: tlsAnswer("AssetResponse"),
      handle: async ({ peer, body }) => {
        pieces.take(peer.domain);
        const request = assetRequestCodec.decode(body);
        return assetResponseCodec.encode(await answerPeer(context, peer.domain, request));
      },
    }),
    route({
      method: "POST",
      path: peerRoutes.assetsForgotten,
      access: "peer",
      summary: "Assets of the asking server that are deleted",
      body: tlsBody("AssetsForgotten", "peerBodyBytesMax"),
      answer: tlsAnswer("AssetsForgottenAnswer"),
      handle: async ({ peer, body }) => {
        pieces.take(peer.domain);
        await context.copies.forget(peer.domain, assetsForgottenCodec.decode(body).assets);
        return assetsForgottenAnswerCodec.encode({});
      },
    }),
  ];
}

function accessIn({
  room,
  secret,
}: {
  readonly room: string | RoomUri | undefined;
  readonly secret: string | undefined;
}): Access {
  if (room !== undefined) return { kind: "room", room: parseRoomUri(room) };
  if (secret === undefined) return { kind: "own" };
  const octets = octetsOf(secret);
  if (octets.length !== 32) throw new Refusal("malformed", "The secret has 32 octets.");
  return { kind: "bearer", secret: octets };
}

function octetsOf(encoded: string): Uint8Array<ArrayBuffer> {
  try {
    return fromBase64Url(encoded);
  } catch (cause) {
    throw new Refusal("malformed", "Octets are written in base64url.", {}, { cause });
  }
}

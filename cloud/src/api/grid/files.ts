import { cidOf, GridError, parseCid } from "@gridnft/sdk";
import { namesTag } from "@gridnft/sdk/node";
import type { Context } from "hono";
import { CID } from "multiformats/cid";
import { z } from "zod";
import type { Cloud } from "../../cloud.ts";
import { ApiError, describeError } from "../../error.ts";
import { type Visibility, visibilityOf } from "../../files/access.ts";
import { isFromMirror } from "../../files/mirrors.ts";
import { type ThumbnailWidth, thumbnailWidths } from "../../files/pictures.ts";
import { blockOf, carParts, fileParts, requireWhole, storedPicture, wholeFile } from "../../files/reading.ts";
import { DAG_PB } from "../../files/unixFs.ts";
import { type App, type Env, endpoint } from "../http/endpoint.ts";
import { chosenType, isRangeAsked, rangeOf } from "../http/requestHeaders.ts";

const RAW_TYPE = "application/vnd.ipld.raw";
const CAR_TYPE = "application/vnd.ipld.car";
const FILE_TYPE = "image/png";

/** File or block that was found, and how it may be served. */
interface FoundFile {
  /** CIDv1 of the requested file or block. */
  readonly cid: string;
  /** CIDv1 of the picture that it belongs to. */
  readonly root: string;
  readonly visibility: Visibility;
  /** Allows to fetch missing blocks from other gateways. */
  readonly useMirrors: boolean;
}

const refusals = ["IMAGE_UNKNOWN", "IMAGE_GONE", "IMAGE_BLOCKED", "IMAGE_UNAVAILABLE"] as const;

type Headers = Readonly<Record<string, string>>;

/** Adds `/ipfs/:cid`, by the rules of trustless gateways, and `/thumbnails/:cid`. */
export function fileRoutes(app: App, cloud: Cloud): void {
  const params = z.object({ cid: z.string().min(1).max(128) });

  endpoint(
    app,
    {
      method: "get",
      path: "/ipfs/{cid}",
      summary: "A file by its CID; a raw block or a CAR by `format` or Accept",
      tag: "files",
      session: "optional",
      params,
      query: z.object({ format: z.enum(["raw", "car"]).optional() }).loose(),
      allowUnknownQuery: true,
      answers: {
        200: { description: "The file", type: FILE_TYPE },
        206: { description: "The range that was asked for", type: FILE_TYPE },
        304: { description: "Not changed: it never does" },
        416: { description: "The file has no such range" },
      },
      errors: refusals,
    },
    async ({ context, params, query, session }) => {
      const format = query.format ?? formatOf(context.req.header("accept"));
      const found = await find(context, cloud, params.cid, session, format !== "raw");
      const etag = format === undefined ? `"${found.cid}"` : `"${found.cid}.${format}"`;
      const headers = fileHeaders(cloud, found, etag);
      if (namesTag(context.req.header("if-none-match"), etag)) return context.body(null, 304, headers);
      switch (format) {
        case "raw":
          return sendBlock(context, cloud, found, headers);
        case "car":
          return sendCar(context, cloud, found, headers);
        default:
          return sendFile(context, cloud, found, headers);
      }
    },
  );

  endpoint(
    app,
    {
      method: "get",
      path: "/thumbnails/{cid}",
      summary: "A small webp of a picture",
      tag: "files",
      session: "optional",
      params,
      query: z.object({
        width: z
          .enum(thumbnailWidths.map(String) as [string, ...string[]])
          .default("256")
          .transform((width) => Number(width) as ThumbnailWidth),
      }),
      answers: { 200: { description: "The thumbnail", type: "image/webp" } },
      errors: refusals,
    },
    async ({ context, params, query, session }) => {
      const found = await find(context, cloud, params.cid, session, true);
      const etag = `"${found.cid}.${query.width}"`;
      const headers = fileHeaders(cloud, found, etag);
      if (namesTag(context.req.header("if-none-match"), etag)) return context.body(null, 304, headers);
      const picture = await cloud.pictures.thumbnail(found.cid, query.width, async () =>
        wholeFile(cloud, await storedPicture(cloud, found.root, found)),
      );
      return sendBytes(context, picture, { ...headers, "content-type": "image/webp" });
    },
  );
}

/**
 * @throws {@link ApiError} `IMAGE_UNKNOWN`, also for what this reader may not know of; `FIELD_INVALID`; `IMAGE_GONE`, `IMAGE_BLOCKED`
 * for what was taken down, and for a block that only files have which were.
 */
async function find(
  context: Context<Env>,
  cloud: Cloud,
  text: string,
  session: Parameters<typeof visibilityOf>[2],
  isFile: boolean,
): Promise<FoundFile> {
  let cid: string;
  try {
    const { cidDigest, raw } = parseCid(text);
    // The text of the same block in any base or version leads to the one we keep it under.
    cid = raw ? cidOf({ imageHash: cidDigest, cidDigest }) : CID.createV1(DAG_PB, CID.parse(text).multihash).toString();
  } catch (error) {
    if (!(error instanceof GridError)) throw error;
    throw new ApiError("FIELD_INVALID", `cid is not a CID of a picture: ${error.message}`, {
      field: "cid",
      cause: error,
    });
  }
  await cloud.takedowns.require(cid);
  const roots = isFile
    ? [{ root: cid }]
    : await cloud.database.all<{ root: string }>("SELECT root FROM cloud.picture_block WHERE cid = $1 LIMIT 20", [cid]);
  let takenDown: unknown;
  for (const { root } of roots) {
    const visibility = await visibilityOf(cloud, root, session);
    if (!visibility) continue;
    try {
      await cloud.takedowns.require(root);
    } catch (error) {
      takenDown = error;
      continue;
    }
    return { cid, root, visibility, useMirrors: visibility === "public" && !isFromMirror(context.req.header("via")) };
  }
  if (takenDown) throw takenDown;
  throw new ApiError("IMAGE_UNKNOWN", "There is no picture with this CID here.", { field: "cid" });
}

/**
 * Returns the headers of a file that exists. Errors never have them, because caches keep them for a year. Where takedowns are enabled,
 * caches ask again after five minutes.
 */
function fileHeaders({ takedowns }: Cloud, { cid, visibility }: FoundFile, etag: string): Headers {
  const publicly = takedowns.isEnabled ? "public, max-age=300, must-revalidate" : "public, max-age=31536000, immutable";
  const privately = takedowns.isEnabled ? "private, max-age=300, must-revalidate" : "private, max-age=600";
  return {
    "cache-control": visibility === "public" ? publicly : privately,
    etag,
    vary: visibility === "public" ? "accept" : "accept, authorization",
    "x-content-type-options": "nosniff",
    "content-security-policy": "default-src 'none'; sandbox",
    "cross-origin-resource-policy": "cross-origin",
    "x-ipfs-path": `/ipfs/${cid}`,
    "x-ipfs-roots": cid,
  };
}

function formatOf(accept: string | undefined): "raw" | "car" | undefined {
  const type = chosenType(accept, [RAW_TYPE, CAR_TYPE], FILE_TYPE);
  return type && (type === RAW_TYPE ? "raw" : "car");
}

async function sendBlock(context: Context<Env>, cloud: Cloud, found: FoundFile, headers: Headers): Promise<Response> {
  const { cid } = found;
  const block = await blockOf(cloud, found, cid);
  return sendBytes(context, block, {
    ...headers,
    "content-type": RAW_TYPE,
    "content-disposition": `attachment; filename="${cid}.bin"`,
  });
}

async function sendCar(context: Context<Env>, cloud: Cloud, found: FoundFile, headers: Headers): Promise<Response> {
  const { cid } = found;
  const stored = await storedPicture(cloud, cid, found);
  const all = {
    ...headers,
    "content-type": `${CAR_TYPE}; version=1; order=dfs; dups=n`,
    "content-disposition": `attachment; filename="${cid}.car"`,
    "accept-ranges": "none",
  };
  if (context.req.method === "HEAD") return context.body(null, 200, all);
  await requireWhole(cloud, stored);
  return context.body(await streamOf(cloud, context, cid, carParts(cloud, stored)), 200, all);
}

async function sendFile(context: Context<Env>, cloud: Cloud, found: FoundFile, headers: Headers): Promise<Response> {
  const { root } = found;
  const stored = await storedPicture(cloud, root, found);
  const { length } = stored;
  const all = { ...headers, "content-type": FILE_TYPE, "accept-ranges": "bytes" };
  // RFC 9110, 14.2: ranges are defined for GET alone.
  if (context.req.method === "HEAD") return context.body(null, 200, { ...all, "content-length": String(length) });
  const isAsked = isRangeAsked(context.req.header("if-range"), headers.etag ?? "");
  const range = isAsked ? rangeOf(context.req.header("range"), length) : undefined;
  if (range === "unsatisfiable") return context.body(null, 416, { "content-range": `bytes */${length}` });
  if (!range) await requireWhole(cloud, stored);
  const [first, last] = range ?? [0, length - 1];
  return context.body(await streamOf(cloud, context, root, fileParts(cloud, stored, first, last)), range ? 206 : 200, {
    ...all,
    "content-length": String(last - first + 1),
    ...(range && { "content-range": `bytes ${first}-${last}/${length}` }),
  });
}

function sendBytes(context: Context<Env>, bytes: Uint8Array, headers: Headers): Response {
  const all = { ...headers, "content-length": String(bytes.length) };
  if (context.req.method === "HEAD") return context.body(null, 200, all);
  return context.body(bytes as Uint8Array<ArrayBuffer>, 200, all);
}

/**
 * Returns parts as a stream. The first part is read before the response begins, so that a missing file is an error response. Each next part
 * is read when the client has taken the one before. A fault in between closes the connection, because the status is sent by then.
 */
async function streamOf(
  { log }: Cloud,
  { env }: Context<Env>,
  root: string,
  parts: AsyncGenerator<Uint8Array>,
): Promise<ReadableStream<Uint8Array>> {
  let next = await parts.next();
  return new ReadableStream<Uint8Array>(
    {
      pull: async (controller) => {
        if (next.done) return controller.close();
        controller.enqueue(next.value);
        next = await parts.next().catch((error: unknown) => {
          log.error({ root, error: describeError(error) }, "picture cannot be read to its end");
          env.outgoing.destroy(); // an error of the stream would be printed by the server, with its stack
          return { done: true, value: undefined };
        });
        if (next.done) controller.close();
      },
      cancel: async () => {
        await parts.return(undefined);
      },
    },
    { highWaterMark: 0 },
  );
}

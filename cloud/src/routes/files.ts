import { cidOf, GridError, parseCid } from "@gridnft/sdk";
import { namesTag } from "@gridnft/sdk/node";
import { CarWriter } from "@ipld/car";
import type { Context } from "hono";
import { CID } from "multiformats/cid";
import { z } from "zod";
import type { Cloud } from "../cloud.ts";
import { CloudError } from "../error.ts";
import { type App, type Env, endpoint } from "../http/endpoint.ts";
import { type Reach, reachOf } from "../storage/access.ts";
import { fileBytesOf } from "../storage/unixFs.ts";

/** Widths of thumbnails, pixels. */
export const thumbnailWidths = [128, 256, 512] as const;

const RAW_TYPE = "application/vnd.ipld.raw";
const CAR_TYPE = "application/vnd.ipld.car";
const DAG_PB = 0x70;

/** A file or block that is found, and what may be done with it. */
interface Found {
  /** CIDv1 of what was asked for. */
  readonly cid: string;
  /** CIDv1 of the picture that it belongs to. */
  readonly root: string;
  readonly reach: Reach;
}

/** `/ipfs/:cid` by the rules of trustless gateways, and `/thumbnails/:cid`. */
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
      isQueryOpen: true,
      answers: {
        200: { description: "The file", type: "image/png" },
        206: { description: "The range that was asked for", type: "image/png" },
        304: { description: "Not changed: it never does" },
      },
      errors: ["IMAGE_UNKNOWN"],
    },
    async ({ context, params, query, session }) => {
      const format = query.format ?? formatOf(context.req.header("accept"));
      const found = await find(cloud, params.cid, session, format !== "raw");
      const etag = format === undefined ? `"${found.cid}"` : `"${found.cid}.${format}"`;
      setFileHeaders(context, found, etag);
      if (namesTag(context.req.header("if-none-match"), etag)) return context.body(null, 304);
      switch (format) {
        case "raw":
          return sendBlock(context, cloud, found);
        case "car":
          return sendCar(context, cloud, found);
        default:
          return sendFile(context, cloud, found);
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
          .transform(Number),
      }),
      answers: { 200: { description: "The thumbnail", type: "image/webp" } },
      errors: ["IMAGE_UNKNOWN"],
    },
    async ({ context, params, query, session }) => {
      const found = await find(cloud, params.cid, session, true);
      const etag = `"${found.cid}.${query.width}"`;
      setFileHeaders(context, found, etag);
      if (namesTag(context.req.header("if-none-match"), etag)) return context.body(null, 304);
      const picture = await cloud.pictures.thumbnail(found.cid, query.width, () => readFile(cloud, found.root));
      return context.body(asBody(picture), 200, { "content-type": "image/webp" });
    },
  );
}

/** @throws {@link CloudError} `IMAGE_UNKNOWN`, also for what this reader may not know of; `FIELD_INVALID`. */
async function find(
  cloud: Cloud,
  text: string,
  session: Parameters<typeof reachOf>[2],
  isFile: boolean,
): Promise<Found> {
  let cid: string;
  try {
    const { cidDigest, raw } = parseCid(text);
    // The text of the same block in any base or version leads to the one we keep it under.
    cid = raw ? cidOf({ imageHash: cidDigest, cidDigest }) : CID.createV1(DAG_PB, CID.parse(text).multihash).toString();
  } catch (error) {
    if (!(error instanceof GridError)) throw error;
    throw new CloudError("FIELD_INVALID", `cid is not a CID of a picture: ${error.message}`, {
      field: "cid",
      cause: error,
    });
  }
  const roots = isFile
    ? [{ root: cid }]
    : await cloud.database.all<{ root: string }>("SELECT root FROM cloud.picture_block WHERE cid = $1 LIMIT 20", [cid]);
  for (const { root } of roots) {
    const reach = await reachOf(cloud, root, session);
    if (reach) return { cid, root, reach };
  }
  throw new CloudError("IMAGE_UNKNOWN", "There is no picture with this CID here.", { field: "cid" });
}

function setFileHeaders(context: Context<Env>, { cid, reach }: Found, etag: string): void {
  const caching = reach === "public" ? "public, max-age=31536000, immutable" : "private, max-age=600";
  context.header("cache-control", caching);
  context.header("etag", etag);
  context.header("vary", reach === "public" ? "accept" : "accept, authorization");
  context.header("x-content-type-options", "nosniff");
  context.header("content-security-policy", "default-src 'none'; sandbox");
  context.header("cross-origin-resource-policy", "cross-origin");
  context.header("x-ipfs-path", `/ipfs/${cid}`);
  context.header("x-ipfs-roots", cid);
}

function formatOf(accept: string | undefined): "raw" | "car" | undefined {
  if (accept?.includes(RAW_TYPE)) return "raw";
  if (accept?.includes(CAR_TYPE)) return "car";
  return undefined;
}

async function sendBlock(context: Context<Env>, { pictures }: Cloud, { cid }: Found): Promise<Response> {
  const block = await pictures.block(cid);
  if (!block) throw new CloudError("IMAGE_UNKNOWN", "This block is not here any more.", { field: "cid" });
  return context.body(asBody(block), 200, {
    "content-type": RAW_TYPE,
    "content-disposition": `attachment; filename="${cid}.bin"`,
  });
}

async function sendCar(context: Context<Env>, cloud: Cloud, { cid }: Found): Promise<Response> {
  const blocks = await blocksOf(cloud, cid);
  const { writer, out } = CarWriter.create([CID.parse(cid)]);
  const parts: Uint8Array[] = [];
  const reading = (async () => {
    for await (const part of out) parts.push(part);
  })();
  for (const block of blocks) await writer.put({ cid: CID.parse(block.cid), bytes: block.bytes });
  await writer.close();
  await reading;
  return context.body(asBody(Buffer.concat(parts)), 200, {
    "content-type": `${CAR_TYPE}; version=1; order=dfs; dups=n`,
    "content-disposition": `attachment; filename="${cid}.car"`,
    "accept-ranges": "none",
  });
}

async function sendFile(context: Context<Env>, cloud: Cloud, { root }: Found): Promise<Response> {
  const file = await readFile(cloud, root);
  context.header("content-type", "image/png");
  context.header("accept-ranges", "bytes");
  const range = rangeOf(context.req.header("range"), file.length);
  if (range === "unsatisfiable") {
    return context.body(null, 416, { "content-range": `bytes */${file.length}` });
  }
  if (!range) return context.body(asBody(file), 200);
  const [first, last] = range;
  return context.body(asBody(file.subarray(first, last + 1)), 206, {
    "content-range": `bytes ${first}-${last}/${file.length}`,
  });
}

/** The blocks of a picture, the root first. */
async function blocksOf({ database, pictures }: Cloud, root: string): Promise<{ cid: string; bytes: Uint8Array }[]> {
  const rows = await database.all<{ cid: string }>(
    "SELECT cid FROM cloud.picture_block WHERE root = $1 ORDER BY position",
    [root],
  );
  const blocks = await Promise.all(rows.map(async ({ cid }) => ({ cid, bytes: await pictures.block(cid) })));
  return blocks.map(({ cid, bytes }) => {
    if (!bytes) throw new Error(`Block ${cid} of picture ${root} is missing.`);
    return { cid, bytes };
  });
}

async function readFile(cloud: Cloud, root: string): Promise<Uint8Array> {
  const blocks = await blocksOf(cloud, root);
  if (CID.parse(root).code !== DAG_PB) return blocks[0]?.bytes ?? new Uint8Array();
  return Buffer.concat(blocks.map(({ bytes }) => fileBytesOf(bytes)));
}

/** One byte range, as first and last; others are answered with the whole file, as RFC 9110 allows. */
function rangeOf(header: string | undefined, length: number): readonly [number, number] | "unsatisfiable" | undefined {
  const range = /^bytes=(\d*)-(\d*)$/.exec(header?.trim() ?? "");
  if (!range || (range[1] === "" && range[2] === "")) return undefined;
  if (range[1] === "") {
    const last = Number(range[2]);
    return last === 0 ? "unsatisfiable" : [Math.max(0, length - last), length - 1];
  }
  const first = Number(range[1]);
  const last = range[2] === "" ? length - 1 : Math.min(Number(range[2]), length - 1);
  if (first >= length) return "unsatisfiable";
  return last < first ? undefined : [first, last];
}

/** Hono's bodies are typed as bytes on an ArrayBuffer of their own. */
function asBody(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return bytes as Uint8Array<ArrayBuffer>;
}

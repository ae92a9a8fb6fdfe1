import { bytes32Json, wantedImages } from "@gridnft/sdk/schemas";
import { z } from "zod";
import type { Cloud } from "../../cloud.ts";
import { ApiError } from "../../error.ts";
import { restorePicture, wantedOf } from "../../files/repair.ts";
import { requireWorkerSigner } from "../../jobs/workers.ts";
import { readBody, withUploadLimit } from "../http/bodies.ts";
import { ConcurrencyLimit, MAX_UPLOADS } from "../http/concurrencyLimit.ts";
import { type App, endpoint } from "../http/endpoint.ts";

/** Adds `/v1/worker/wanted-images`: uploads of pictures that are missing or damaged here, by the workers that made them. */
export function restoreRoutes(app: App, cloud: Cloud): void {
  const uploads = new ConcurrencyLimit(MAX_UPLOADS, "uploads");

  endpoint(
    app,
    {
      method: "get",
      path: "/v1/worker/wanted-images",
      summary: "Pictures of the worker that are missing or damaged here",
      tag: "worker",
      session: "worker",
      answers: { 200: { description: "Some of them", schema: wantedImages } },
    },
    async ({ context, session }) => {
      await requireWorkerSigner(cloud, session);
      const wanted = await wantedOf(cloud, session.worker);
      return context.json({ images: wanted.map(({ image_hash, bytes }) => ({ image_hash, bytes })) });
    },
  );

  endpoint(
    app,
    {
      method: "put",
      path: "/v1/worker/wanted-images/{hash}",
      summary: "Hands in a copy of a picture that is asked for",
      tag: "worker",
      session: "worker",
      params: z.object({ hash: bytes32Json }),
      file: "image/png",
      answers: { 204: { description: "Stored" } },
      errors: [
        "IMAGE_UNKNOWN",
        "IMAGE_MISMATCH",
        "BODY_INCOMPLETE",
        "BODY_TOO_LARGE",
        "STORAGE_FULL",
        "STORAGE_UNAVAILABLE",
      ],
    },
    async ({ context, params, session }) => {
      await requireWorkerSigner(cloud, session);
      return withUploadLimit(uploads, session, context.req, async () => {
        const [wanted] = await wantedOf(cloud, session.worker, params.hash);
        if (!wanted) {
          throw new ApiError("IMAGE_UNKNOWN", "No picture of this worker with this hash is asked for.", {
            field: "hash",
          });
        }
        const file = await readBody(context.req, wanted.bytes, "This picture");
        await restorePicture(cloud, wanted, file);
        return context.body(null, 204);
      });
    },
  );
}

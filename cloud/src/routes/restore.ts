import { SignerRole } from "@gridnft/sdk";
import { bytes32Json, wantedImages } from "@gridnft/sdk/wire";
import { z } from "zod";
import type { Cloud } from "../cloud.ts";
import { CloudError } from "../error.ts";
import { readBody, uploading } from "../http/bodies.ts";
import { type App, endpoint, type WorkerSession } from "../http/endpoint.ts";
import { MOST_UPLOADS, Slots } from "../http/slots.ts";
import { restorePicture, wantedOf } from "../storage/repair.ts";

/** `/v1/worker/wanted-images`: copies of pictures that are missing or damaged here, from the workers that made them. */
export function restoreRoutes(app: App, cloud: Cloud): void {
  const { chain } = cloud;
  const uploads = new Slots(MOST_UPLOADS, "uploads");

  const requireSigner = async ({ worker, account }: WorkerSession): Promise<void> => {
    if (await chain.isSigner(worker, SignerRole.WORKER_SIGNER, account)) return;
    throw new CloudError("SESSION_INVALID", "This key does not sign for the worker any more.");
  };

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
      await requireSigner(session);
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
      await requireSigner(session);
      return uploading(uploads, session, context.req, async () => {
        const [wanted] = await wantedOf(cloud, session.worker, params.hash);
        if (!wanted) {
          throw new CloudError("IMAGE_UNKNOWN", "No picture of this worker with this hash is asked for.", {
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

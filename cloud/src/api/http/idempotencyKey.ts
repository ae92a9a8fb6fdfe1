import { CloudError } from "../../error.ts";

/** Key as the IETF draft writes it, a string of RFC 9651 (without escapes), or bare, as many clients send it. */
const quoted = /^"([\x20\x21\x23-\x5b\x5d-\x7e]{1,255})"$/;
const bare = /^([\x21\x23-\x2b\x2d-\x5b\x5d-\x7e]{1,255})$/;

/**
 * Reads the key of a request.
 * @throws {@link CloudError} `FIELD_INVALID`.
 */
export function readIdempotencyKey(header: string | undefined): string | undefined {
  if (header === undefined) return undefined;
  const key = (quoted.exec(header) ?? bare.exec(header))?.[1];
  if (key !== undefined) return key;
  throw new CloudError(
    "FIELD_INVALID",
    'Idempotency-Key is not 1 to 255 ASCII characters in quotes, such as "8e03978e".',
    {
      field: "Idempotency-Key",
    },
  );
}

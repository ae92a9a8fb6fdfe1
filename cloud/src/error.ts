import { type CloudErrorCode, cloudErrors } from "@gridnft/sdk/schemas";

/** Error of the API: a stable code, a sentence for the user, and the field. */
export class ApiError extends Error {
  override readonly name = "ApiError";
  readonly field: string | undefined;
  /** Job that the same order made before. */
  readonly job: string | undefined;
  /** Headers of the answer, e.g. Retry-After. */
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    readonly code: CloudErrorCode,
    message: string,
    options: ErrorOptions & {
      readonly field?: string;
      readonly job?: string | undefined;
      readonly headers?: Readonly<Record<string, string>>;
    } = {},
  ) {
    super(message, "cause" in options ? { cause: options.cause } : {});
    this.field = options.field;
    this.job = options.job;
    this.headers = options.headers ?? {};
  }

  /** HTTP status of the code. */
  get status(): (typeof cloudErrors)[CloudErrorCode] {
    return cloudErrors[this.code];
  }
}

/**
 * Returns an error for the log: names and first lines, without stacks. URLs are cut to their origin, because an RPC's path or query is
 * often a credential.
 */
export function describeError(error: unknown): string {
  const parts: string[] = [];
  for (let current: unknown = error; current instanceof Error && parts.length < 4; current = current.cause) {
    const { shortMessage } = current as { shortMessage?: unknown };
    const text = typeof shortMessage === "string" ? shortMessage : (current.message.split("\n")[0] ?? "");
    parts.push(`${current.name}: ${text}`);
  }
  return withoutUrlSecrets(parts.length > 0 ? parts.join(" <- ") : String(error));
}

function withoutUrlSecrets(text: string): string {
  return text.replace(/\b([a-z][a-z0-9+.-]*):\/\/[^\s"'<>]+/gi, (url) => {
    if (!URL.canParse(url)) return "(URL)";
    const { protocol, host } = new URL(url);
    return `${protocol}//${host}`;
  });
}

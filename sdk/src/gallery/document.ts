import type * as z from "zod/mini";

/** A GraphQL query with the types of its variables and answer. */
export interface GalleryDocument<variables, answer> {
  /** Name of the operation. */
  readonly name: string;
  readonly text: string;
  readonly schema: z.core.$ZodType<answer>;
  /** Never set: carries the type. */
  readonly variables?: variables;
}

/**
 * A query of one's own, with a reader of its answer: a schema of zod or of zod/mini.
 *
 * @example
 * const supply = galleryDocument<Record<never, never>>()(
 *   "Supply",
 *   "query Supply { protocol { supply } }",
 *   z.object({ protocol: z.object({ supply: z.int() }) }),
 * );
 * const { protocol, block } = await gallery.query(supply, {});
 */
export function galleryDocument<variables>() {
  return <schema extends z.core.$ZodType>(
    name: string,
    text: string,
    schema: schema,
  ): GalleryDocument<variables, z.output<schema>> => ({
    name,
    text,
    schema: schema as z.core.$ZodType<z.output<schema>>,
  });
}

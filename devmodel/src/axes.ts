import { readFileSync } from "node:fs";
import { z } from "zod";

const name = z.string().regex(/^[a-z]+$/);
const axesSchema = z.strictObject({
  contents: z.array(name),
  styles: z.array(name),
  firm: z.record(name, z.number()),
  lean: z.record(name, z.number()),
  wander: z.array(name),
  frames: z.array(name),
});

/** Kinds of axes of the model's meaning space. */
export type AxisKind = "content" | "style" | "palette";

/** One direction of meaning: a thing in the picture, a way of painting, or a palette. */
export interface Axis {
  readonly name: string;
  readonly kind: AxisKind;
  readonly index: number;
}

/** What the data files say about contents and styles. */
export const authored = axesSchema.parse(
  JSON.parse(readFileSync(new URL("./data/axes.json", import.meta.url), "utf8")),
);

/** Length of a token's embedding, and of the text encoder's output. */
export const EMBEDDING = 96;
/** The last numbers of an embedding say nothing but how a text is spelled: they move the composition. */
export const SPELLING = 9;
/** Axes that fit: channel 0 of the latents holds 64, the lower half of channel 3's block the rest. */
export const MAX_AXES = EMBEDDING - SPELLING;

/** Contents, then styles, then palettes (named `p_...`). */
export function axesOf(palettes: readonly string[]): readonly Axis[] {
  const named: [AxisKind, string][] = [
    ...authored.contents.map((each): [AxisKind, string] => ["content", each]),
    ...authored.styles.map((each): [AxisKind, string] => ["style", each]),
    ...palettes.map((each): [AxisKind, string] => ["palette", `p_${each}`]),
  ];
  if (named.length > MAX_AXES) throw new RangeError(`${named.length} axes, and there is room for ${MAX_AXES}.`);
  return named.map(([kind, axisName], index) => ({ name: axisName, kind, index }));
}

/** Where an axis lives in the latents: the channel and the place in its 8x8 block of lowest frequencies. */
export function placeOf(axis: number): { readonly channel: 0 | 3; readonly coefficient: number } {
  return axis < 64 ? { channel: 0, coefficient: axis } : { channel: 3, coefficient: axis - 64 + 32 };
}

/** Places in channel 3's block that the nine spelling numbers push: a corner of 3 x 3. */
export const SPELLING_PLACES = [0, 1, 2, 8, 9, 10, 16, 17, 18] as const;

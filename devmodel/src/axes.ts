/** Separate words of a text, as literal types. */
type Words<Text extends string, Found = never> = Text extends `${infer First} ${infer Rest}`
  ? Words<Rest, Found | First>
  : Found | Text;

function words<const Text extends string>(text: Text): Words<Text>[] {
  return text.split(" ") as Words<Text>[];
}

/** Things in a picture. */
export const CONTENTS = [
  ...words("mountain hills city trees water sun moon stars clouds galaxy aurora lighthouse portrait flower planet"),
  ...words(
    "geometric waves rain snow fog boat birds cat castle abstract mandala dog horse fish house tree bridge road",
  ),
  ...words("lightning balloon volcano rose daisy ship crown palm dragon elephant rabbit owl butterfly antlers horn"),
  ...words("helmet robot car train plane rocket fruit cup pizza room"),
];
export type Content = (typeof CONTENTS)[number];

/** Ways of painting. */
export const STYLES = words("watercolor oil pixel glass ink sumi neonstyle bright saturate detail dream");
export type Style = (typeof STYLES)[number];

/** Thresholds that are not 1.35: the loudness of a word from which a thing appears. */
export const FIRM: Partial<Record<Content, number>> = {
  mountain: 0.95,
  hills: 0.95,
  trees: 1,
  water: 1,
  city: 1.1,
  waves: 1.1,
  clouds: 0.85,
  sun: 0.85,
  stars: 0.95,
  moon: 1.05,
  fog: 1.05,
};

/** Things that show up unasked: where their axes start. */
export const LEAN: Partial<Record<string, number>> = {
  sun: 0.35,
  clouds: 0.55,
  mountain: 0.5,
  trees: 0.2,
  water: 0.35,
  fog: 0.3,
  birds: 0.6,
};

/** Things that the seed moves more than others. */
export const WANDER: readonly string[] = words("mountain hills water sun moon stars clouds");

/** Subjects that fill the picture, so that one must win. */
export const FRAMES = words("portrait flower geometric abstract mandala fish robot fruit cup pizza");

/** Kinds of axes of the model's meaning space. */
export type AxisKind = "content" | "style" | "palette";

/** One direction of meaning: a thing in the picture, a way of painting, or a palette. */
export interface Axis {
  readonly name: string;
  readonly kind: AxisKind;
  readonly index: number;
}

/** Length of a token's embedding, and of the text encoder's output. */
export const EMBEDDING = 100;
/** The last numbers of an embedding say nothing but how a text is spelled: they move the composition. */
export const SPELLING = 9;
/** Axes that fit: channel 0 of the latents holds 64, the lower half of channel 3's block the rest. */
const MAX_AXES = EMBEDDING - SPELLING;

/** Contents, then styles, then palettes (named `p_...`). */
export function axesOf(palettes: readonly string[]): readonly Axis[] {
  const named: [AxisKind, string][] = [
    ...CONTENTS.map((each): [AxisKind, string] => ["content", each]),
    ...STYLES.map((each): [AxisKind, string] => ["style", each]),
    ...palettes.map((each): [AxisKind, string] => ["palette", `p_${each}`]),
  ];
  if (named.length > MAX_AXES) throw new RangeError(`${named.length} axes, and there is room for ${MAX_AXES}.`);
  return named.map(([kind, axisName], index) => ({ name: axisName, kind, index }));
}

/** Coordinates of an axis in the latents: the channel and the place in its 8x8 block of lowest frequencies. */
export function placeOf(axis: number): { readonly channel: 0 | 3; readonly coefficient: number } {
  return axis < 64 ? { channel: 0, coefficient: axis } : { channel: 3, coefficient: axis - 64 + 32 };
}

/** Places in channel 3's block that the nine spelling numbers push: a corner of 3 x 3. */
export const SPELLING_PLACES = [0, 1, 2, 8, 9, 10, 16, 17, 18] as const;

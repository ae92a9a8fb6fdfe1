import type { Content } from "../axes.ts";
import type { Scene } from "../scene.ts";
import { abs, add, clamp, exp, length, max, mix } from "../values.ts";

/** Scene with its horizon and its light, and the empty sky painted. Units are picture heights; y points down. */
export function withSky(scene: Scene) {
  const { gates, styles, snorm, y, x, halfWidth, palette, fbm } = scene;
  const wet = max(gates.water, gates.waves);
  const horizonY = add(0.63, snorm(2).mul(0.085)).add(snorm(20).mul(0.035)).sub(wet.mul(0.05));
  const toHorizon = clamp(y.div(horizonY));
  const retro = styles.neonstyle.mul(gates.city.oneMinus());
  const sunX = snorm(0).mul(0.75).mul(halfWidth);
  const low = max(palette("sunset", "dawn", "ember"), retro).mul(0.24);
  const sunY = horizonY.mul(add(0.42, snorm(1).mul(0.22)).add(low));
  const moonR = add(0.075, snorm(3).mul(0.022));
  const sunR = moonR.mul(add(1, retro.mul(1.1)));
  const darkness = palette("night", "space", "neon", "storm", "ember", "gold");
  const orb = max(gates.sun, gates.moon);
  const sunDistance = length(x.sub(sunX), y.sub(sunY));
  const sky = mix(scene.colors.zenith, scene.colors.horizon, clamp(toHorizon, 0.0001, 1).pow(1.35));
  const skyNoise = fbm(x.mul(0.55), y.mul(1.1), 4);
  scene.img = sky.lighten(skyNoise.mul(0.012));
  scene.focus = scene.zeros;
  return Object.assign(scene, {
    /** Amount of water. */
    wet,
    horizonY,
    /** 0 at the top, 1 from the horizon on. */
    toHorizon,
    /** Amount of striped neon sun in the light. */
    retro,
    sunX,
    sunY,
    moonR,
    sunR,
    darkness,
    /** Amount of sun or moon. */
    orb,
    sunDistance,
    skyNoise,
  });
}

export type Sky = ReturnType<typeof withSky>;

/** Things beside which there are no hills unasked. */
const FILLING: readonly Content[] = [
  ...["mountain", "city", "trees", "water", "waves", "portrait", "flower", "planet", "geometric", "abstract"] as const,
  ...["mandala", "galaxy", "castle", "fish", "volcano", "robot", "fruit", "cup", "pizza"] as const,
];

/** Scene whose sky is painted, with what its ground has to know. */
export function withGround(sky: Sky) {
  const { gates, palette, x, sunX, orb } = sky;
  const bare = FILLING.map((name) => gates[name].oneMinus()).reduce((product, each) => product.mul(each));
  return Object.assign(sky, {
    /** Hills, also where nothing else would stand. */
    hilly: max(gates.hills.mul(gates.water.oneMinus()), bare),
    /** Light that falls on the land near the sun. */
    glow: exp(abs(x.sub(sunX)).mul(-2.2)).mul(orb),
    snowy: palette("winter", "day", "storm", "dawn", "night", "spring", "lavender"),
    dune: palette("desert", "gold", "ember"),
  });
}

export type Ground = ReturnType<typeof withGround>;

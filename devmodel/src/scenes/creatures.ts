import { abs, add, clamp, cos, exp, fract, length, max, min, mix, sign, sin, smoothstep, sub,
  type Value } from "../values.ts";
import type { Ground } from "./layout.ts";
import { shapes } from "./shapes.ts";

/** Dark shape with a lit rim, on a ledge at `foot`. */
function sitting(scene: Ground, shape: Value, foot: number, size: number, dark: number, amount: Value): void {
  const { y, xs, profile, glow, fill, focusOn } = scene;
  const { near, black, light } = scene.colors;
  const rim = exp(abs(shape).mul(-95));
  const top = add(foot - 0.012, profile(7, xs.mul(0.5)).mul(0.01));
  fill(mix(near, black, 0.45), y.sub(top), amount);
  fill(mix(mix(near, black, dark), light, rim.mul(0.42).mul(add(0.25, glow))), shape.mul(size), amount);
  focusOn(clamp(add(1, shape.mul(25))).mul(amount));
}

/** Sitting cat. */
export function cat(scene: Ground, amount: Value): void {
  const { snorm, halfWidth, x, y } = scene;
  const [cx, gy] = [snorm(10).mul(0.45).mul(halfWidth), 0.965];
  const s = 1.05;
  const [dx, yy] = [x.sub(cx).div(s), y.sub(gy).div(s)];
  const { ellipses } = shapes(dx, yy);
  const ear = (ox: number, top: number, w: number, h: number, skew: number) =>
    min(yy.sub(top).mul(w).div(h).sub(abs(dx.sub(ox).sub(yy.sub(top).sub(h).mul(skew)))), sub(h, yy.sub(top)));
  let c = ellipses([0, -0.115, 0.105, 0.15], [0, -0.3, 0.072, 0.064], [0, -0.2, 0.075, 0.1], [0.07, -0.02, 0.1, 0.03]);
  c = max(c, ear(-0.045, -0.405, 0.034, 0.075, 0.18), ear(0.045, -0.405, 0.034, 0.075, -0.18));
  c = max(c, min(sub(0.017, abs(dx.sub(add(0.13, sin(yy.mul(9)).mul(0.045))))), min(yy.add(0.2), sub(0, yy))));
  sitting(scene, c, gy, s, 0.55, amount);
}

/** Dog that sits, seen from the side, head up. */
export function dog(scene: Ground, amount: Value): void {
  const { seed, snorm, halfWidth, x, y, gates } = scene;
  const way = sign(seed(13).add(0.001));
  const [cx, gy] = [snorm(10).mul(0.35).mul(halfWidth).sub(gates.cat.mul(0.3).mul(way)), 0.955];
  const [dx, yy] = [x.sub(cx).mul(way), y.sub(gy)];
  const { ellipses, limb, limbs } = shapes(dx, yy);
  // Sitting, seen from the side, head up.
  const body = max(ellipses([-0.055, -0.085, 0.085, 0.09], [0.062, -0.362, 0.05, 0.046]),
    limbs([-0.05, -0.12, 0.035, -0.255, 0.085, 0.058], [0.03, -0.25, 0.055, -0.335, 0.05, 0.04],
      [0.08, -0.352, 0.14, -0.343, 0.027, 0.018], [0.045, -0.2, 0.06, -0.012, 0.034, 0.019],
      [0.055, -0.012, 0.085, -0.008, 0.017, 0.012], [-0.04, -0.02, 0.025, -0.01, 0.026, 0.014],
      [-0.125, -0.03, -0.21, -0.075, 0.02, 0.012]));
  const pointed = min(yy.add(0.455).mul(0.3).sub(abs(dx.sub(0.04).add(yy.add(0.4).mul(0.1)))), sub(-0.365, yy));
  const hanging = limb(0.035, -0.385, 0.012, -0.32, 0.012, 0.021);
  const c = max(body, mix(pointed, hanging, seed(5).gt(0.2)));
  sitting(scene, c, gy, 1, 0.5, amount);
}

/** Standing horse, head up. */
export function horse(scene: Ground, amount: Value): void {
  const { seed, snorm, halfWidth, x, y, noise, xs, profile, glow, fill, focusOn, gates } = scene;
  const { near, black, light } = scene.colors;
  const way = sign(seed(13).add(0.001));
  const [cx, gy] = [snorm(10).mul(0.3).mul(halfWidth), add(0.9, snorm(12).mul(0.015))];
  const s = 1.12;
  const [dx, yy] = [x.sub(cx).mul(way).div(s), y.sub(gy).div(s)];
  const { ellipses, limb, limbs } = shapes(dx, yy);
  let c = max(ellipses([0, -0.235, 0.15, 0.072], [-0.095, -0.24, 0.075, 0.08], [0.095, -0.225, 0.07, 0.075]),
    limbs([0.105, -0.25, 0.18, -0.375, 0.068, 0.036], [0.182, -0.385, 0.25, -0.318, 0.033, 0.019]));
  c = max(c, min(yy.add(0.437).mul(0.3).sub(abs(dx.sub(0.176).sub(yy.add(0.437).mul(0.15)))), sub(-0.385, yy)));
  const legs = (...rows: readonly (readonly [number, number, number])[]) =>
    limbs(...rows.flatMap(([hip, bend, hoof]) => [
      [hip, -0.2, hip + bend, -0.105, 0.032, 0.016] as const,
      [hip + bend, -0.105, hoof, -0.006, 0.015, 0.01] as const,
      [hoof, -0.008, hoof + 0.012, -0.004, 0.012, 0.01] as const,
    ]));
  c = max(c, legs([0.11, 0.012, 0.13], [0.085, -0.012, 0.07]), legs([-0.12, 0.01, -0.15], [-0.095, -0.006, -0.075]));
  const flow = noise(x.mul(3), y.mul(3)).mul(0.003);
  c = max(c, limbs([-0.165, -0.265, -0.215, -0.2, 0.02, 0.026], [-0.215, -0.2, -0.225, -0.09, 0.028, 0.012],
    [0.105, -0.3, 0.16, -0.405, 0.02, 0.016]).add(flow));
  const tines = max(
    limbs([0.17, -0.42, 0.14, -0.52, 0.012, 0.011], [0.14, -0.52, 0.18, -0.62, 0.011, 0.006],
      [0.15, -0.5, 0.08, -0.56, 0.01, 0.009], [0.08, -0.56, 0.08, -0.64, 0.009, 0.005]),
    limbs([0.19, -0.42, 0.24, -0.52, 0.012, 0.011], [0.24, -0.52, 0.24, -0.62, 0.011, 0.006],
      [0.235, -0.51, 0.3, -0.56, 0.009, 0.005]));
  c = max(c, tines.sub(gates.antlers.oneMinus()),
    limb(0.2, -0.4, 0.285, -0.545, 0.014, 0.003).sub(gates.horn.oneMinus()));
  const rim = exp(abs(c).mul(-95));
  const grass = gy.sub(0.008).add(profile(7, xs.mul(0.6)).mul(0.01))
    .sub(abs(fract(x.mul(55).add(profile(3, xs.mul(4)))).sub(0.5)).mul(0.016));
  fill(mix(mix(near, black, 0.45), light, rim.mul(0.4).mul(add(0.25, glow))), c.mul(s), amount);
  fill(mix(near, black, 0.4), y.sub(grass), amount);
  focusOn(clamp(add(1, c.mul(25))).mul(amount));
}

/** Flying dragon that breathes fire. */
export function dragon(scene: Ground, amount: Value): void {
  const { seed, snorm, halfWidth, x, y, fbm, lab, fill, paint, focusOn } = scene;
  const { near, black, light, accent } = scene.colors;
  const [way, s] = [sign(seed(13).add(0.001)), add(0.44, snorm(3).mul(0.03))];
  const [u, v] = [x.sub(snorm(10).mul(0.08).mul(halfWidth)).mul(way).div(s),
    y.sub(0.5).sub(snorm(11).mul(0.03)).div(s)];
  const { chain, ellipse, ellipses, limb, limbs, polygon } = shapes(u, v);
  const scales = mix(mix(accent, near, 0.45), near, clamp(v.mul(0.8).add(0.45)))
    .lighten(sin(u.mul(60)).mul(sin(v.mul(60))).mul(0.015));
  const skin = mix(mix(accent, near, 0.25), light, 0.12);
  // A wing is a sheet between fingers, its lower edge cut round.
  const far = max(min(polygon([0.12, -0.08], [0.2, -0.72], [0.72, -0.62], [0.3, -0.05]),
    ellipses([0.62, -0.2, 0.27, 0.3], [0.3, 0, 0.08, 0.1]).mul(-1)),
      chain([0.14, -0.08, 0.03], [0.2, -0.74, 0.018], [0.75, -0.64, 0.004]));
  fill(mix(skin, near, 0.55), far.mul(s), amount);
  const fire = max(u.sub(0.74), 0);
  const flame = smoothstep(1, 0.25, abs(v.add(0.2).sub(fire.mul(0.28))
    .add(fbm(x.mul(1.8), y.mul(1.8), 3).mul(fire).mul(0.12))).div(add(0.02, fire.mul(0.3))));
  paint(mix(lab(0.95, 0, 0.12), lab(0.66, 0.18, 0.12), clamp(fire.mul(1.6))),
    clamp(flame.mul(u.gt(0.74)).mul(sub(1.25, fire.mul(1.7)))).mul(amount));
  const tail = max(chain([-0.1, 0.06, 0.12], [-0.45, 0.2, 0.07], [-0.8, 0.12, 0.035], [-1.02, -0.1, 0.012]),
    polygon([-0.95, -0.02], [-1.14, -0.04], [-1.06, -0.28], [-0.96, -0.14]));
  const body = chain([-0.14, 0.05, 0.12], [0.2, 0, 0.12], [0.4, -0.14, 0.07], [0.54, -0.32, 0.055]);
  const head = max(chain([0.54, -0.33, 0.06], [0.66, -0.31, 0.05], [0.79, -0.27, 0.03]),
    limb(0.58, -0.28, 0.76, -0.18, 0.035, 0.014),
    limbs([0.54, -0.36, 0.4, -0.5, 0.026, 0.004], [0.58, -0.37, 0.5, -0.52, 0.02, 0.004]));
  const legs = max(chain([0.2, 0.06, 0.055], [0.3, 0.2, 0.04], [0.24, 0.3, 0.024], [0.32, 0.33, 0.012]),
    chain([-0.12, 0.1, 0.07], [-0.02, 0.26, 0.045], [-0.12, 0.36, 0.026], [-0.03, 0.4, 0.012]));
  const spine = min(body.add(0.035), sin(u.mul(52).add(v.mul(26))).mul(0.03));
  const whole = max(max(tail, body), max(head, legs), spine);
  fill(mix(scales, light, exp(abs(whole).mul(-50)).mul(0.22)), whole.mul(s), amount);
  const wing = max(min(polygon([-0.36, 0.04], [-0.86, -0.5], [-0.06, -0.66], [0.08, -0.02]),
    ellipses([-0.72, -0.12, 0.24, 0.3], [-0.36, 0.06, 0.17, 0.16]).mul(-1)),
    chain([0.1, -0.02, 0.04], [-0.06, -0.68, 0.024], [-0.9, -0.52, 0.004]));
  const ribs = limbs([-0.06, -0.66, -0.5, -0.18, 0.014, 0.005], [-0.06, -0.66, -0.2, -0.05, 0.014, 0.006]);
  fill(mix(skin, near, clamp(add(0.7, v).mul(0.35))), wing.mul(s), amount);
  fill(scales, min(ribs, wing).mul(s), amount);
  fill(lab(0.9, 0, 0.15), ellipse(0.63, -0.335, 0.018, 0.014).mul(s), amount);
  fill(black, ellipse(0.634, -0.335, 0.006, 0.013).mul(s), amount);
  focusOn(clamp(add(1, max(whole, wing).mul(15))).mul(amount));
}

/** Elephant from the side. */
export function elephant(scene: Ground, amount: Value): void {
  const { seed, snorm, halfWidth, x, y, xs, profile, fbm, glow, lab, fill, paint, coverage, focusOn } = scene;
  const { near, light, white, black, far } = scene.colors;
  const [way, s] = [sign(seed(13).add(0.001)), 0.86];
  const [u, v] = [x.sub(snorm(10).mul(0.08).mul(halfWidth)).mul(way).div(s), y.sub(0.9).div(s)];
  const { chain, ellipse, ellipses, limb } = shapes(u, v);
  fill(mix(mix(near, black, 0.3), far, 0.15), y.sub(add(0.885, profile(7, xs.mul(0.6)).mul(0.01))), amount);
  const hide = mix(mix(lab(0.55, 0, 0.01), near, 0.35), light, glow.mul(0.12))
    .lighten(fbm(x.mul(3), y.mul(3), 3).mul(0.02));
  const legs = (at: number) => limb(at, -0.22, at, -0.02, 0.066, 0.058);
  fill(mix(hide, near, 0.5), max(legs(0.09), legs(-0.13)).mul(s), amount);
  const body = max(ellipses([0, -0.32, 0.27, 0.175], [-0.12, -0.31, 0.17, 0.17]),
    max(legs(0.17), legs(-0.21)));
  const head = max(ellipse(0.28, -0.41, 0.125, 0.13),
    chain([0.36, -0.4, 0.075], [0.43, -0.28, 0.052], [0.445, -0.14, 0.036], [0.48, -0.05, 0.026], [0.53, -0.05, 0.02]));
  const tail = chain([-0.25, -0.38, 0.014], [-0.3, -0.26, 0.01], [-0.295, -0.17, 0.014]);
  const whole = max(body, max(head, tail));
  fill(mix(mix(hide, near, smoothstep(-0.4, -0.02, v).mul(0.45)), light, exp(abs(whole).mul(-70)).mul(0.16)),
    whole.mul(s), amount);
  fill(mix(white, light, 0.3), chain([0.35, -0.31, 0.02], [0.43, -0.23, 0.015], [0.5, -0.22, 0.005]).mul(s), amount);
  const ear = ellipses([0.19, -0.42, 0.115, 0.135], [0.18, -0.33, 0.07, 0.09]);
  fill(mix(hide, near, 0.22), ear.mul(s), amount);
  paint(mix(near, black, 0.3), coverage(sub(0.004, abs(ear)).mul(s)).mul(amount).mul(0.6));
  fill(black, ellipse(0.345, -0.435, 0.011, 0.011).mul(s), amount);
  for (const at of [0.17, -0.21]) {
    paint(white, coverage(min(sub(0.006, abs(v.add(0.012))), abs(u.sub(at).mul(30)).node("Cos").mul(0.01)).mul(s))
      .mul(coverage(body.mul(s))).mul(amount).mul(0.5));
  }
  focusOn(clamp(add(1, whole.mul(20))).mul(amount));
}

/** Sitting rabbit. */
export function rabbit(scene: Ground, amount: Value): void {
  const { seed, snorm, halfWidth, x, y, xs, profile, lab, fill, glow, focusOn } = scene;
  const { near, light, white, black, far, accent } = scene.colors;
  const [way, s] = [sign(seed(13).add(0.001)), 1.25];
  const [u, v] = [x.sub(snorm(10).mul(0.3).mul(halfWidth)).mul(way).div(s), y.sub(0.93).div(s)];
  const { chain, ellipse, ellipses, limb } = shapes(u, v);
  const grass = y.sub(add(0.915, profile(7, xs.mul(0.6)).mul(0.01)))
    .add(abs(fract(x.mul(60).add(profile(3, xs.mul(4)))).sub(0.5)).mul(0.02));
  fill(mix(near, far, 0.2), grass, amount);
  const fur = mix(mix(mix(lab(0.72, 0.02, 0.05), white, seed(5).gt(0.3).mul(0.7)), near, 0.12), light, glow.mul(0.15));
  const body = max(ellipses([-0.03, -0.12, 0.125, 0.125], [0.06, -0.17, 0.07, 0.1]),
    max(chain([0.08, -0.12, 0.03], [0.1, -0.02, 0.02], [0.135, -0.012, 0.016]),
    limb(-0.09, -0.022, 0.05, -0.016, 0.034, 0.018)));
  const ears = max(chain([0.07, -0.31, 0.022], [0.03, -0.42, 0.03], [0.005, -0.5, 0.012]),
    chain([0.095, -0.32, 0.022], [0.085, -0.43, 0.03], [0.075, -0.52, 0.012]));
  const head = ellipses([0.1, -0.28, 0.072, 0.062], [0.135, -0.262, 0.045, 0.042]);
  const whole = max(body, max(ears, head));
  fill(mix(white, fur, 0.2), ellipse(-0.15, -0.09, 0.04, 0.04).mul(s), amount);
  fill(mix(mix(fur, near, smoothstep(-0.2, 0, v).mul(0.4)), near, exp(abs(whole).mul(-110)).mul(0.35)), whole.mul(s),
    amount);
  fill(mix(fur, near, 0.28), sub(0.0035, abs(ellipse(-0.06, -0.085, 0.085, 0.085))).mul(s), amount);
  fill(mix(accent, fur, 0.6), chain([0.085, -0.35, 0.008], [0.083, -0.43, 0.015], [0.077, -0.49, 0.005]).mul(s),
    amount);
  fill(black, ellipse(0.118, -0.29, 0.013, 0.015).mul(s), amount);
  fill(white, ellipse(0.122, -0.295, 0.004, 0.004).mul(s), amount);
  fill(mix(accent, near, 0.3), ellipse(0.178, -0.266, 0.01, 0.008).mul(s), amount);
  focusOn(clamp(add(1, whole.mul(25))).mul(amount));
}

/** Owl on a branch. */
export function owl(scene: Ground, amount: Value): void {
  const { seed, snorm, halfWidth, x, y, fbm, lab, fill, paint, coverage, each, focusOn } = scene;
  const { near, light, white, black, far, accent } = scene.colors;
  const [cx, s] = [snorm(10).mul(0.25).mul(halfWidth), 1.15];
  const [u, v] = [x.sub(cx).div(s), y.sub(0.56).div(s)];
  const { ellipse, limb, polygon } = shapes(u, v);
  const branch = add(0.026, u.mul(0.012)).sub(abs(v.sub(0.205).sub(u.mul(0.1)).add(fbm(x, y, 3).mul(0.004))));
  const twig = limb(0.2, 0.21, 0.42, 0.06, 0.014, 0.006);
  fill(mix(mix(near, black, 0.3), light, smoothstep(0.012, 0.03, branch).mul(0.12)), max(branch, twig).mul(s), amount);
  const feather = mix(mix(lab(0.5, 0.03, 0.06), near, 0.3), far, 0.15);
  fill(mix(feather, near, 0.45), limb(0, 0.16, 0.015, 0.3, 0.05, 0.035).mul(s), amount);
  const body = max(ellipse(0, 0.03, 0.135, 0.195),
    max(ellipse(0, -0.13, 0.125, 0.1), max(polygon([-0.125, -0.255], [-0.03, -0.2], [-0.105, -0.13]),
    polygon([0.125, -0.255], [0.105, -0.13], [0.03, -0.2]))));
  fill(mix(feather, light, exp(abs(body).mul(-70)).mul(0.2)), body.mul(s), amount);
  const chest = ellipse(0, 0.06, 0.085, 0.14);
  const barred = sin(v.mul(120).add(abs(u).mul(-60))).gt(0.2);
  fill(mix(mix(white, feather, 0.4), mix(feather, near, 0.2), barred.mul(0.7)), chest.mul(s), amount);
  each([-1, 1], (side) => {
    const wing = shapes(u.mul(side), v).ellipse(0.12, 0.06, 0.05, 0.15);
    fill(mix(feather, near, 0.45).lighten(sin(v.mul(90)).mul(0.02)), wing.mul(s), amount);
    const eye = length(u.sub(0.056 * side), v.add(0.135));
    fill(mix(white, feather, 0.45), sub(0.062, eye).mul(s), amount);
    fill(mix(lab(0.84, 0.04, 0.16), accent, seed(5).gt(0.4).mul(0.5)), sub(0.042, eye).mul(s), amount);
    fill(black, sub(0.023, eye).mul(s), amount);
    fill(white, sub(0.008, length(u.sub(0.056 * side).add(0.01), v.add(0.146))).mul(s), amount);
    const claw = shapes(u.sub(0.05 * side), v).limb(0, 0.2, 0, 0.225, 0.022, 0.012);
    fill(lab(0.7, 0.05, 0.12), claw.mul(s), amount);
  });
  fill(lab(0.72, 0.07, 0.14), polygon([-0.02, -0.115], [0.02, -0.115], [0, -0.06]).mul(s), amount);
  paint(near, coverage(sub(0.003, abs(chest)).mul(s)).mul(amount).mul(0.3));
  focusOn(clamp(add(1, body.mul(20))).mul(amount));
}

/** Butterfly with open wings. */
export function butterfly(scene: Ground, amount: Value): void {
  const { seed, snorm, halfWidth, x, y, noise, fill, paint, coverage, focusOn } = scene;
  const { near, light, white, black, accent, horizon } = scene.colors;
  const [s, turn] = [add(0.42, snorm(3).mul(0.04)), snorm(7).mul(0.3)];
  const [dx, dy] = [x.sub(snorm(10).mul(0.15).mul(halfWidth)).div(s), y.sub(0.46).div(s)];
  const [ux, v] = [dx.mul(cos(turn)).add(dy.mul(sin(turn))), dy.mul(cos(turn)).sub(dx.mul(sin(turn)))];
  const u = abs(ux);
  const { chain, ellipse, ellipses, limbs } = shapes(u, v);
  const upper = limbs([0.06, -0.04, 0.58, -0.42, 0.05, 0.24], [0.1, -0.02, 0.6, -0.2, 0.05, 0.14]);
  const lower = limbs([0.05, 0.06, 0.4, 0.36, 0.05, 0.21], [0.4, 0.4, 0.44, 0.66, 0.1, 0.03]);
  const wings = max(upper, lower);
  const r = length(u, v);
  const color = mix(mix(accent, light, smoothstep(0.9, 0.05, r).mul(0.5)), mix(horizon, accent, 0.4),
    lower.gt(upper).mul(seed(5).gt(0).mul(0.8)));
  const vein = smoothstep(0.12, 0.02, abs(fract(sin(v.div(u.add(0.08)).mul(1.3)).mul(4)).sub(0.5)));
  fill(mix(color, near, vein.mul(0.45)).lighten(noise(x.mul(4), y.mul(4)).mul(0.01)), wings.mul(s), amount);
  const border = smoothstep(0.085, 0.055, max(upper.sub(0.02), lower)).mul(r.gt(0.22));
  paint(mix(near, black, 0.6), coverage(wings.mul(s)).mul(border).mul(amount));
  const spots = max(ellipses([0.62, -0.6, 0.03, 0.03], [0.74, -0.48, 0.028, 0.028]),
    max(ellipse(0.78, -0.34, 0.024, 0.024), ellipses([0.56, 0.42, 0.03, 0.03], [0.46, 0.53, 0.026, 0.026])));
  fill(mix(white, light, 0.3), spots.mul(s), amount);
  const eye = ellipses([0.5, -0.38, 0.085, 0.085], [0.34, 0.3, 0.07, 0.07]);
  fill(mix(near, black, 0.4), eye.mul(s), amount);
  fill(mix(light, accent, 0.2), ellipses([0.5, -0.38, 0.05, 0.05], [0.34, 0.3, 0.04, 0.04]).mul(s), amount);
  fill(mix(near, black, 0.6), max(chain([0, -0.22, 0.055], [0, 0.05, 0.05], [0, 0.4, 0.025]),
    chain([0.02, -0.24, 0.012], [0.1, -0.42, 0.008], [0.22, -0.54, 0.014])).mul(s), amount);
  focusOn(clamp(add(1, wings.mul(10))).mul(amount));
}

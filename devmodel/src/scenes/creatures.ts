import { abs, add, clamp, exp, fract, length, max, min, mix, type Operand, sign, sin, sub, Value } from "../values.ts";
import type { Ground } from "./layout.ts";

/** Signed distances of ellipses and limbs in a creature's own units. */
function shapes(u: Value, v: Value) {
  return {
    ellipse: (ox: number, oy: number, rx: number, ry: number) =>
      length(u.sub(ox).div(rx), v.sub(oy).div(ry)).oneMinus().mul(Math.min(rx, ry)),
    /** From (ax, ay) to (bx, by), of width wa at one end and wb at the other. */
    limb: (ax: number, ay: number, bx: number, by: Operand, wa: number, wb: number) => {
      const end = by instanceof Value ? by : new Value(u.graph, by);
      const along = u.sub(ax).mul(bx - ax).add(v.sub(ay).mul(end.sub(ay)));
      const t = clamp(along.div(add((bx - ax) ** 2, end.sub(ay).pow(2))));
      return mix(wa, wb, t).sub(length(u.sub(mix(ax, bx, t)), v.sub(mix(ay, end, t))));
    },
  };
}

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
  const { ellipse } = shapes(dx, yy);
  const ear = (ox: number, top: number, w: number, h: number, skew: number) =>
    min(yy.sub(top).mul(w).div(h).sub(abs(dx.sub(ox).sub(yy.sub(top).sub(h).mul(skew)))), sub(h, yy.sub(top)));
  let c = max(ellipse(0, -0.115, 0.105, 0.15), ellipse(0, -0.3, 0.072, 0.064), ellipse(0, -0.2, 0.075, 0.1),
    ellipse(0.07, -0.02, 0.1, 0.03));
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
  const { ellipse, limb } = shapes(dx, yy);
  // Sitting, seen from the side, head up.
  let c = max(ellipse(-0.055, -0.085, 0.085, 0.09), limb(-0.05, -0.12, 0.035, -0.255, 0.085, 0.058));
  c = max(c, limb(0.03, -0.25, 0.055, -0.335, 0.05, 0.04), ellipse(0.062, -0.362, 0.05, 0.046));
  c = max(c, limb(0.08, -0.352, 0.14, -0.343, 0.027, 0.018), limb(0.045, -0.2, 0.06, -0.012, 0.034, 0.019));
  c = max(c, limb(0.055, -0.012, 0.085, -0.008, 0.017, 0.012), limb(-0.04, -0.02, 0.025, -0.01, 0.026, 0.014));
  const pointed = min(yy.add(0.455).mul(0.3).sub(abs(dx.sub(0.04).add(yy.add(0.4).mul(0.1)))), sub(-0.365, yy));
  const hanging = limb(0.035, -0.385, 0.012, -0.32, 0.012, 0.021);
  c = max(c, mix(pointed, hanging, seed(5).gt(0.2)));
  c = max(c, limb(-0.125, -0.03, -0.21, sub(-0.075, snorm(11).mul(0.03)), 0.02, 0.012));
  sitting(scene, c, gy, 1, 0.5, amount);
}

/** Standing horse, head up. */
export function horse(scene: Ground, amount: Value): void {
  const { seed, snorm, halfWidth, x, y, noise, xs, profile, glow, fill, focusOn } = scene;
  const { near, black, light } = scene.colors;
  const way = sign(seed(13).add(0.001));
  const [cx, gy] = [snorm(10).mul(0.3).mul(halfWidth), add(0.9, snorm(12).mul(0.015))];
  const s = 1.12;
  const [dx, yy] = [x.sub(cx).mul(way).div(s), y.sub(gy).div(s)];
  const { ellipse, limb } = shapes(dx, yy);
  // Standing, head up; legs of four lengths of stride.
  let c = max(ellipse(0, -0.235, 0.15, 0.072), ellipse(-0.095, -0.24, 0.075, 0.08), ellipse(0.095, -0.225, 0.07, 0.075));
  c = max(c, limb(0.105, -0.25, 0.18, -0.375, 0.068, 0.036), limb(0.182, -0.385, 0.25, -0.318, 0.033, 0.019));
  c = max(c, min(yy.add(0.437).mul(0.3).sub(abs(dx.sub(0.176).sub(yy.add(0.437).mul(0.15)))), sub(-0.385, yy)));
  for (const [hip, bend, hoof] of [
    [0.11, 0.012, 0.13], [0.085, -0.012, 0.07], [-0.12, 0.01, -0.15], [-0.095, -0.006, -0.075],
  ] as const) {
    c = max(c, limb(hip, -0.2, hip + bend, -0.105, 0.032, 0.016));
    c = max(c, limb(hip + bend, -0.105, hoof, -0.006, 0.015, 0.01),
      limb(hoof, -0.008, hoof + 0.012, -0.004, 0.012, 0.01));
  }
  const flow = noise(x.mul(3), y.mul(3)).mul(0.003);
  c = max(c, limb(-0.165, -0.265, -0.215, -0.2, 0.02, 0.026).add(flow),
    limb(-0.215, -0.2, -0.225, -0.09, 0.028, 0.012).add(flow));
  c = max(c, limb(0.105, -0.3, 0.16, -0.405, 0.02, 0.016).add(flow));
  const rim = exp(abs(c).mul(-95));
  const grass = gy.sub(0.008).add(profile(7, xs.mul(0.6)).mul(0.01))
    .sub(abs(fract(x.mul(55).add(profile(3, xs.mul(4)))).sub(0.5)).mul(0.016));
  fill(mix(mix(near, black, 0.45), light, rim.mul(0.4).mul(add(0.25, glow))), c.mul(s), amount);
  fill(mix(near, black, 0.4), y.sub(grass), amount);
  focusOn(clamp(add(1, c.mul(25))).mul(amount));
}

import { abs, add, clamp, exp, floor, fract, gt, length, max, min, mix, mul, sin, smoothstep, sub,
  type Value } from "../values.ts";
import type { Ground } from "./layout.ts";
import { shapes } from "./shapes.ts";

/** Wall, and a table's edge at `edge`, for things that lie on it. */
function table(scene: Ground, edge: number, amount: Value): void {
  const { x, y, seed, snorm, fbm, fill, paint } = scene;
  const { zenith, horizon, light, near, far, accent } = scene.colors;
  const wall = mix(mix(far, horizon, 0.55), mix(zenith, near, 0.25),
    smoothstep(0.1, 1, length(x.sub(snorm(0).mul(0.3)), y.sub(0.25))));
  paint(wall.lighten(fbm(x.mul(0.9), y.mul(0.9), 4).mul(0.014)), amount);
  paint(light, exp(length(x.add(0.35).sub(snorm(0).mul(0.2)), y.sub(0.1)).mul(-3)).mul(amount).mul(0.4));
  const grainY = y.mul(14).add(fbm(x.mul(0.6), y.mul(3), 3).mul(0.5));
  const wood = mix(mix(near, accent, 0.3), mix(far, light, 0.2), add(0.25, seed(6).gt(0).mul(0.2)))
    .lighten(sin(grainY.mul(6)).mul(0.012));
  fill(mix(wood, near, clamp(y.sub(edge).mul(1.4))), y.sub(edge), amount);
  fill(mix(wood, light, 0.4), sub(0.004, abs(y.sub(edge))), amount);
}

/** Bowl of fruit: apples, oranges, a pear, bananas, grapes. */
export function fruit(scene: Ground, amount: Value): void {
  const { x, y, snorm, noise, lab, fill, paint, each, focusOn } = scene;
  const { near, light, white, black, horizon, accent } = scene.colors;
  table(scene, 0.66, amount);
  const s = 0.4;
  const [u, v] = [x.sub(snorm(10).mul(0.04)).div(s), y.sub(0.62).div(s)];
  const { chain, ellipse, limb } = shapes(u, v);
  paint(black, exp(u.pow(2).mul(-1.6).sub(v.sub(0.42).div(0.1).pow(2))).mul(amount).mul(0.55));
  const ball = (ox: number, oy: number, r: number, color: Value) => {
    const shape = ellipse(ox, oy, r, r * 0.97);
    const lit = smoothstep(1.25, 0.1, length(u.sub(ox - r * 0.35), v.sub(oy - r * 0.4)).div(r));
    fill(mix(mix(color, near, 0.6), color, lit).lighten(noise(x.mul(5), y.mul(5)).mul(0.008)), shape.mul(s), amount);
    paint(white, exp(length(u.sub(ox - r * 0.38), v.sub(oy - r * 0.42)).div(r).mul(-7)).mul(shape.gt(0)).mul(amount)
      .mul(0.8));
  };
  const [red, orange, green] = [lab(0.56, 0.19, 0.1), lab(0.75, 0.09, 0.15), lab(0.76, -0.1, 0.14)];
  // Bananas behind, a pear, then round fruit from back to front, grapes over the rim.
  fill(mix(lab(0.87, 0, 0.16), near, smoothstep(-0.5, 0.2, v).mul(0.4)),
    max(chain([-0.55, -0.05, 0.08], [-0.5, -0.42, 0.1], [-0.28, -0.72, 0.085], [-0.18, -0.82, 0.025]),
      chain([-0.42, 0, 0.08], [-0.33, -0.38, 0.1], [-0.12, -0.64, 0.08], [-0.02, -0.72, 0.025])).mul(s), amount);
  fill(mix(green, near, smoothstep(0.1, 0.45, u).mul(0.45)),
    chain([0.3, -0.62, 0.085], [0.28, -0.3, 0.2], [0.28, -0.2, 0.2]).mul(s), amount);
  fill(mix(near, black, 0.3), limb(0.3, -0.68, 0.34, -0.8, 0.018, 0.014).mul(s), amount);
  ball(0.55, -0.18, 0.2, orange);
  ball(-0.3, -0.16, 0.23, red);
  fill(mix(near, black, 0.3), limb(-0.3, -0.36, -0.26, -0.5, 0.016, 0.014).mul(s), amount);
  ball(0.06, -0.2, 0.21, orange);
  ball(0.33, -0.1, 0.2, red);
  each([[-0.56, -0.08], [-0.66, 0], [-0.5, 0.02], [-0.6, 0.1], [-0.53, 0.18]] as const, ([ox, oy]) => {
    ball(ox, oy, 0.085, lab(0.4, 0.09, -0.1));
  });
  const bowl = min(ellipse(0, -0.02, 0.86, 0.48), v.add(0.02));
  const foot = min(ellipse(0, 0.46, 0.3, 0.06), v.sub(0.38));
  const clay = mix(mix(white, horizon, 0.35), near, smoothstep(-0.5, 0.85, u).mul(0.6));
  fill(mix(clay, near, 0.25), foot.mul(s), amount);
  fill(clay, bowl.mul(s), amount);
  fill(mix(accent, near, 0.2), min(bowl, sub(0.028, abs(v.sub(0.1)))).mul(s), amount);
  fill(mix(clay, light, 0.6), min(sub(0.018, abs(v.add(0.01))), sub(0.86, abs(u))).mul(s), amount);
  focusOn(clamp(sub(1.5, length(u, v.add(0.15)).mul(1.2))).mul(amount));
}

/** Cup on its saucer, steaming. */
export function cup(scene: Ground, amount: Value): void {
  const { x, y, snorm, fbm, lab, fill, paint, coverage, focusOn } = scene;
  const { near, light, white, black, horizon, accent } = scene.colors;
  table(scene, 0.6, amount);
  const s = 0.34;
  const [u, v] = [x.sub(snorm(10).mul(0.05)).div(s), y.sub(0.6).div(s)];
  const { ellipse, polygon } = shapes(u, v);
  paint(black, exp(u.div(0.95).pow(2).mul(-1.4).sub(v.sub(0.56).div(0.14).pow(2))).mul(amount).mul(0.5));
  const china = mix(mix(white, light, 0.2), mix(near, horizon, 0.5), smoothstep(-0.55, 0.9, u).mul(0.65));
  fill(mix(china, near, 0.12), ellipse(0, 0.5, 0.92, 0.17).mul(s), amount);
  fill(mix(china, near, 0.3), ellipse(0, 0.48, 0.5, 0.09).mul(s), amount);
  const ear = sub(0.055, abs(length(u.sub(0.6), v.sub(0.06).mul(1.1)).sub(0.2)));
  fill(mix(china, near, 0.2), ear.mul(s), amount);
  const body = max(min(polygon([-0.62, -0.34], [0.62, -0.34], [0.46, 0.3], [-0.46, 0.3]), v.add(0.34)),
    ellipse(0, 0.28, 0.46, 0.2));
  fill(china, body.mul(s), amount);
  fill(mix(accent, near, smoothstep(-0.4, 0.9, u).mul(0.5)), min(body, sub(0.06, abs(v.add(0.06)))).mul(s), amount);
  fill(mix(china, white, 0.5), ellipse(0, -0.34, 0.62, 0.15).mul(s), amount);
  fill(mix(lab(0.34, 0.05, 0.05), lab(0.62, 0.05, 0.08),
    smoothstep(0.4, 1.1, fbm(x.mul(1.4), y.mul(4), 3).add(0.5)).mul(0.6)),
    ellipse(0, -0.33, 0.55, 0.115).mul(s), amount);
  // Steam.
  const up = max(sub(-0.38, v), 0);
  const wisp = (at: number, phase: number) => exp(abs(u.sub(at)
    .sub(add(phase, up.mul(4.4)).node("Sin").mul(up.mul(0.16).add(0.05)))).div(up.mul(0.07).add(0.05)).mul(-1.2));
  const steam = max(wisp(-0.2, 0.4), max(wisp(0.04, 2.1), wisp(0.24, 4)));
  paint(white, coverage(sub(-0.38, v)).mul(steam).mul(exp(up.mul(-1.7))).mul(amount).mul(0.6));
  focusOn(clamp(sub(1.5, length(u, v).mul(1.1))).mul(amount));
}

/** Pizza from above: salami, olives, basil, cut into eight. */
export function pizza(scene: Ground, amount: Value): void {
  const { x, y, snorm, fbm, noise, hash, lab, fill, paint, coverage, each, focusOn } = scene;
  const { near, light, black, white } = scene.colors;
  table(scene, -0.1, amount);
  const [dx, dy] = [x.sub(snorm(10).mul(0.03)), y.sub(0.5)];
  const r = length(dx, dy);
  paint(black, smoothstep(0.47, 0.36, length(dx.sub(0.02), dy.sub(0.03))).mul(amount).mul(0.6));
  fill(mix(mix(white, light, 0.3), near, smoothstep(0.36, 0.43, r).mul(0.2)), sub(0.435, r), amount);
  const rough = fbm(x.mul(1.8), y.mul(1.8), 4);
  const crust = mix(lab(0.74, 0.04, 0.1), lab(0.45, 0.06, 0.07), smoothstep(-0.4, 1.6, rough).mul(0.7))
    .lighten(sub(0.02, abs(r.sub(0.365))).mul(2));
  fill(crust, add(0.392, rough.mul(0.005)).sub(r), amount);
  fill(lab(0.52, 0.16, 0.09), add(0.346, rough.mul(0.006)).sub(r), amount);
  const cheese = mix(lab(0.86, 0.01, 0.12), lab(0.72, 0.06, 0.13), smoothstep(0, 1.4, noise(x.mul(4), y.mul(4))));
  paint(cheese, coverage(add(0.333, rough.mul(0.008)).sub(r)).mul(smoothstep(-1.3, -0.6, rough)).mul(amount));
  each([[0, -0.24], [0.21, -0.12], [0.2, 0.13], [0.02, 0.24], [-0.2, 0.14], [-0.21, -0.11], [-0.02, 0.02],
    [0.1, -0.03]] as const, ([ox, oy]) => {
    const d = length(dx.sub(ox), dy.sub(oy));
    const meat = lab(0.47, 0.15, 0.07).lighten(hash(floor(x.mul(180)), floor(y.mul(180))).sub(0.5).mul(0.06));
    fill(mix(meat, lab(0.33, 0.1, 0.05), smoothstep(0.036, 0.052, d)), sub(0.052, d), amount);
  });
  each([[0.1, -0.19], [-0.1, -0.17], [0.13, 0.05], [-0.11, 0.12], [0.09, 0.17], [-0.13, -0.01]] as const,
    ([ox, oy]) => {
    fill(lab(0.25, 0.01, 0), sub(0.007, abs(length(dx.sub(ox), dy.sub(oy)).sub(0.015))), amount);
    const [lu, lv] = [dx.sub(ox * 0.45).add(dy.mul(0.5)), dy.sub(oy * 0.7).sub(dx.mul(0.4))];
    fill(lab(0.52, -0.11, 0.09), length(lu.div(0.032), lv.div(0.014)).oneMinus().mul(0.014), amount);
  });
  const cut = min(min(abs(dx), abs(dy)), min(abs(dx.sub(dy)), abs(dx.add(dy))).mul(Math.SQRT1_2));
  paint(lab(0.35, 0.05, 0.05), coverage(min(sub(0.0022, cut), sub(0.385, r))).mul(amount).mul(0.75));
  focusOn(clamp(sub(2.2, r.mul(4.5))).mul(amount));
}

/** Living room: a window on what was painted before, a sofa, a lamp, a picture, a rug. */
export function room(scene: Ground, amount: Value): void {
  const { x, y, fbm, sample, lab, fill, paint, coverage, darkness, focusOn, sunX } = scene;
  const { near, far, light, white, black, horizon, zenith, accent } = scene.colors;
  const outside = sample(scene.img, x.add(0.12).mul(1.35).add(sunX.mul(0.3)), y.sub(0.06).mul(1.75));
  const { box, chain, ellipse, limb, polygon } = shapes(x, y);
  const warm = lab(0.9, 0.02, 0.09);
  const wall = mix(mix(mix(horizon, far, 0.3), light, 0.3), near, add(0.08, darkness.mul(0.35)));
  paint(mix(wall, near, smoothstep(0, 0.9, abs(x)).mul(0.25)).lighten(fbm(x.mul(1.4), y.mul(1.4), 3).mul(0.006)),
    amount);
  // Boards run towards the eye.
  const depth = y.sub(0.72);
  const boards = fract(x.div(add(0.45, max(depth, 0).mul(1.6))).mul(7));
  const floorColor = mix(mix(lab(0.5, 0.045, 0.07), near, 0.3), accent, 0.08)
    .lighten(fbm(x.mul(0.8), y.mul(5), 3).mul(0.012));
  fill(mix(floorColor, near, smoothstep(0.06, 0.01, boards).mul(0.5)), depth, amount);
  fill(mix(white, wall, 0.4), box(0, 0.715, 2, 0.009), amount);
  // Window.
  const pane = box(-0.16, 0.3, 0.17, 0.2);
  fill(mix(white, horizon, 0.2), box(-0.16, 0.3, 0.188, 0.218), amount);
  fill(mix(outside, white, 0.08), pane, amount);
  fill(mix(white, horizon, 0.2), max(box(-0.16, 0.3, 0.006, 0.2), box(-0.16, 0.26, 0.17, 0.005)), amount);
  fill(mix(white, near, 0.15), box(-0.16, 0.525, 0.21, 0.011), amount);
  const folds = x.mul(150).add(y.mul(4)).node("Sin").mul(0.03);
  fill(mix(accent, light, 0.25).lighten(folds), max(polygon([-0.4, 0.06], [-0.27, 0.06], [-0.335, 0.56], [-0.4, 0.56]),
    polygon([-0.05, 0.06], [0.08, 0.06], [0.08, 0.56], [0.015, 0.56])), amount);
  fill(mix(near, accent, 0.2), limb(-0.43, 0.055, 0.11, 0.055, 0.007, 0.007), amount);
  // Picture on the wall.
  fill(mix(near, lab(0.6, 0.03, 0.1), 0.5), box(0.24, 0.26, 0.085, 0.105), amount);
  fill(mix(zenith, light, smoothstep(0.18, 0.34, y)), box(0.24, 0.26, 0.072, 0.092), amount);
  fill(mix(far, near, 0.3), min(box(0.24, 0.26, 0.072, 0.092), y.sub(add(0.29, x.mul(24).node("Sin").mul(0.02)))),
    amount);
  // Rug, sofa, cushions.
  const rug = length(x.sub(0.02).div(0.38), y.sub(0.91).div(0.08)).oneMinus();
  fill(mix(mix(accent, near, 0.3), mix(light, horizon, 0.3), gt(0.12, abs(rug.sub(0.25)))), rug.mul(0.08), amount);
  const cloth = mix(mix(accent, far, 0.45), near, 0.2);
  paint(black, exp(x.sub(0.03).div(0.34).pow(2).mul(-1.3).sub(y.sub(0.85).div(0.03).pow(2))).mul(amount).mul(0.5));
  fill(mix(cloth, near, 0.15), limb(-0.18, 0.66, 0.24, 0.66, 0.1, 0.1), amount);
  fill(mix(near, black, 0.3), max(box(-0.25, 0.845, 0.012, 0.02), box(0.31, 0.845, 0.012, 0.02)), amount);
  fill(mix(cloth, light, 0.12), max(limb(-0.18, 0.74, 0.24, 0.74, 0.05, 0.05), box(0.03, 0.79, 0.24, 0.035)), amount);
  fill(mix(cloth, near, 0.3), sub(0.002, max(abs(x.sub(0.03)), abs(y.sub(0.74)).mul(0.1))), amount);
  for (const arm of [-0.26, 0.32]) fill(mix(cloth, light, 0.2),
    max(limb(arm, 0.7, arm, 0.78, 0.045, 0.045), box(arm, 0.79, 0.045, 0.035)), amount);
  fill(mix(light, accent, 0.3), polygon([-0.18, 0.6], [-0.06, 0.62], [-0.08, 0.73], [-0.2, 0.71]), amount);
  fill(mix(white, far, 0.5), polygon([0.14, 0.62], [0.26, 0.6], [0.27, 0.71], [0.16, 0.73]), amount);
  // Lamp, and a plant.
  fill(mix(near, black, 0.3), max(box(0.44, 0.64, 0.005, 0.2), box(0.44, 0.84, 0.045, 0.008)), amount);
  fill(mix(warm, white, 0.3), polygon([0.415, 0.36], [0.465, 0.36], [0.495, 0.46], [0.385, 0.46]), amount);
  paint(warm, exp(length(x.sub(0.44), y.sub(0.43)).mul(-6)).mul(add(0.25, darkness.mul(0.6))).mul(amount));
  const leaf = mix(lab(0.5, -0.09, 0.08), near, 0.2);
  for (const [tx, ty, w] of [[-0.42, 0.5, 0.03], [-0.34, 0.55, 0.028], [-0.48, 0.57, 0.026], [-0.37, 0.47, 0.026],
    [-0.46, 0.47, 0.024]] as const) {
    fill(leaf.lighten(fbm(x.mul(5), y.mul(5), 2).mul(0.03)),
      chain([-0.42, 0.74, 0.006], [(tx - 0.42) / 2, (ty + 0.7) / 2, w], [tx, ty, 0.003]), amount);
  }
  fill(mix(accent, near, 0.25), polygon([-0.475, 0.72], [-0.365, 0.72], [-0.385, 0.85], [-0.455, 0.85]), amount);
  focusOn(mul(0.5, coverage(max(ellipse(0.03, 0.72, 0.4, 0.16), pane))).mul(amount));
}

import { abs, add, clamp, cos, exp, fract, length, max, min, mix, sign, sin, smoothstep, sub,
  type Value } from "../values.ts";
import type { Ground } from "./layout.ts";
import { shapes } from "./shapes.ts";

/** Car from the side, on a road. */
export function car(scene: Ground, amount: Value): void {
  const { x, y, seed, snorm, halfWidth, fbm, lab, fill, paint, coverage, darkness, focusOn } = scene;
  const { near, far, accent, light, white, black, horizon } = scene.colors;
  const [way, s] = [sign(seed(13).add(0.001)), add(0.36, snorm(3).mul(0.03))];
  const [u, v] = [x.sub(snorm(10).mul(0.1).mul(halfWidth)).mul(way).div(s), y.sub(0.87).div(s)];
  const { box, ellipse, limb, polygon } = shapes(u, v);
  const asphalt = mix(mix(near, far, 0.3), lab(0.36, 0, 0), 0.5).lighten(fbm(x.mul(4), y.mul(9), 2).mul(0.01));
  fill(mix(asphalt, near, clamp(y.sub(0.83).mul(3))), y.sub(0.83), amount);
  paint(mix(light, white, 0.3), coverage(min(sub(0.005, abs(y.sub(0.945))), abs(fract(x.mul(4.5)).sub(0.5)).sub(0.22)))
    .mul(amount).mul(0.9));
  paint(black, exp(u.div(0.95).pow(2).mul(-2).sub(v.sub(0.02).div(0.06).pow(2))).mul(amount).mul(0.75));
  const paintwork = mix(accent, near, clamp(add(0.55, v).mul(0.55)));
  const cabin = polygon([-0.66, -0.4], [-0.36, -0.7], [0.18, -0.7], [0.52, -0.4]);
  const shell = max(limb(-0.78, -0.3, 0.76, -0.27, 0.17, 0.14), box(0, -0.2, 0.9, 0.09));
  fill(mix(paintwork, light, smoothstep(-0.38, -0.46, v).mul(0.25)), max(cabin, shell).mul(s), amount);
  const glass = max(polygon([-0.55, -0.42], [-0.32, -0.64], [-0.1, -0.64], [-0.1, -0.42]),
    polygon([-0.04, -0.42], [-0.04, -0.64], [0.14, -0.64], [0.39, -0.42]));
  fill(mix(mix(near, black, 0.4), light, smoothstep(0.2, 0.9, fract(u.sub(v.mul(0.5)).mul(1.7))).mul(0.3)),
    glass.mul(s), amount);
  const seam = min(sub(0.006, min(abs(u.add(0.07)), abs(u.sub(0.42)))), min(v.add(0.4), sub(-0.16, v)));
  paint(mix(near, black, 0.3), coverage(seam.mul(s)).mul(amount).mul(0.7));
  fill(mix(light, white, 0.6), box(0.05, -0.33, 0.05, 0.012).mul(s), amount);
  for (const wheel of [-0.52, 0.54]) {
    fill(mix(near, black, 0.85), ellipse(wheel, -0.14, 0.17, 0.17).mul(s), amount);
    fill(mix(white, horizon, 0.3), ellipse(wheel, -0.14, 0.09, 0.09).mul(s), amount);
    fill(mix(near, black, 0.5), ellipse(wheel, -0.14, 0.03, 0.03).mul(s), amount);
  }
  fill(lab(0.95, 0, 0.09), ellipse(0.86, -0.3, 0.05, 0.05).mul(s), amount);
  fill(lab(0.55, 0.19, 0.1), ellipse(-0.91, -0.32, 0.035, 0.05).mul(s), amount);
  const beam = exp(abs(v.add(0.3)).div(add(0.05, max(u.sub(0.86), 0).mul(0.35))).mul(-1)).mul(u.gt(0.86));
  paint(lab(0.95, 0, 0.09), clamp(beam.mul(exp(max(u.sub(0.86), 0).mul(-1.6)))).mul(darkness).mul(amount).mul(0.6));
  focusOn(clamp(add(1, max(cabin, shell).mul(12))).mul(amount));
}

/** Steam train from the side, on an embankment. */
export function train(scene: Ground, amount: Value): void {
  const { x, y, seed, fbm, xs, profile, lab, fill, paint, coverage, each, darkness, focusOn } = scene;
  const { near, far, accent, light, white, black, horizon } = scene.colors;
  const [way, s] = [sign(seed(13).add(0.001)), 0.3];
  const [u, v] = [x.mul(way).sub(0.08).div(s), y.sub(0.8).div(s)];
  const { box, ellipse, ellipses, limb, polygon } = shapes(u, v);
  // Steam first: it drifts back from the chimney.
  const back = max(sub(0.82, u), 0);
  const rise = v.add(1.18).add(back.mul(0.16)).add(fbm(x.mul(1.6), y.mul(1.6), 4).mul(0.16));
  const steam = smoothstep(0.16, 0.03, abs(rise).sub(back.mul(0.1))).mul(u.lt(0.86))
    .mul(clamp(sub(1.15, back.mul(0.38))));
  paint(mix(mix(light, white, 0.5), horizon, 0.2), clamp(steam).mul(amount).mul(0.9));
  const bank = y.sub(add(0.815, profile(4, xs.mul(2)).mul(0.004)));
  fill(mix(mix(far, near, 0.65), light, 0.04).lighten(fbm(x.mul(3), y.mul(5), 3).mul(0.016)), bank, amount);
  fill(mix(near, black, 0.5), min(sub(0.006, abs(y.sub(0.816))), abs(fract(x.mul(16)).sub(0.5)).sub(0.1).div(8)),
    amount);
  fill(mix(near, black, 0.7), sub(0.004, abs(y.sub(0.806))), amount);
  const iron = mix(mix(near, black, 0.45), light, smoothstep(-0.5, -0.62, v).mul(0.16));
  // Wagons.
  each([-1.02, -2.14, -3.26], (at) => {
    fill(mix(accent, near, 0.35), box(at, -0.44, 0.5, 0.26).mul(s), amount);
    fill(mix(near, black, 0.4), max(limb(at - 0.5, -0.72, at + 0.5, -0.72, 0.045, 0.045), box(at, -0.16, 0.54, 0.03))
      .mul(s),
      amount);
    const pane = min(sub(0.12, abs(v.add(0.5))),
      min(sub(0.46, abs(u.sub(at))), sub(0.1, abs(fract(u.sub(at).mul(3.2)).sub(0.5)).div(3.2))));
    fill(mix(mix(near, light, 0.4), lab(0.9, 0.02, 0.11), add(0.35, darkness.mul(0.65))), pane.mul(s), amount);
    fill(mix(near, black, 0.7), ellipses([at - 0.32, -0.07, 0.09, 0.09], [at + 0.32, -0.07, 0.09, 0.09])
      .mul(s), amount);
  });
  // Engine.
  const boiler = limb(-0.1, -0.46, 0.82, -0.46, 0.2, 0.19);
  const cab = box(-0.26, -0.5, 0.22, 0.36);
  fill(iron, max(boiler, max(limb(0.26, -0.66, 0.3, -0.66, 0.07, 0.07), box(0.2, -0.22, 0.72, 0.05))).mul(s), amount);
  fill(mix(accent, near, 0.25), max(cab, box(0.34, -0.46, 0.025, 0.2)).mul(s), amount);
  fill(mix(near, black, 0.6), box(-0.26, -0.88, 0.28, 0.035).mul(s), amount);
  fill(lab(0.9, 0.02, 0.11), box(-0.26, -0.64, 0.11, 0.1).mul(s), amount);
  fill(mix(near, black, 0.55), max(polygon([0.76, -0.62], [0.72, -1], [0.94, -1], [0.9, -0.62]),
    box(0.83, -1, 0.14, 0.035)).mul(s), amount);
  fill(mix(accent, near, 0.2), polygon([0.9, -0.2], [1.02, -0.2], [1.2, -0.02], [0.9, -0.02]).mul(s), amount);
  fill(lab(0.95, 0, 0.09), ellipse(1, -0.52, 0.07, 0.07).mul(s), amount);
  for (const [at, r] of [[-0.3, 0.15], [0.06, 0.15], [0.42, 0.15], [0.74, 0.1]] as const) {
    fill(mix(near, black, 0.75), ellipse(at, -r, r, r).mul(s), amount);
    fill(mix(accent, near, 0.2), ellipse(at, -r, r * 0.62, r * 0.62).mul(s), amount);
    fill(mix(near, black, 0.75), ellipse(at, -r, r * 0.2, r * 0.2).mul(s), amount);
  }
  fill(mix(light, horizon, 0.4), limb(-0.3, -0.12, 0.42, -0.12, 0.022, 0.022).mul(s), amount);
  paint(light, coverage(min(boiler, sub(0.02, abs(v.add(0.57)))).mul(s)).mul(amount).mul(0.25));
  focusOn(clamp(add(1, max(boiler, cab).mul(10))).mul(amount));
}

/** Airliner in the sky. */
export function plane(scene: Ground, amount: Value): void {
  const { x, y, seed, snorm, halfWidth, fill, paint, coverage, focusOn } = scene;
  const { near, accent, light, white, horizon, zenith } = scene.colors;
  const [way, s, tilt] = [sign(seed(13).add(0.001)), add(0.36, snorm(3).mul(0.04)), add(0.16, snorm(6).mul(0.06))];
  const [dx, dy] = [x.sub(snorm(10).mul(0.15).mul(halfWidth)).mul(way).div(s),
    y.sub(0.34).sub(snorm(11).mul(0.04)).div(s)];
  const [u, v] = [dx.mul(cos(tilt)).sub(dy.mul(sin(tilt))), dy.mul(cos(tilt)).add(dx.mul(sin(tilt)))];
  const { chain, limbs, polygon } = shapes(u, v);
  const hull = chain([-0.95, -0.05, 0.03], [-0.55, 0, 0.105], [0.62, 0.01, 0.11], [0.88, 0.04, 0.05]);
  const trail = exp(abs(v.add(0.02)).mul(-14)).mul(u.lt(-0.9)).mul(exp(max(sub(-0.9, u), 0).mul(-0.8)));
  paint(white, clamp(trail).mul(amount).mul(0.5));
  const shade = mix(mix(white, light, 0.2), mix(zenith, near, 0.4), smoothstep(0, 0.12, v).mul(0.45));
  fill(mix(white, zenith, 0.35), polygon([0.26, -0.06], [0.02, -0.06], [-0.2, -0.36], [-0.1, -0.36]).mul(s), amount);
  fill(mix(accent, near, 0.1), polygon([-0.52, -0.06], [-0.86, -0.05], [-1, -0.42], [-0.86, -0.42]).mul(s), amount);
  fill(shade, hull.mul(s), amount);
  fill(accent, min(hull, sub(0.022, abs(v.sub(0.035)))).mul(s), amount);
  const panes = min(min(sub(0.024, abs(v.add(0.035))), sub(0.013, abs(fract(u.mul(14)).sub(0.5)).div(14))),
    sub(0.55, abs(u)));
  fill(mix(near, zenith, 0.3), panes.mul(s), amount);
  fill(mix(near, zenith, 0.2), polygon([0.72, -0.06], [0.78, -0.06], [0.86, 0], [0.72, 0]).mul(s), amount);
  fill(mix(mix(white, horizon, 0.3), near, 0.12),
    polygon([0.24, 0.05], [-0.42, 0.5], [-0.58, 0.5], [-0.14, 0.05]).mul(s), amount);
  fill(mix(white, horizon, 0.35), polygon([-0.7, 0], [-1.04, 0.16], [-1.1, 0.16], [-0.92, 0]).mul(s), amount);
  fill(mix(near, accent, 0.15), limbs([0.05, 0.2, 0.2, 0.21, 0.05, 0.05], [-0.2, 0.34, -0.06, 0.35, 0.045, 0.045])
    .mul(s), amount);
  paint(white, coverage(min(hull, sub(0.012, abs(v.add(0.07)))).mul(s)).mul(amount).mul(0.6));
  focusOn(clamp(add(1, hull.mul(10))).mul(amount));
}

/** Rocket that takes off on a column of fire. */
export function rocket(scene: Ground, amount: Value): void {
  const { x, y, snorm, halfWidth, fbm, lab, fill, paint, each, focusOn } = scene;
  const { near, accent, light, white, horizon, zenith } = scene.colors;
  const s = 0.34;
  const cx = snorm(10).mul(0.15).mul(halfWidth);
  const [u, v] = [x.sub(cx).div(s), y.sub(0.4).div(s)];
  const { box, ellipse, limb, polygon } = shapes(u, v);
  // Fire below, and clouds of smoke that spread on the ground.
  const down = max(v.sub(0.62), 0);
  const billow = fbm(x.mul(1.5), y.mul(1.5), 5);
  const column = smoothstep(1, 0.3, abs(u).div(add(0.14, down.mul(0.2).add(billow.mul(0.03))))).mul(v.gt(0.6));
  const cloud = smoothstep(-0.2, 0.3, add(0.3, billow.mul(0.14)).sub(max(sub(1.5, v), 0))
    .add(exp(u.pow(2).mul(-1.3)).mul(0.45)));
  const smoke = mix(mix(light, white, 0.4), mix(near, horizon, 0.5), smoothstep(1.2, -1.4, billow).mul(0.5));
  paint(mix(smoke, lab(0.8, 0.1, 0.14), exp(abs(u).mul(-3)).mul(0.6)), clamp(cloud).mul(amount));
  paint(mix(lab(0.72, 0.15, 0.14), lab(0.95, 0, 0.1), exp(down.mul(-1.6))),
    clamp(column.mul(exp(down.mul(-0.9)))).mul(amount));
  paint(lab(0.9, 0.03, 0.12), exp(length(u, v.sub(0.75)).mul(-4)).mul(amount).mul(0.7));
  for (const side of [-1, 1]) {
    fill(mix(accent, near, side > 0 ? 0.35 : 0.1), (side > 0
      ? polygon([0.15, 0.1], [0.4, 0.5], [0.4, 0.72], [0.14, 0.52])
      : polygon([-0.15, 0.1], [-0.14, 0.52], [-0.4, 0.72], [-0.4, 0.5])).mul(s), amount);
  }
  const hull = min(ellipse(0, -0.05, 0.23, 0.98), sub(0.55, v));
  const round = clamp(add(0.5, u.mul(2.2)));
  fill(mix(mix(white, light, 0.15), mix(near, zenith, 0.5), round.pow(2).mul(0.6)), hull.mul(s), amount);
  fill(mix(accent, near, round.mul(0.5)), min(hull, sub(-0.58, v)).mul(s), amount);
  fill(mix(accent, near, round.mul(0.5)), min(hull, sub(0.03, abs(v.sub(0.36)))).mul(s), amount);
  each([-0.28, 0.04], (at) => {
    fill(mix(near, horizon, 0.4), ellipse(0, at, 0.105, 0.105).mul(s), amount);
    fill(mix(zenith, lab(0.75, -0.06, -0.09), 0.6), ellipse(0, at, 0.078, 0.078).mul(s), amount);
    fill(white, ellipse(-0.025, at - 0.03, 0.025, 0.02).mul(s), amount);
  });
  fill(mix(near, horizon, 0.2), max(box(0, 0.58, 0.12, 0.05), limb(0, 0.12, 0, 0.66, 0.02, 0.028)).mul(s), amount);
  focusOn(clamp(add(1, hull.mul(10))).mul(amount));
}

import { abs, add, clamp, div, exp, floor, fract, gt, length, max, min, mix, mul, pick, range, sign, sin, smoothstep,
  sub, tanh, type Value } from "../values.ts";
import type { Ground } from "./layout.ts";

/** Layer of land below `top`, paler towards its foot. */
function layer(scene: Ground, top: Value, color: Value, amount: Value, haze: number, hazeColor: Value): void {
  const below = scene.y.sub(top);
  const c = mix(color, hazeColor, clamp(max(below, 0).mul(3.2)).mul(haze));
  scene.fill(c, below, amount);
}

/** Three ranges, the far ones with snow. */
export function mountain(scene: Ground, amount: Value): void {
  const { each, xs, profile, snorm, horizonY, y, x, fbm, glow, snowy } = scene;
  const { far, horizon, near, light, white } = scene.colors;
  each(range(3), (i) => {
    const s = xs.mul(pick(i, 0.34, 0.42, 0.5)).add(0.11 * i);
    const [r1, r2] = [abs(profile(i, s)).mul(0.75).oneMinus(), abs(profile(i + 3, s.mul(2.9))).mul(0.8).oneMinus()];
    const [r3, r4] = [sub(0.6, abs(profile(i + 5, s.mul(8.3)))), sub(0.5, abs(profile(i + 6, s.mul(21))))];
    const ridge = r1.mul(0.62).add(r2.mul(0.26)).add(r3.mul(0.085)).add(r4.mul(0.03));
    const amp = add(1, snorm(12).mul(0.3)).mul(pick(i, 0.36, 0.25, 0.15));
    const top = horizonY.add(pick(i, 0, 0.05, 0.115)).sub(clamp(ridge, -0.1, 1.4).mul(amp));
    const dp = max(y.sub(top), 0);
    const facet = tanh(fbm(x.mul(1.3 + 0.3 * i).add(dp.mul(1.1)).add(0.17 * i), dp.mul(1.7).add(0.3 * i), 4).mul(1.6));
    let c = mix(mix(far, horizon, pick(i, 0.3, 0.08, 0)), near, pick(i, 0.05, 0.42, 0.86));
    c = c.lighten(facet.mul(pick(i, 0.045, 0.04, 0.02)));
    c = mix(c, light, glow.mul(pick(i, 0.22, 0.14, 0.06)));
    if (i < 2) {
      const snow = smoothstep(0, 0.05, add(pick(i, 0.12, 0.07), facet.mul(0.035)).sub(dp)).mul(pick(i, 0.75, 0.45))
        .mul(smoothstep(0.25, 0.6, ridge)).mul(add(0.35, snowy.mul(0.6)));
      c = mix(c, mix(light, white, 0.3).lighten(facet.sub(0.6).mul(0.05)), snow);
    }
    layer(scene, top, c, amount, pick(i, 0.75, 0.6, 0.35), mix(horizon, far, 0.25));
  });
}

/** Volcano: smoke, lava, sparks. */
export function volcano(scene: Ground, amount: Value): void {
  const { lab, snorm, halfWidth, horizonY, x, y, fbm, paint, xs, profile, zeros, fill, coverage, focusOn,
    hash } = scene;
  const { accent, light, zenith, near, far, horizon } = scene.colors;
  const hot = mix(accent, lab(0.64, 0.19, 0.12), 0.6);
  const whiteHot = mix(light, lab(0.9, 0.02, 0.13), 0.6);
  const cx = snorm(4).mul(0.2).mul(halfWidth);
  const peak = horizonY.sub(0.33).sub(snorm(12).mul(0.04));
  const dx = abs(x.sub(cx));
  // Smoke first: it rises behind the rim and leans with the wind.
  const up = max(peak.add(0.02).sub(y), 0);
  const lean = cx.add(up.mul(snorm(7)).mul(0.5)).add(fbm(x.mul(0.8), y.mul(1.1), 3).mul(up).mul(0.22));
  const width = add(0.035, up.mul(0.42));
  const billow = fbm(x.mul(1.5).add(0.2), y.mul(1.5).add(up.mul(0.5)), 5);
  const plume = smoothstep(-0.1, 0.5, abs(x.sub(lean)).div(width).oneMinus().add(billow.mul(0.4))).mul(up.gt(0))
    .mul(clamp(sub(1.25, up.mul(1.8))));
  let puff = mix(mix(zenith, near, 0.45), mix(far, horizon, 0.35), smoothstep(-0.8, 1, billow));
  puff = mix(puff, mix(hot, whiteHot, 0.35), exp(up.mul(-9)).mul(0.8));
  paint(puff, clamp(plume).mul(amount).mul(0.95));
  paint(mix(hot, whiteHot, 0.4), exp(length(x.sub(cx), y.sub(peak)).mul(-7)).mul(amount).mul(0.75));
  const slope = add(0.05, max(dx.sub(0.045), 0));
  const side = peak.add(mul(0.62, slope.pow(0.72)).mul(add(1, profile(2, xs.mul(1.4)).mul(0.06)))).sub(0.07)
    .add(profile(5, xs.mul(7)).mul(0.006));
  const rim = max(side, peak.add(0.012).add(profile(6, xs.mul(11)).mul(0.006)).add(x.sub(cx).mul(snorm(7)).mul(0.1)));
  const dp = max(y.sub(rim), 0);
  const facet = tanh(fbm(x.mul(1.7).add(dp.mul(x.sub(cx)).mul(2)), dp.mul(1.2), 4).mul(1.5));
  let c = mix(mix(near, far, 0.45), near, clamp(dp.mul(2.6))).lighten(facet.mul(0.045));
  c = mix(c, hot, exp(dp.mul(-14)).mul(0.35));
  let flow = zeros;
  for (const i of range(4)) {
    const path = cx.add(pick(i, -0.012, 0.016, 0.002, -0.03))
      .add(dp.mul(pick(i, -0.55, 0.5, 0.08, -0.2)).mul(add(1, snorm(9 + i).mul(0.4))))
      .add(profile(i, y.mul(2.6)).mul(0.016).mul(clamp(dp.mul(9))));
    flow = max(flow, clamp(sub(1.3, abs(x.sub(path)).div(add(0.006, dp.mul(0.012))).mul(0.8)))
      .mul(clamp(sub(1.2, dp.mul(pick(i, 2.6, 3.2, 2, 4.5))))));
  }
  fill(c, y.sub(rim), amount);
  paint(hot, clamp(flow.mul(1.1)).mul(coverage(y.sub(rim))).mul(amount));
  paint(mix(whiteHot, hot, 0.25), clamp(flow.mul(2).sub(0.9)).mul(coverage(y.sub(rim))).mul(amount));
  focusOn(clamp(dx.mul(3).oneMinus()).mul(coverage(y.sub(rim))).mul(amount).mul(0.5));
  // Sparks.
  const [u, v] = [x.sub(cx).mul(60), y.mul(60)];
  const spark = hash(floor(u).add(11), floor(v).add(5)).gt(0.93);
  const spot = clamp(sub(1.1, length(fract(u).sub(0.5), fract(v).sub(0.5)).mul(3.4))).mul(spark)
    .mul(exp(length(x.sub(cx).mul(1.7), y.sub(peak).add(0.06)).mul(-9))).mul(2.2);
  paint(mix(whiteHot, hot, 0.3), clamp(spot).mul(coverage(peak.sub(y).add(0.02))).mul(amount));
}

/** Four rows of hills, or of dunes. */
export function hills(scene: Ground, amount: Value): void {
  const { each, xs, profile, horizonY, dune, y, x, fbm, glow, hash, paint, coverage, gates } = scene;
  const { far, horizon, near, light } = scene.colors;
  each(range(4), (i) => {
    const s = xs.mul(0.3 + 0.07 * i).add(0.17 * i);
    const soft = profile(i + 2, s).add(profile(i + 5, s.mul(2.3)).mul(0.28));
    const sharp = sub(0.9, abs(profile(i + 2, s.mul(0.8))).mul(1.3));
    const top = horizonY.sub(0.035).add(0.085 * i).sub(mix(soft, sharp, dune).mul(0.05 + 0.012 * i));
    const dp = max(y.sub(top), 0);
    const tex = fbm(x.mul(0.8).add(dp.mul(2)).add(0.2 * i), dp.mul(3.5), 3);
    let c = mix(mix(far, horizon, pick(i, 0.34, 0.12, 0, 0)), near, pick(i, 0, 0.25, 0.58, 0.92));
    c = mix(c, light, glow.mul(pick(i, 0.3, 0.2, 0.12, 0.05)));
    c = c.lighten(tex.mul(pick(i, 0.012, 0.016, 0.018, 0.015)));
    // Furrows and grass on the nearer hills, so that they aren't blank.
    const furrow = sin(dp.mul(60 - 9 * i).add(x.mul(pick(i, 3, -5, 4, -3))).mul(2).add(tex.mul(2.5)))
      .mul(exp(dp.mul(-5))).mul(dune.mul(0.5).oneMinus());
    c = c.lighten(furrow.mul(pick(i, 0, 0.012, 0.014, 0.01)));
    c = mix(c, light, exp(dp.mul(-42)).mul(0.16).mul(add(0.4, glow)));
    // Small trees in groups on the near ridges.
    if (i > 0) {
      const n = pick(i, 0, 58, 36, 21);
      const u = xs.mul(n).add(i * 7.3);
      const ix = floor(u);
      const kind = hash(ix.add(13 * i), 9 + i);
      const size = add(0.3, hash(ix.add(5 * i), 40 + i).mul(0.45)).div(n);
      const group = smoothstep(0.1, 0.7, profile(i, xs.mul(1.1).add(0.2)).add(kind).sub(0.35)).mul(dune.oneMinus())
        .mul(gates.city.oneMinus());
      const [ex, ey] = [u.sub(ix).sub(0.5).div(n), y.sub(top).add(size.mul(0.9))];
      const shape = size.mul(group).mul(gt(0.8, kind))
        .sub(length(ex.mul(mix(1, 1.9, kind.gt(0.45))), ey.mul(mix(1, 0.62, kind.gt(0.45)))));
      const leaf = mix(c, near, 0.45);
      paint(mix(leaf, light, clamp(sub(0, ey.div(size))).mul(0.12).mul(add(0.4, glow))),
        coverage(shape).mul(size.mul(group).gt(0.002)).mul(amount));
    }
    layer(scene, top, c, amount, pick(i, 0.3, 0.2, 0.1, 0), horizon);
  });
}

/** Suspension bridge from bank to bank. */
export function bridge(scene: Ground, amount: Value): void {
  const { horizonY, snorm, halfWidth, x, coverage, y, glow, paint, fill, focusOn, xs, profile, skyNoise } = scene;
  const { accent, near, horizon, light, far } = scene.colors;
  const deck = horizonY.sub(0.075);
  const half = add(0.3, snorm(4).mul(0.03));
  const cx = snorm(10).mul(0.12).mul(halfWidth);
  const dx = abs(x.sub(cx));
  const high = add(0.3, snorm(12).mul(0.04));
  const t = dx.div(half);
  const sag = deck.sub(0.02).sub(high.sub(0.03).mul(t).mul(t));
  const past = deck.sub(high).add(0.01).add(dx.sub(half).mul(0.95));
  const inside = coverage(half.sub(dx));
  const cable = mix(past, sag, inside);
  const line = sub(0.0042, abs(y.sub(cable)));
  const hanger = min(sub(0.0018, abs(fract(x.mul(34)).sub(0.5)).div(34)), min(y.sub(cable), deck.sub(y)));
  const road = sub(0.012, abs(y.sub(deck)));
  const truss = min(sub(0.016, abs(y.sub(deck).sub(0.022))),
    abs(fract(x.mul(22).add(y.sub(deck).mul(22).mul(sign(fract(x.mul(11)).sub(0.5))))).sub(0.5)).sub(0.4).div(22));
  const tower = min(sub(0.017, abs(dx.sub(half))), min(y.sub(deck.sub(high)), horizonY.add(0.004).sub(y)));
  const gap = min(sub(0.007, abs(dx.sub(half))), abs(fract(y.sub(deck).mul(11)).sub(0.5)).sub(0.16).div(11));
  const legs = min(tower, sub(0, gap));
  let c = mix(mix(accent, near, 0.35), horizon, 0.12);
  c = mix(c, light, glow.mul(0.18));
  paint(mix(c, near, 0.2), max(coverage(line), max(coverage(hanger).mul(0.65), coverage(truss).mul(0.8)))
    .mul(coverage(min(cable.add(0.2), 1))).mul(amount));
  fill(mix(c, near, 0.35), road, amount);
  fill(c, legs, amount);
  focusOn(clamp(add(1, max(max(line, road), tower).mul(30))).mul(amount));
  // Land at both ends.
  const bank = y.sub(horizonY.add(0.02).sub(clamp(dx.sub(half).sub(0.09), 0, 1).mul(0.75))
    .add(profile(3, xs.mul(1.3)).mul(0.015)).add(profile(6, xs.mul(6)).mul(0.006)));
  fill(mix(mix(far, near, 0.55), light, glow.mul(0.1)).lighten(skyNoise.mul(0.015)), bank, amount);
}

/** Castle of five towers on a hill. */
export function castle(scene: Ground, amount: Value): void {
  const { snorm, halfWidth, horizonY, x, y, xs, profile, hash, glow, coverage, paint, fill, skyNoise, focusOn } = scene;
  const { near, far, light, black, accent } = scene.colors;
  const cx = snorm(13).mul(0.4).mul(halfWidth);
  const by = horizonY.sub(0.05);
  const k = 0.87;
  const box = (ox: number, w: number, t: number, b: number) =>
    min(sub(w * k, abs(x.sub(cx.add(ox * k)))), min(y.sub(by.sub(t * k)), by.sub(b).sub(y)));
  const roof = (ox: number, w: number, t: number, h: number) =>
    min(y.sub(by.sub((t + h) * k)).mul(w).div(h).sub(abs(x.sub(cx.add(ox * k)))), by.sub(t * k).sub(y));
  let s = box(0, 0.17, 0.15, -0.3);
  for (const [ox, wide, top, high] of [
    [-0.17, 0.034, 0.25, 0.1], [0.17, 0.034, 0.23, 0.1], [-0.065, 0.028, 0.33, 0.12], [0.07, 0.036, 0.39, 0.14],
    [0, 0.06, 0.22, 0.07],
  ] as const) {
    s = max(s, box(ox, wide, top, -0.3), roof(ox, wide * 1.35, top, high));
  }
  const cren = min(sub(0.17 * k, abs(x.sub(cx))),
    min(y.sub(by.sub(0.165 * k)), min(by.sub(0.14 * k).sub(y), fract(x.mul(38)).sub(0.5).mul(0.012))));
  s = max(s, cren);
  const flag = min(min(sub(0.022, abs(x.sub(cx).sub(0.07 * k).sub(0.022))),
    sub(0.012, abs(y.sub(by.sub(0.545 * k)).sub(sin(x.sub(cx).mul(130)).mul(0.003))))), 1);
  const pole = min(sub(0.0018, abs(x.sub(cx).sub(0.07 * k))), min(y.sub(by.sub(0.56 * k)), by.sub(0.5 * k).sub(y)));
  const hill = y.sub(by.sub(0.02).add(x.sub(cx).pow(2).mul(1.1)).add(profile(4, xs.mul(1.6)).mul(0.012)));
  const win = hash(floor(x.mul(55)).add(40), floor(y.mul(38))).gt(0.86).mul(gt(0.24, abs(fract(x.mul(55)).sub(0.5))))
    .mul(gt(0.3, abs(fract(y.mul(38)).sub(0.5))));
  const gate = max(sub(0.022, length(x.sub(cx), y.sub(by).add(0.045))),
    min(sub(0.022, abs(x.sub(cx))), y.sub(by).add(0.045)));
  let c = mix(mix(near, far, 0.28), light, glow.mul(0.12));
  const side = fract(x.sub(cx).mul(7).add(0.5));
  c = c.lighten(sub(0.5, side).mul(0.02));
  c = mix(c, light, win.mul(0.85));
  c = mix(c, mix(near, black, 0.5), coverage(gate));
  paint(accent, max(coverage(flag), coverage(pole)).mul(amount));
  fill(c, s, amount);
  fill(mix(near, far, 0.14).lighten(skyNoise.mul(0.012)), hill, amount);
  focusOn(clamp(add(1, s.mul(40))).mul(amount).mul(0.8));
}

/** Three rows of buildings with lit windows. */
export function city(scene: Ground, amount: Value): void {
  const { each, xs, profile, seed, hash, x, snorm, halfWidth, horizonY, y, glow, darkness, fill } = scene;
  const { far, horizon, near, light, accent } = scene.colors;
  each(range(3), (i) => {
    const n = pick(i, 15, 11, 7.5);
    const u = xs.add(profile(i, xs.mul(0.4)).mul(0.02)).mul(n).add(seed(14).mul(23)).add(i * 5.3);
    const ix = floor(u);
    const fx = u.sub(ix);
    const [r1, r2] = [hash(ix.add(17 * i), 7 + 3 * i), hash(ix.add(17 * i), 31 + 5 * i)];
    const r3 = hash(ix.add(17 * i), 50 + 2 * i);
    const clu = exp(x.add(sub(0.5, fx).div(n)).sub(snorm(4).mul(0.3).mul(halfWidth)).div(0.42).pow(2).mul(-1));
    const hgt = add(0.1, r1.mul(r1).mul(0.26)).add(clu.mul(r1).mul(0.2)).mul(pick(i, 1.15, 0.92, 0.62));
    const step = abs(fx.sub(0.5)).gt(0.26).mul(r2.gt(0.5)).mul(0.035);
    const ant = gt(0.022 * n / 11, abs(fx.sub(0.5))).mul(r3.gt(0.62)).mul(0.075);
    const top = horizonY.add(0.02).add(pick(i, 0, 0.035, 0.12)).sub(hgt.add(ant).sub(step));
    const dp = y.sub(top);
    let c = mix(mix(far, horizon, pick(i, 0.38, 0.1, 0)), near, pick(i, 0.12, 0.5, 0.92));
    c = mix(c, light, glow.mul(pick(i, 0.25, 0.12, 0.04)));
    const [across, down] = [pick(i, 5, 6, 8), pick(i, 62, 50, 36)];
    const [cx, cy] = [floor(fx.mul(across)), floor(y.mul(down))];
    const lit = hash(ix.mul(7).add(cx).add(i * 13), cy).gt(sub(0.86, darkness.mul(0.34)));
    const pane = gt(0.34, abs(fract(fx.mul(across)).sub(0.5))).mul(gt(0.3, abs(fract(y.mul(down)).sub(0.5))));
    const wall = gt(0.42, abs(fx.sub(0.5))).mul(dp.gt(ant.add(0.012)));
    const wc = mix(light, accent, hash(ix.add(cx).add(3), cy.add(9)).gt(0.72));
    const c2 = mix(c, horizon, clamp(max(dp, 0).mul(2.6)).mul(pick(i, 0.45, 0.3, 0.08)));
    fill(mix(c2, wc, lit.mul(pane).mul(wall).mul(pick(i, 0.5, 0.75, 0.85))), dp, amount);
  });
}

/** Grid of neon lines on the ground. */
export function neonGrid(scene: Ground, amount: Value): void {
  const { wet, y, horizonY, x, coverage, paint, gates } = scene;
  const { near, black, accent, light } = scene.colors;
  const g = amount.mul(wet.oneMinus()).mul(gates.city.oneMinus()).mul(gates.mountain.oneMinus());
  const pz = div(1, max(y.sub(horizonY), 0).add(0.035));
  const [lx, ly] = [abs(fract(x.mul(pz).mul(0.42)).sub(0.5)), abs(fract(pz.mul(0.55)).sub(0.5))];
  const ln1 = max(exp(sub(0.5, lx).mul(-38).div(add(1, pz.mul(0.12)))),
    exp(sub(0.5, ly).mul(-30).div(add(1, pz.mul(0.16)))));
  const m = coverage(y.sub(horizonY)).mul(g);
  paint(mix(near, black, 0.3), m);
  paint(accent, m.mul(clamp(ln1.mul(0.95))));
  paint(light, exp(abs(y.sub(horizonY)).mul(-60)).mul(g).mul(0.7));
}

/** Road to the horizon. */
export function road(scene: Ground, amount: Value): void {
  const { y, horizonY, snorm, halfWidth, seed, x, fbm, glow, coverage, paint } = scene;
  const { near, far, horizon, light, white } = scene.colors;
  const dp = max(y.sub(horizonY), 0);
  const middle = snorm(4).mul(0.12).mul(halfWidth).mul(clamp(dp.mul(2.2)).oneMinus())
    .add(sin(dp.mul(11).add(seed(5).mul(2))).mul(0.1).mul(clamp(dp.mul(2)).oneMinus()).mul(clamp(dp.mul(9))));
  const half = add(0.004, dp.mul(0.62));
  const d = abs(x.sub(middle));
  const pz = div(1, dp.add(0.03));
  let c = mix(mix(near, far, 0.3), horizon, clamp(sub(0.3, dp)).mul(0.6))
    .lighten(fbm(x.mul(pz).mul(0.2), pz.mul(0.6), 3).mul(0.015));
  c = mix(c, light, glow.mul(0.1));
  const m = coverage(y.sub(horizonY).sub(0.006));
  paint(mix(far, near, 0.65), coverage(half.mul(1.16).sub(d)).mul(m).mul(amount));
  paint(c, coverage(half.sub(d)).mul(m).mul(amount));
  const dash = min(half.mul(0.035).sub(d), half.mul(9));
  paint(mix(light, white, 0.2), coverage(dash).mul(fract(pz.mul(0.75)).gt(0.45)).mul(m).mul(amount).mul(0.9));
  paint(mix(light, white, 0.2), coverage(half.mul(0.02).sub(abs(d.sub(half.mul(0.9))))).mul(m).mul(amount).mul(0.8));
}

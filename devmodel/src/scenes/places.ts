import { abs, add, clamp, exp, floor, fract, gt, length, max, min, mix, mul, pick, range, sign, sin, smoothstep, sub,
  tanh, type Value } from "../values.ts";
import type { Ground } from "./layout.ts";
import { columns, union } from "./shapes.ts";

/** Forest: six rows of firs. */
export function trees(scene: Ground, amount: Value): void {
  const { each, xs, seed, hash, horizonY, profile, y, x, noise, coverage, glow, paint } = scene;
  const { far, horizon, near, light } = scene.colors;
  each(range(6), (i) => {
    const layer = pick(i, 0, 0, 1, 1, 2, 2);
    const n = pick(i, 12.5, 12.5, 8.2, 8.2, 4.6, 4.6);
    const u = xs.mul(n).add(i % 2 * 0.5).add(seed(14).mul(19)).add(i * 3.1);
    const ix = floor(u);
    const fx = u.sub(ix).sub(0.5);
    const [r1, r2] = [hash(ix.add(11 * i), 3 + i), hash(ix.add(11 * i), 23 + i).sub(0.5)];
    const base = horizonY.add(pick(i, 0.03, 0.03, 0.11, 0.11, 0.42, 0.42))
      .add(profile(layer + 4, xs.mul(0.5)).mul(0.02));
    const hgt = add(0.5, r1).mul(pick(i, 0.15, 0.15, 0.25, 0.25, 0.55, 0.55));
    const top = base.sub(hgt);
    const dy = y.sub(top);
    const cxx = abs(fx.sub(r2.mul(0.3)));
    const tp = pick(i, 0.026, 0.026, 0.042, 0.042, 0.08, 0.08);
    const tier = add(0.66, fract(dy.div(tp)).mul(0.42));
    const rel = clamp(dy.div(hgt));
    const rough = pick(i, 5, 5, 4, 4, 3, 3);
    const wob = noise(x.mul(rough), y.mul(rough)).mul(0.028).mul(rel);
    const half = rel.mul(0.37).mul(tier).add(wob).div(n);
    const m = coverage(half.sub(cxx.div(n)).mul(0.8)).mul(dy.gt(0));
    const ground = coverage(y.sub(base.sub(0.012)));
    const mist = clamp(y.sub(top).mul(2.6)).mul(clamp(y.sub(base).mul(4.5)).oneMinus());
    let c = mix(mix(far, horizon, pick(i, 0.5, 0.44, 0.12, 0.06, 0, 0)), near, pick(i, 0, 0.05, 0.42, 0.5, 0.93, 1));
    c = mix(c, light, glow.mul(pick(i, 0.22, 0.22, 0.12, 0.12, 0.03, 0.03)));
    paint(mix(c, horizon, mist.mul(pick(i, 0.45, 0.4, 0.22, 0.2, 0, 0))), max(m, ground).mul(amount));
  });
}

/** Broad tree; in water it stands on an islet. */
export function tree(scene: Ground, amount: Value): void {
  const { seed, aspect, snorm, horizonY, y, profile, x, fbm, noise, sunX, palette, xs, glow, skyNoise, paint,
    coverage, wet, orb, fill, hash, focusOn } = scene;
  const { near, far, light, accent, white, black } = scene.colors;
  const cx = sign(seed(13).add(0.001)).mul(-0.16).mul(aspect).add(snorm(10).mul(0.06));
  const foot = horizonY.add(0.17).add(snorm(12).mul(0.02));
  const tall = add(0.36, snorm(3).mul(0.03));
  const v = foot.sub(y);
  const bend = cx.add(snorm(7).mul(0.03).mul(clamp(v.div(tall)).pow(2))).add(profile(2, y.mul(1.3)).mul(0.006));
  let trunk = min(add(0.014, mul(0.03, exp(v.mul(-16)))).add(mul(0.006, exp(v.mul(-3)))).sub(abs(x.sub(bend))),
    min(v.add(0.012), tall.sub(v)));
  for (const k of [-1, 1]) {
    const up = v.sub(0.15).sub((k + 1) * 0.02);
    const branch = sub(0.011, max(up, 0).mul(0.035)).sub(abs(x.sub(bend).sub(mul(k, up).mul(0.75))));
    trunk = max(trunk, min(branch, min(up, sub(0.17, up))));
  }
  const leaf = fbm(x.mul(2.2), y.mul(2.2).add(0.3), 4);
  const fine = noise(x.mul(4.1).add(y.mul(2.7)).add(0.31), y.mul(4.3).sub(x.mul(2.9)).add(0.17));
  const [ox, oy, radius] = columns(x.graph, [
    [0, 0.05, 0.15], [-0.12, -0.03, 0.105], [0.125, -0.02, 0.11], [-0.065, 0.11, 0.1],
    [0.07, 0.12, 0.1], [-0.02, -0.06, 0.12], [0.19, -0.07, 0.06], [-0.19, -0.075, 0.062],
  ]);
  const [tx, ty] = [x.sub(cx).sub(snorm(7).mul(0.03)), y.sub(foot.sub(tall).sub(0.04))];
  let crown = union(radius.mul(add(1, snorm(14).mul(0.1))).sub(length(tx.sub(ox), ty.add(oy).mul(1.1))));
  crown = crown.add(leaf.mul(0.012)).add(fine.mul(0.008));
  const lit = clamp(add(0.5, foot.sub(tall).sub(y).mul(1.6)).add(x.sub(cx).mul(sign(sunX.sub(cx).add(0.001))).mul(1.8))
    .add(leaf.mul(0.16)).add(fine.mul(0.14)));
  const autumn = palette("autumn", "rose", "candy", "sunset", "spring");
  let c = mix(mix(near, far, 0.35), mix(mix(far, light, 0.35), mix(accent, light, 0.3), autumn),
    smoothstep(0.1, 0.95, lit));
  c = mix(c, near, smoothstep(0.4, 1.3, fine.sub(leaf.mul(0.3))).mul(0.3));
  // In water it has an islet to stand on.
  const shore = foot.add(0.028).add(profile(4, xs.mul(4)).mul(0.003));
  const isle = min(y.sub(foot.sub(0.008).add(x.sub(cx).pow(2).mul(1.3)).add(profile(5, xs.mul(3)).mul(0.005))),
    shore.sub(y));
  paint(mix(mix(far, near, 0.6), light, glow.mul(0.1)).lighten(skyNoise.mul(0.015)),
    coverage(isle).mul(amount).mul(wet));
  paint(mix(light, white, 0.3), exp(abs(isle).mul(-160)).mul(y.gt(shore.sub(0.012))).mul(coverage(isle.add(0.01)))
    .mul(amount).mul(wet).mul(0.5));
  const shade = exp(x.sub(cx).add(sign(sunX.sub(cx).add(0.001)).mul(0.05)).div(0.2).pow(2).mul(-1)
    .sub(y.sub(foot).sub(0.01).div(0.022).pow(2)));
  paint(near, shade.mul(amount).mul(0.45));
  fill(mix(mix(near, black, 0.4), light, clamp(x.sub(bend).mul(sign(sunX.sub(cx).add(0.001))).mul(14)).mul(0.3)
    .mul(orb)), trunk, amount);
  fill(c, crown, amount);
  // Fallen leaves.
  const [px, py] = [x.mul(42), y.mul(70)];
  const [chance, aside] = [hash(floor(px).add(3), floor(py).add(41)), hash(floor(py).add(17), floor(px).add(8))];
  const fallen = clamp(sub(0.2, length(fract(px).sub(0.25).sub(aside.mul(0.5)),
    fract(py).sub(0.25).sub(fract(aside.mul(7)).mul(0.5)))).mul(7)).mul(chance.gt(0.62))
    .mul(exp(x.sub(cx).div(0.24).pow(2).mul(-1).sub(y.sub(foot).sub(0.03).div(0.05).pow(2))));
  paint(mix(accent, light, 0.3), clamp(fallen).mul(amount).mul(autumn));
  focusOn(coverage(trunk.add(0.004)).mul(amount).mul(0.6));
}

/** Three palms on a spit of sand. */
export function palm(scene: Ground, amount: Value): void {
  const { seed, x, y, horizonY, halfWidth, xs, profile, darkness, fbm, fill, paint, wet, each, aspect, snorm, zeros,
    glow, focusOn } = scene;
  const { light, horizon, accent, far, near, white, black } = scene.colors;
  const side = sign(seed(13).add(0.001));
  // A spit of sand.
  const reach = x.mul(side);
  const bank = y.sub(horizonY.add(0.2).sub(smoothstep(-0.15, 0.55, reach.div(halfWidth).mul(0.62)).mul(0.13))
    .add(profile(4, xs.mul(1.4)).mul(0.012)));
  let sand = mix(mix(light, horizon, 0.45), mix(accent, far, 0.5), 0.16);
  sand = mix(sand, near, add(0.12, darkness.mul(0.45)));
  const edge = exp(abs(bank.add(0.004)).mul(-110));
  fill(mix(sand.lighten(fbm(x.mul(3), y.mul(7), 3).mul(0.014)), mix(sand, near, 0.6), clamp(bank.mul(1.5))), bank,
    amount);
  paint(mix(light, white, 0.5), edge.mul(amount).mul(wet).mul(0.7));
  each(range(3), (i) => {
    const root = side.mul(pick(i, 0.17, 0.3, 0.36)).mul(aspect).add(snorm(10 + i).mul(0.03));
    const foot = horizonY.add(pick(i, 0.17, 0.13, 0.2));
    const tall = mul(pick(i, 0.4, 0.3, 0.45), add(1, snorm(14).mul(0.12)));
    const way = sub(0, side.mul(pick(i, 1, 1, -0.3)));
    const t = clamp(foot.sub(y).div(tall));
    const bend = root.add(way.mul(0.13).mul(t.pow(1.7)));
    const bark = min(sub(0.011, t.mul(0.004)).add(mul(0.008, exp(t.mul(-9)))).sub(abs(x.sub(bend))),
      min(y.sub(foot).add(tall), foot.sub(y).add(0.02)));
    const [tx, ty] = [x.sub(root.add(way.mul(0.13))), y.sub(foot.sub(tall))];
    let fronds = zeros.sub(1);
    const [span, slope, curve] = columns(x.graph, [
      [0.2, -0.75, 2.6], [0.23, -0.35, 2.9], [0.22, 0.1, 2.6], [0.17, 0.55, 3.5],
    ]);
    for (const d of [-1, 1]) {
      const u = tx.mul(d).sub(0.002);
      const v = ty.sub(u.mul(slope).add(u.mul(u).mul(curve)));
      const t = clamp(u.div(span));
      const comb = abs(fract(u.mul(95).add(v.mul(40 * d))).sub(0.5)).mul(2);
      const leaf = mul(0.026, t.mul(t.oneMinus()).mul(4).pow(0.6)).add(0.002).mul(add(0.62, mul(0.38, comb)))
        .sub(abs(v.sub(0.006)));
      fronds = max(fronds, union(min(leaf, min(u, span.sub(u)))));
    }
    const nuts = sub(0.011, length(abs(tx).sub(0.01), ty.sub(0.012)));
    const c = mix(near, black, 0.25);
    const haze = pick(i, 0, 0.12, 0);
    fill(mix(mix(c, mix(accent, near, 0.6), 0.25).lighten(sin(foot.sub(y).mul(320)).mul(0.012)), horizon, haze), bark,
      amount);
    fill(mix(mix(c, accent, 0.2), horizon, haze), nuts, amount);
    fill(mix(mix(mix(near, far, 0.22), light, clamp(sub(0, ty.mul(3))).mul(0.25).mul(add(0.3, glow))), horizon, haze),
      fronds, amount);
    focusOn(clamp(add(1, max(fronds, bark).mul(30))).mul(amount));
  });
}

/** House with a smoking chimney. */
export function house(scene: Ground, amount: Value): void {
  const { seed, aspect, snorm, horizonY, x, y, xs, profile, glow, skyNoise, fill, darkness, noise, paint, each, lab,
    coverage, focusOn, gates } = scene;
  const { far, near, light, horizon, accent, white } = scene.colors;
  const cx = sign(seed(13).add(0.001)).mul(0.17).mul(aspect).add(snorm(10).mul(0.05));
  const by = horizonY.add(0.075).add(snorm(12).mul(0.015));
  const s = add(1.05, snorm(3).mul(0.15));
  const [dx, dy] = [x.sub(cx).div(s), y.sub(by).div(s)];
  const yard = y.sub(by.sub(0.006).add(x.sub(cx).pow(2).mul(0.5)).add(profile(5, xs.mul(2.4)).mul(0.006)));
  fill(mix(mix(mix(far, near, 0.6), light, glow.mul(0.1)), mix(horizon, far, 0.3), gates.snow.mul(0.8))
    .lighten(skyNoise.mul(0.012)), yard, amount);
  const front = min(sub(0.075, abs(dx.add(0.055))), min(dy.add(0.095), sub(0, dy)));
  const gable = min(dy.add(0.175).sub(abs(dx.add(0.055)).mul(0.95)), sub(-0.09, dy));
  const flank = min(sub(0.075, abs(dx.sub(0.09))), min(dy.add(0.095), sub(0, dy)));
  const roof = min(min(dx.add(0.06), sub(0.19, dx).add(dy.add(0.09).mul(0.35))),
    min(dy.add(0.178), sub(-0.082, dy)));
  const slope = min(roof, dy.add(0.178).sub(sub(0, dx).sub(0.055).mul(0.95)));
  let edge = sub(0.008, abs(dy.add(0.18).sub(abs(dx.add(0.055)).mul(0.95))));
  edge = min(edge, sub(0.1, abs(dx.add(0.055))));
  const stack = min(sub(0.014, abs(dx.sub(0.1))), min(dy.add(0.225), sub(-0.14, dy)));
  const wall = mix(mix(light, horizon, 0.4), far, 0.15);
  const dim = mix(wall, near, add(0.25, darkness.mul(0.35)));
  const plank = gt(0.12, abs(fract(dy.mul(60)).sub(0.5)));
  // Smoke.
  const up = max(sub(-0.23, dy), 0);
  const drift = add(0.1, up.mul(add(0.35, snorm(7).mul(0.3)))).add(noise(x.mul(1.2), y.mul(1.6)).mul(up).mul(0.14));
  const plume = clamp(abs(dx.sub(drift)).div(add(0.01, up.mul(0.14))).oneMinus()).mul(clamp(up.mul(3.6).oneMinus()))
    .mul(up.gt(0)).mul(0.55);
  paint(mix(light, horizon, 0.5), plume.mul(amount));
  fill(mix(near, accent, 0.3), stack.mul(s), amount);
  fill(mix(dim, near, 0.3).darken(plank.mul(0.02)), flank.mul(s), amount);
  fill(dim.darken(plank.mul(0.02)), max(front, gable).mul(s), amount);
  fill(mix(mix(mix(accent, near, 0.35), light, glow.mul(0.15)), mix(white, horizon, add(0.3, darkness.mul(0.3))),
    gates.snow.mul(0.85)).darken(gt(0.2, abs(fract(dy.mul(45)).sub(0.5))).mul(0.03)), slope.mul(s), amount);
  fill(mix(accent, near, 0.6), edge.mul(s), amount);
  const door = min(sub(0.016, abs(dx.add(0.085))), min(dy.add(0.056), sub(0, dy)));
  fill(mix(near, accent, 0.25), door.mul(s), amount);
  const lamps = add(0.35, darkness.mul(0.65));
  each([[-0.033, -0.052], [0.06, -0.05], [0.12, -0.05], [-0.055, -0.118]] as const, ([wx, wy]) => {
    const pane = min(sub(0.014, abs(dx.sub(wx))), sub(0.016, abs(dy.sub(wy))));
    const cross = max(sub(0.0014, abs(dx.sub(wx))), sub(0.0014, abs(dy.sub(wy))));
    fill(mix(near, mix(light, lab(0.86, 0.03, 0.12), 0.5), lamps), pane.mul(s), amount);
    paint(near, coverage(min(pane, cross).mul(s)).mul(amount).mul(0.8));
    paint(lab(0.86, 0.03, 0.12), exp(length(dx.sub(wx), dy.sub(wy)).mul(-26)).mul(darkness).mul(amount).mul(0.4));
  });
  focusOn(clamp(add(1, max(max(front, gable), max(slope, stack)).mul(25))).mul(amount));
}

/** Lighthouse on a rock, with beams in the dark. */
export function lighthouse(scene: Ground, amount: Value): void {
  const { seed, aspect, snorm, horizonY, y, x, darkness, lab, paint, xs, profile, fbm, fill, coverage, palette, wet,
    focusOn, gates } = scene;
  const { light, white, horizon, near, accent, zenith, black, far } = scene.colors;
  const cx = sign(seed(13).add(0.001)).mul(0.2).mul(aspect).add(snorm(10).mul(0.05));
  const [by, tall] = [horizonY.add(0.11), 0.46];
  const tp = by.sub(tall);
  const t = clamp(y.sub(tp).div(tall));
  const wd = add(0.029, t.mul(t).mul(0.008)).add(t.mul(0.02));
  const dx = x.sub(cx);
  const ly = tp.sub(0.032);
  const dy = y.sub(ly);
  // Beams and glow, brightest in the dark.
  const turn = add(0.12, snorm(6).mul(0.08));
  const right = exp(abs(dy.sub(dx.mul(turn))).div(add(0.012, abs(dx).mul(0.13))).mul(-1.2)).mul(dx.gt(0))
    .mul(exp(abs(dx).mul(-1.3)));
  const left = exp(abs(dy.add(dx.mul(turn.sub(0.26)))).div(add(0.012, abs(dx).mul(0.13))).mul(-1.2)).mul(gt(0, dx))
    .mul(exp(abs(dx).mul(-1.3)));
  const dusk = add(0.45, darkness.mul(0.55));
  const warm = mix(light, lab(0.93, 0.012, 0.085), 0.55);
  paint(warm, clamp(right.add(left).mul(1.05).mul(dusk).add(exp(length(dx, dy).mul(-8)).mul(0.65))).mul(amount));
  // Rock.
  const rough = profile(5, xs.mul(2.2)).mul(0.02).add(abs(profile(6, xs.mul(6))).mul(0.012))
    .add(profile(7, xs.mul(17)).mul(0.004));
  const rock = y.sub(by.sub(0.05).add(x.sub(cx).pow(2).mul(1.6)).add(rough));
  const rt = fbm(x.mul(2.4), y.mul(2.4), 4);
  const facet = tanh(fbm(x.mul(3.4).add(y.mul(1.2)), y.mul(2.1), 3).mul(1.8));
  // Keeper's cottage, behind the tower.
  const side = sign(sub(0, cx).add(0.001));
  const kx = dx.sub(side.mul(0.1));
  const cot = max(min(sub(0.05, abs(kx)), min(y.sub(by).add(0.095), by.sub(y))),
    min(y.sub(by).add(0.132).sub(abs(kx).mul(0.62)), by.sub(0.09).sub(y)));
  const roof = min(min(y.sub(by).add(0.134).sub(abs(kx).mul(0.62)), sub(0.062, abs(kx))), by.sub(0.09).sub(y));
  fill(mix(mix(white, horizon, 0.55), near, 0.3), cot, amount);
  fill(mix(accent, near, 0.45), roof, amount);
  for (const k of [-0.022, 0.018]) {
    const pane = min(sub(0.008, abs(kx.sub(k))), sub(0.011, abs(y.sub(by).add(0.062))));
    paint(lab(0.86, 0.03, 0.12), coverage(pane).mul(amount).mul(add(0.3, darkness.mul(0.7))));
  }
  // Tower: bands, shaded round, lit from the light's side.
  const tower = min(wd.sub(abs(dx)), min(y.sub(tp), by.sub(0.01).sub(y)));
  const band = fract(t.mul(2.5)).gt(0.5);
  const round = clamp(add(0.5, dx.div(wd.mul(2))));
  let c = mix(mix(white, light, 0.4), mix(accent, mix(lab(0.55, 0.17, 0.09), accent, 0.35),
    palette("storm", "mono", "winter")), band);
  c = mix(c, mix(near, zenith, 0.2), smoothstep(0.35, 1, round).mul(0.6));
  c = mix(c, light, smoothstep(0.3, 0, round).mul(0.16));
  for (const w of [0.22, 0.48, 0.74]) {
    const slit = min(sub(0.0058, abs(dx)), sub(0.0115, abs(t.sub(w)).mul(tall)));
    c = mix(c, mix(near, black, 0.3), coverage(slit).mul(0.9));
  }
  fill(c, tower, amount);
  const arch = max(min(sub(0.012, abs(dx)), min(y.sub(by).add(0.068), by.sub(y))),
    sub(0.012, length(dx, y.sub(by).add(0.068))));
  fill(mix(near, accent, 0.2), arch, amount);
  // Lantern: gallery and rail, glass, dome and rod.
  const room = min(sub(0.023, abs(dx)), sub(0.03, abs(dy)));
  fill(mix(warm, white, 0.4), room, amount);
  const bars = min(max(sub(0.0022, abs(abs(dx).sub(0.0095))), sub(0.0022, abs(abs(dx).sub(0.022)))),
    sub(0.03, abs(dy)));
  paint(near, coverage(bars).mul(amount).mul(0.8));
  paint(white, exp(length(dx, dy).mul(-70)).mul(amount));
  const deck = min(sub(0.043, abs(dx)), sub(0.006, abs(dy.sub(0.032))));
  const rail = min(sub(0.041, abs(dx)), max(sub(0.0018, abs(dy.sub(0.012))),
    min(sub(0.0014, abs(fract(dx.mul(75)).sub(0.5)).div(75)), sub(0.01, abs(dy.sub(0.02))))));
  const dome = max(min(sub(0.03, length(dx, dy.add(0.028).mul(1.1))), sub(-0.027, dy)),
    min(sub(0.0022, abs(dx)), min(dy.add(0.09), sub(-0.05, dy))));
  const knob = sub(0.006, length(dx, dy.add(0.058)));
  const iron = mix(mix(near, accent, 0.3), light, clamp(sub(0, dx.mul(9))).mul(0.3));
  fill(iron, max(max(deck, dome), max(knob, rail.mul(0.9))), amount);
  // The rock covers the foot; the sea breaks on it.
  const sea = max(wet, gates.waves);
  const surf = fbm(x.mul(2.1), y.mul(3.2), 4);
  const line = by.add(0.125).add(profile(4, xs.mul(3)).mul(0.01)).add(surf.mul(0.008));
  const stone = min(rock, mix(1, line.sub(y), sea));
  const stoneColor = mix(mix(near, far, 0.16), light, clamp(facet).mul(0.14))
    .lighten(rt.mul(0.03).add(facet.mul(0.03)).sub(exp(y.sub(line).mul(26)).mul(0.05).mul(sea)));
  fill(stoneColor, stone, amount);
  // Foam along the waterline, and in a rough sea bursts on the weather side.
  const ring = exp(abs(min(rock, line.sub(y)).add(0.004).add(surf.mul(0.008))).mul(-75))
    .mul(smoothstep(-0.9, 0.7, surf)).mul(y.gt(by.add(0.02)));
  const burst = smoothstep(-0.3, 0.9, surf.add(exp(abs(rock.sub(0.02).add(surf.mul(0.016))).mul(-36)).mul(1.6))
    .sub(0.55)).mul(exp(y.sub(by).sub(0.09).div(0.07).pow(2).mul(-1)));
  const plume = smoothstep(-0.5, 1, surf).mul(exp(dx.add(side.mul(0.19)).div(0.055).pow(2).mul(-1)))
    .mul(exp(max(by.add(0.1).sub(y), 0).mul(-11))).mul(coverage(line.sub(y).add(0.02)));
  const foam = max(ring.mul(add(0.35, gates.waves.mul(0.6))), max(burst, plume).mul(gates.waves).mul(0.9)).mul(sea);
  paint(mix(light, white, 0.45), clamp(foam).mul(amount));
  focusOn(clamp(add(1.3, max(max(tower, room), max(max(deck, dome), cot)).mul(36))).mul(amount));
}

/** Four balloons. */
export function balloon(scene: Ground, amount: Value): void {
  const { each, snorm, seed, aspect, x, y, sunX, coverage, fill, paint, focusOn } = scene;
  const { accent, light, white, near, horizon } = scene.colors;
  each(range(4), (i) => {
    const s = mul(pick(i, 0.035, 0.055, 0.085, 0.15), add(1, snorm(11).mul(0.15)));
    const bx = clamp(snorm(10 + i).mul(0.35).add(mul(pick(i, -0.3, 0.34, -0.22, 0.16), sign(seed(13).add(0.001)))),
      -0.42, 0.42).mul(aspect);
    const by = add(pick(i, 0.36, 0.25, 0.2, 0.36), snorm(14 + i % 2).mul(0.04));
    const [dx, dy] = [x.sub(bx).div(s), y.sub(by).div(s)];
    const below = max(dy, 0);
    const r = length(dx.div(max(below.pow(2).mul(0.36).oneMinus(), 0.1)), dy.mul(0.92));
    const bag = r.oneMinus().mul(s);
    const neck = min(min(sub(0.3, abs(dx)), dy.sub(0.8)), sub(1.12, dy)).mul(s);
    const shape = max(bag, min(neck, sub(0.55, abs(dx)).sub(dy.sub(0.75).mul(0.7)).mul(s)));
    const turn = dx.div(max(dy.pow(2).mul(0.85).oneMinus(), 0.06).pow(0.5));
    const gore = sin(clamp(turn, -1.3, 1.3).mul(5.6).add(i * 1.3).add(seed(5))).gt(0);
    const shade = clamp(sub(0.55, dx.mul(0.45).mul(sign(sunX.sub(bx).add(0.001))).mul(-1)).sub(dy.mul(0.18)));
    let c = mix(mix(accent, light, 0.15), mix(light, white, 0.25), gore);
    c = mix(c, mix(accent, near, 0.3), coverage(sub(0.13, abs(dy.sub(0.12))).mul(s)).mul(i % 2));
    c = mix(mix(c, near, 0.5), c, add(0.3, shade.mul(0.7)));
    c = mix(c, mix(horizon, light, 0.3), pick(i, 0.45, 0.32, 0.15, 0));
    const ropes = max(sub(0.012, abs(abs(dx).sub(0.17).sub(sub(1.45, dy).mul(0.12)))), -9);
    const rigging = min(ropes, min(dy.sub(1), sub(1.5, dy))).mul(s);
    const basket = min(sub(0.17, abs(dx)), sub(0.12, abs(dy.sub(1.55)))).mul(s);
    fill(c, shape, amount);
    paint(mix(near, accent, 0.15), max(coverage(rigging).mul(0.7), coverage(basket)).mul(amount));
    focusOn(clamp(add(1.2, max(shape, basket).div(s).mul(4))).mul(amount));
  });
}

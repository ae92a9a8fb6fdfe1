import { abs, add, atan, clamp, cos, div, exp, floor, fract, gt, length, max, min, mix, mul, pick, range, sign, sin,
  smoothstep, sub, type Value } from "../values.ts";
import type { Ground } from "./layout.ts";
import { columns, union } from "./shapes.ts";

/** Still water with the mirrored picture and the light's glitter. */
export function water(scene: Ground, amount: Value): void {
  const { y, horizonY, x, fbm, noise, sample, sunX, orb, paint, coverage, gates } = scene;
  const { zenith, far, near, light, horizon } = scene.colors;
  const below = max(y.sub(horizonY), 0);
  const pz = div(1, below.add(0.045));
  const rip = fbm(x.mul(pz).mul(0.16), pz.mul(0.55), 3);
  const rp2 = noise(x.mul(pz).mul(0.35).add(0.3), pz.mul(1.3).add(0.2));
  const k = rip.mul(0.7).add(rp2.mul(0.3));
  const my = clamp(horizonY.sub(below.mul(0.92)).add(k.mul(0.028).mul(add(0.15, below.mul(3)))), 0.002, 1);
  const refl = sample(scene.img, x.add(k.mul(0.012)), my);
  const deep = mix(mix(zenith, far, 0.5), near, clamp(below.mul(1.5)));
  let c = mix(refl, deep, add(0.28, below.mul(0.75)));
  c = c.lighten(k.mul(0.02).mul(add(0.5, below)));
  const glitter = exp(abs(x.sub(sunX)).div(add(0.03, below.mul(0.32))).mul(-1.1))
    .mul(smoothstep(0, 0.9, k.add(exp(below.mul(-9)).mul(0.5)))).mul(orb);
  c = mix(c, light, clamp(glitter.mul(0.85)));
  c = mix(c, mix(horizon, light, 0.4), exp(below.mul(-70)).mul(0.5));
  paint(c, coverage(y.sub(horizonY)).mul(amount).mul(gates.waves.oneMinus()));
}

/** Sea in motion: swells from far to near, each with a lit back, a foamy crest and streaks that follow it. */
export function waves(scene: Ground, amount: Value): void {
  const { each, x, xs, profile, seed, horizonY, y, fbm, glow, fill, coverage, paint } = scene;
  const { far, horizon, near, light, white } = scene.colors;
  each(range(6), (i) => {
    const wide = pick(i, 7.5, 6, 4.6, 3.4, 2.5, 1.8);
    const u = x.add(profile(i, xs.mul(0.35).add(0.1 * i)).mul(0.06)).mul(wide).add(seed(9 + i % 6).mul(2.2));
    const warp = u.add(sin(u.mul(2.3).add(i)).mul(0.22));
    const swell = add(0.5, sin(warp.mul(2)).mul(0.5));
    const crest = swell.pow(3).mul(0.75).add(swell.mul(0.25));
    const rough = profile(i + 4, xs.mul(9 - i)).mul(0.05).add(profile(i + 2, xs.mul(23 - 2 * i)).mul(0.02));
    const amp = pick(i, 0.018, 0.028, 0.042, 0.06, 0.085, 0.11);
    const top = horizonY.sub(0.006).add(pick(i, 0, 0.035, 0.085, 0.155, 0.25, 0.37)).sub(crest.add(rough).mul(amp));
    const dp = max(y.sub(top), 0);
    const nn = fbm(x.mul(1.4).add(0.13 * i), y.mul(2.6).add(0.2 * i), 4);
    let c = mix(mix(far, horizon, pick(i, 0.32, 0.22, 0.12, 0.05, 0, 0)), near,
      pick(i, 0.1, 0.2, 0.32, 0.45, 0.58, 0.72));
    // Light shines through the thin water below a crest.
    c = mix(c, mix(far, light, 0.4), exp(dp.div(amp).mul(-1.6)).mul(crest).mul(0.6));
    c = mix(c, near, clamp(dp.div(amp).mul(0.32).sub(0.1), 0, 0.5));
    c = c.lighten(nn.mul(0.018));
    const streak = smoothstep(0.45, 0.95, sin(dp.div(amp).mul(5.5).add(nn.mul(3.2)).add(u.mul(0.7))))
      .mul(exp(dp.div(amp).mul(-0.9)));
    c = mix(c, mix(light, far, 0.35), streak.mul(add(0.25, crest.mul(0.4))));
    const depth = mul(amp, add(0.12, crest.mul(0.55)));
    const lace = smoothstep(0.62, 0.97, abs(nn).mul(pick(i, 1.5, 1.4, 1.3, 1.2, 1.1, 1)).oneMinus());
    const cap = smoothstep(0.2, 0.8, sub(1.1, dp.div(depth)).add(nn.mul(0.35))).mul(add(0.15, crest.mul(0.85)));
    const trail = lace.mul(exp(dp.div(amp).mul(pick(i, -0.9, -0.8, -0.7, -0.62, -0.5, -0.45))))
      .mul(add(0.25, crest.mul(0.5)));
    c = mix(c, mix(light, white, 0.5).darken(clamp(sub(0, nn)).mul(0.06)), clamp(max(cap, trail.mul(0.8))));
    c = mix(c, light, glow.mul(0.1));
    fill(c, y.sub(top), amount);
    // Spray blown from the crest.
    const mist = exp(max(top.sub(y), 0).div(amp).mul(-3.4)).mul(crest.pow(2)).mul(smoothstep(0.1, 1.2, nn.add(0.4)))
      .mul(coverage(y.sub(top)).oneMinus());
    paint(mix(light, white, 0.4), mist.mul(amount).mul(0.5));
  });
}

/** One great breaker, when waves are the subject. */
export function breaker(scene: Ground, amount: Value): void {
  const { seed, snorm, aspect, horizonY, x, y, fbm, paint, coverage, glow, each, hash, focusOn } = scene;
  const { near, black, far, light, white } = scene.colors;
  const way = sign(seed(13).add(0.001));
  const R = add(0.165, snorm(3).mul(0.02));
  const [cx, cy] = [way.mul(-0.06).mul(aspect).add(snorm(10).mul(0.04)), horizonY.add(0.05)];
  const [u, v] = [x.sub(cx).mul(way), y.sub(cy)];
  const r = length(u, v.mul(1.06)).add(0.0001);
  // Angle round the curl: 0 ahead, pi/2 up, pi behind.
  const turn = atan(sub(0, v), u);
  const phi = turn.add(gt(0, turn).mul(gt(0, u)).mul(Math.PI).mul(2));
  const tip = 0.12;
  const along = clamp(phi.sub(tip).div(Math.PI - tip), 0.0001, 1);
  const nn = fbm(x.mul(1.6), y.mul(1.6).add(0.4), 4);
  const thick = mul(0.17, along.pow(0.75));
  const claw = abs(fract(phi.mul(3.4).add(nn.mul(0.35))).sub(0.5)).mul(2).pow(2).mul(0.034)
    .mul(smoothstep(0.75, 0.1, along));
  const inside = R.sub(claw).add(nn.mul(0.004));
  let lip = min(min(R.add(thick).add(nn.mul(0.005)).sub(r), r.sub(inside)), phi.sub(tip));
  lip = min(lip, sub(0.03, v));
  const ridge = v.add(R.add(0.105).mul(exp(u.div(0.62).pow(2).mul(-1)))).add(nn.mul(0.006));
  const back = min(min(ridge, r.sub(R)), sub(0.004, u));
  const body = max(lip, back);
  // The hollow of the curl, seen from the side: a dark wall, open in front.
  const open = length(u.sub(R.mul(0.62)), v.add(R.mul(0.02))).sub(R.mul(0.86));
  const hollow = min(R.add(0.004).sub(r), open);
  const rib = sin(phi.mul(15).add(r.mul(30)).add(nn.mul(0.8)));
  const inner = mix(mix(near, black, 0.25), mix(far, near, 0.35),
    smoothstep(0.2, 1, rib).mul(0.7).add(clamp(r.div(R).sub(0.6)).mul(0.6)));
  paint(inner, coverage(hollow).mul(coverage(R.mul(1.1).sub(v))).mul(amount));
  // Outside: water that is drawn up, in lines towards the lip.
  const out = max(r.sub(R), 0);
  let c = mix(mix(far, near, 0.3), near, clamp(add(0.25, v.mul(1.6)).add(out.mul(0.8))));
  c = mix(c, mix(far, light, 0.35), exp(out.mul(-16)).mul(0.35));
  const line = sin(out.mul(95).sub(phi.mul(2.2)).add(nn.mul(1.1)));
  c = mix(c, mix(far, light, 0.6), smoothstep(0.55, 0.95, line).mul(0.6).mul(clamp(sub(1.15, out.mul(1.6)))));
  c = mix(c, light, glow.mul(0.1));
  const rise = mix(ridge, max(min(R.add(thick).sub(r), phi.sub(tip).add(0.5)), 0), coverage(u));
  const cap = smoothstep(0.05, 0.012, rise.add(nn.mul(0.016)));
  let foam = max(cap, smoothstep(0.5, 0.22, along.add(nn.mul(0.1))).mul(coverage(u.add(0.01))));
  foam = max(foam, smoothstep(0.6, 0.95, abs(nn).mul(1.2).oneMinus()).mul(exp(rise.mul(-13))).mul(0.7));
  c = mix(c, mix(light, white, 0.6).darken(clamp(sub(0, nn)).mul(0.07)), clamp(foam));
  paint(c, coverage(body).mul(amount));
  // Drops thrown off the lip.
  each([34, 58], (k) => {
    const [pu, pv] = [u.mul(k), v.mul(k)];
    const [a, b] = [hash(floor(pu).add(7).add(k), floor(pv).add(23)), hash(floor(pu).add(29), floor(pv).add(3).add(k))];
    const drop = clamp(add(0.08, b.mul(0.17))
      .sub(length(fract(pu).sub(0.3).sub(a.mul(0.4)), fract(pv).sub(0.3).sub(b.mul(0.4)))).mul(8)).mul(a.gt(0.4));
    const nearness = exp(length(u.sub(R.mul(0.85)).mul(0.8), v.add(R.mul(0.55))).mul(-10)).mul(1.6)
      .add(exp(max(sub(0, body), 0).mul(-55)).mul(0.55));
    paint(mix(light, white, 0.6), clamp(drop.mul(clamp(nearness.sub(0.25))).mul(2)).mul(gt(0, body)).mul(amount));
  });
  // The foot of the breaker churns, and lace drifts off it.
  const churn = y.sub(cy.add(R.mul(0.84)).sub(mul(0.05, exp(u.sub(R.mul(0.5)).pow(2).mul(-60)))).add(nn.mul(0.012)));
  const boil = fbm(x.mul(1.9).add(0.3), y.mul(3.4), 4);
  const lace = smoothstep(0.5, 0.95, abs(boil).mul(1.05).oneMinus()).mul(exp(max(churn, 0).mul(-4.5)));
  const froth = max(smoothstep(0.07, 0.01, churn.add(boil.mul(0.02))), lace.mul(0.85));
  const cc = mix(mix(far, near, 0.45), near, clamp(churn.mul(2.2))).lighten(boil.mul(0.02));
  paint(mix(cc, mix(light, white, 0.5).darken(clamp(sub(0, boil)).mul(0.06)), clamp(froth)),
    coverage(churn).mul(amount));
  focusOn(clamp(add(1, lip.mul(20))).mul(amount).mul(0.6));
}

/** Sailing boat. */
export function boat(scene: Ground, amount: Value): void {
  const { snorm, halfWidth, horizonY, seed, x, y, paint, coverage, fill, fbm, focusOn, gates } = scene;
  const { near, light, white, accent } = scene.colors;
  const [bx, by] = [snorm(15).mul(0.55).mul(halfWidth), horizonY.add(0.075).add(gates.waves.mul(0.09))];
  const s = add(0.125, snorm(3).mul(0.02)).add(gates.waves.mul(0.03));
  const heel = gates.waves.mul(0.22).mul(sign(seed(13).add(0.001)));
  const [u, v] = [x.sub(bx).div(s), y.sub(by).div(s)];
  const [dx, dy] = [u.mul(cos(heel)).add(v.mul(sin(heel))), v.mul(cos(heel)).sub(u.mul(sin(heel)))];
  const hull = min(add(0.62, dy.mul(-0.9)).sub(abs(dx)), min(dy.add(dx.mul(dx).mul(0.12)), sub(0.2, dy)));
  const jib = min(min(sub(-0.03, dx), sub(-0.1, dy)), dy.add(0.95).add(dx.mul(1.9)).mul(0.45));
  const main = min(min(dx.sub(0.035), sub(-0.1, dy)), dy.add(1.25).sub(dx.mul(1.9)).mul(0.45));
  const mast = min(sub(0.018, abs(dx)), min(dy.add(1.32), sub(0, dy)));
  const mirror = min(add(0.5, dy.sub(0.2).mul(-0.25)).sub(abs(dx.add(sin(dy.mul(22)).mul(0.07)))),
    min(dy.sub(0.2), sub(0.62, dy)));
  paint(near, coverage(mirror.mul(s)).mul(amount).mul(0.45).mul(gates.waves.oneMinus()));
  fill(near, mast.mul(s), amount);
  fill(mix(light, white, 0.3).darken(clamp(dx).mul(0.12)), main.mul(s), amount);
  fill(mix(light, accent, 0.75).darken(clamp(sub(0, dx)).mul(0.1)), jib.mul(s), amount);
  fill(mix(near, accent, 0.25), hull.mul(s), amount);
  paint(mix(light, white, 0.2), coverage(sub(0.02, abs(dy.sub(0.03))).mul(s)).mul(coverage(hull.mul(s))).mul(amount)
    .mul(0.8));
  const wash = fbm(x.mul(2.4), y.mul(4), 3);
  const splash = smoothstep(0.25, 0.9, wash.mul(0.4).add(1.25).sub(abs(dy.sub(0.2)).mul(5))
    .sub(max(abs(dx).sub(0.6), 0).mul(3))).mul(add(0.35, gates.waves.mul(0.65)));
  paint(mix(light, white, 0.5), splash.mul(amount).mul(0.85));
  focusOn(clamp(add(1.2, max(max(hull, main), max(jib, mast)).mul(5))).mul(amount));
}

/** Ship of three masts under square sails. */
export function ship(scene: Ground, amount: Value): void {
  const { snorm, halfWidth, horizonY, seed, x, y, zeros, coverage, paint, fill, lab, darkness, fbm, focusOn,
    gates } = scene;
  const { near, accent, black, light, horizon, far, white } = scene.colors;
  const [bx, by] = [snorm(15).mul(0.2).mul(halfWidth), horizonY.add(0.12).add(gates.waves.mul(0.06))];
  const s = add(0.3, snorm(3).mul(0.03));
  const way = sign(seed(13).add(0.001));
  const heel = gates.waves.mul(0.13).add(0.03);
  const [u, v] = [x.sub(bx).mul(way).div(s), y.sub(by).div(s)];
  const [dx, dy] = [u.mul(cos(heel)).add(v.mul(sin(heel))), v.mul(cos(heel)).sub(u.mul(sin(heel)))];
  const sheer = dx.mul(dx).mul(0.16).add(max(sub(0, dx).sub(0.38), 0).mul(0.45));
  const hull = min(min(dy.add(0.05).add(sheer), sub(0.17, dy)),
    min(add(0.66, sub(0, dy).mul(0.35)).sub(dx), add(0.6, sub(0, dy).mul(0.12)).add(dx)));
  let spars = min(sub(0.011, abs(dy.add(0.16).add(dx.sub(0.62).mul(0.42)))), min(dx.sub(0.5), sub(0.98, dx)));
  let sails = zeros.sub(1);
  let folds = zeros;
  for (const [mast, tall, beam] of [[-0.36, 0.78, 0.17], [0.02, 1, 0.22], [0.37, 0.84, 0.18]] as const) {
    spars = max(spars, min(sub(0.013, abs(dx.sub(mast))), min(dy.add(tall).add(0.06), sub(0, dy))));
    const [foot, high, wide] = columns(x.graph, [[0.24, 0.3, 1], [0.55, 0.26, 0.84], [0.8, 0.16, 0.62]].map(
      ([rise = 0, share = 0, span = 0]) => [-tall * (rise - 0.06), tall * share, beam * span] as const));
    const [t, top] = [clamp(foot.sub(dy).div(high)), foot.sub(high)];
    const w = wide.mul(t.mul(0.14).oneMinus());
    const belly = dx.sub(mast).sub(mul(0.045, sin(t.mul(Math.PI))));
    const part = belly.div(w);
    const sail = min(w.sub(abs(belly)), min(foot.sub(dy).sub(mul(0.02, part.pow(2).oneMinus())), dy.sub(top)));
    sails = max(sails, union(sail));
    folds = max(folds, union(coverage(sail.mul(s)).mul(add(0.55, part.mul(0.4)).sub(t.mul(0.2)))));
    spars = max(spars, union(min(sub(0.008, abs(dy.sub(top))), w.add(0.02).sub(abs(dx.sub(mast))))));
  }
  const jib = min(min(dx.sub(0.42), dy.add(0.72).sub(dx.sub(0.4).mul(1.15)).mul(0.6)),
    sub(-0.18, dy).sub(dx.sub(0.62).mul(0.42)));
  const fore = min(sub(0.0035, abs(dy.add(0.84).sub(dx.sub(0.37).mul(1.32)))), min(dx.sub(0.37), sub(0.93, dx)));
  const aft = min(sub(0.0035, abs(dy.add(1).add(dx.sub(0.02).mul(1.5)))), min(dx.add(0.56), sub(0.02, dx)));
  const ropes = max(fore, aft);
  const flag = min(sub(0.1, abs(dx.add(0.08))), sub(0.035, abs(dy.add(1.04).add(sin(dx.mul(30)).mul(0.012)))));
  const wood = mix(mix(near, accent, 0.22), black, 0.25).lighten(sin(dy.mul(120)).mul(0.012));
  const cloth = mix(mix(light, horizon, 0.25), mix(near, far, 0.5), clamp(folds).mul(0.55));
  const depth = max(y.sub(by).sub(0.045), 0);
  const shadow = exp(abs(x.sub(bx)).div(add(0.19, depth.mul(0.2))).mul(-2)).mul(exp(depth.mul(-9))).mul(depth.gt(0))
    .mul(gates.waves.oneMinus());
  paint(near, shadow.mul(amount).mul(0.5));
  fill(mix(near, black, 0.4), max(spars, ropes).mul(s), amount);
  paint(cloth, coverage(max(sails, jib).mul(s)).mul(amount).mul(0.97));
  fill(mix(near, black, 0.6), flag.mul(s), amount);
  fill(wood, hull.mul(s), amount);
  paint(mix(accent, light, 0.2), coverage(min(sub(0.012, abs(dy.add(sheer).sub(0.01))), hull).mul(s)).mul(amount)
    .mul(0.85));
  const port = min(sub(0.014, abs(fract(dx.mul(9)).sub(0.5)).div(9)), sub(0.013, abs(dy.add(sheer).sub(0.062))));
  paint(mix(black, lab(0.86, 0.03, 0.12), darkness.mul(0.8)),
    coverage(min(port, hull).mul(s)).mul(gt(0.5, abs(dx))).mul(amount));
  const wash = fbm(x.mul(2.2), y.mul(3.6), 3);
  const splash = smoothstep(0.25, 0.95, wash.mul(0.4).add(1.2).sub(abs(dy.sub(0.17)).mul(9))
    .sub(max(abs(dx).sub(0.6), 0).mul(4))).mul(add(0.4, gates.waves.mul(0.6)));
  paint(mix(light, white, 0.4), splash.mul(amount).mul(0.85));
  focusOn(clamp(add(1.2, max(max(hull, sails), max(jib, spars)).mul(8))).mul(amount));
}

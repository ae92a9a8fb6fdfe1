import { abs, add, atan, clamp, cos, exp, fract, length, log, max, min, mix, pick, range, sin, smoothstep, sub, tanh,
  type Value } from "../values.ts";
import type { Sky } from "./layout.ts";

/** Spiral galaxy: two arms round a core, in a nebula. */
export function galaxy(scene: Sky, amount: Value): void {
  const { snorm, halfWidth, x, y, seed, skyNoise, fbm, paint, gates } = scene;
  const { near, zenith, accent, horizon, light } = scene.colors;
  const cx = snorm(4).mul(0.2).mul(halfWidth).sub(gates.planet.mul(0.2));
  const [dx, dy] = [x.sub(cx).mul(0.62), y.sub(0.4).mul(0.84)];
  const [ca, sn] = [cos(seed(5).mul(0.7)), sin(seed(5).mul(0.7))];
  const [u, v] = [dx.mul(ca).sub(dy.mul(sn)), dx.mul(sn).add(dy.mul(ca)).mul(1.5)];
  const r = length(u, v).add(0.012);
  const th = atan(v, u);
  const arms = add(0.5, sin(th.mul(2).add(log(r).mul(5.5)).add(skyNoise.mul(0.8))).mul(0.5));
  const f2 = fbm(x.mul(1.1).add(0.3), y.mul(1.1), 5);
  const neb = smoothstep(-0.2, 1.6, f2.add(arms.mul(0.4)));
  const core = exp(r.mul(-9));
  const disk = exp(r.mul(-4.2)).mul(add(0.15, arms.pow(2).mul(1.25))).mul(add(0.75, f2.mul(0.25)));
  paint(mix(near, zenith, 0.4), amount.mul(0.85));
  paint(accent, neb.mul(amount).mul(0.38));
  paint(mix(horizon, accent, smoothstep(-0.6, 1.2, skyNoise)), clamp(disk.mul(amount).mul(1.1), 0, 0.9));
  paint(light, clamp(core.mul(1.5).add(disk.pow(2).mul(0.7)).mul(amount)));
}

/** Stars, fewer towards the horizon. */
export function stars(scene: Sky, amount: Value): void {
  const { starAtlas, xs, seed, y, texture, paint, toHorizon } = scene;
  const { light } = scene.colors;
  const shine = texture(starAtlas, xs.mul(0.9).add(seed(6).mul(0.6)), y.mul(0.9).add(seed(7).mul(0.6)));
  paint(light, shine.mul(clamp(sub(1.15, toHorizon.mul(toHorizon)))).mul(amount));
}

/** Curtains of northern lights. */
export function aurora(scene: Sky, amount: Value): void {
  const { each, horizonY, xs, profile, y, lab, paint } = scene;
  const { accent, horizon } = scene.colors;
  each(range(3), (i) => {
    const b = horizonY.mul(0.42 + 0.16 * i).sub(profile(i, xs.mul(0.55).add(0.13 * i)).mul(0.085));
    const above = max(b.sub(y), 0);
    const ray = add(0.55, tanh(profile(i + 2, xs.mul(2.7 + i)).mul(1.2)).mul(0.4));
    const v = exp(above.mul(-4.5)).mul(smoothstep(-0.012, 0.03, b.sub(y))).mul(ray).mul(pick(i, 1, 0.7, 0.55));
    paint(lab(0.86, -0.17, 0.08), amount.mul(clamp(v.mul(0.75))).mul(0.7));
    paint(mix(accent, horizon, clamp(above.mul(3.2))), amount.mul(v).mul(0.28));
  });
}

/** Planet with bands and a ring. */
export function planet(scene: Sky, amount: Value): void {
  const { snorm, halfWidth, x, y, fbm, coverage, paint, fill, gates } = scene;
  const { horizon, far, accent, light, near, zenith } = scene.colors;
  const cx = snorm(4).mul(0.22).mul(halfWidth).add(gates.galaxy.mul(0.2));
  const cy = add(0.38, snorm(5).mul(0.05)).add(gates.galaxy.mul(0.12));
  const r = add(0.19, snorm(3).mul(0.04)).mul(gates.galaxy.mul(0.25).oneMinus());
  const [dx, dy] = [x.sub(cx), y.sub(cy)];
  const dd = length(dx, dy);
  const tilt = add(-0.35, snorm(7).mul(0.12));
  const [u, v] = [dx.mul(cos(tilt)).add(dy.mul(sin(tilt))), dy.mul(cos(tilt)).sub(dx.mul(sin(tilt)))];
  const band = fbm(u.mul(0.25).add(0.2), v.mul(2.2).add(u.pow(2).mul(0.6)), 3);
  const lit = clamp(add(0.5, dx.mul(-0.75).sub(dy.mul(0.55)).div(r.mul(1.3))));
  let pc = mix(mix(horizon, far, 0.25), accent, smoothstep(-0.9, 0.9, band));
  pc = mix(pc, light, smoothstep(0.3, 1.2, band).mul(0.5));
  pc = mix(mix(near, zenith, 0.3), pc, smoothstep(0.05, 0.75, lit));
  const e = length(u, v.mul(3.6));
  const ring = coverage(e.sub(r.mul(1.28))).mul(coverage(r.mul(2.05).sub(e)))
    .mul(add(0.45, sin(e.div(r).mul(34)).mul(0.28)));
  const front = v.gt(0);
  const rc = mix(light, horizon, 0.4);
  paint(rc, ring.mul(amount).mul(front.oneMinus()).mul(0.85));
  paint(horizon, exp(max(dd.sub(r), 0).mul(-16)).mul(amount).mul(0.35));
  fill(pc, r.sub(dd), amount);
  paint(rc, ring.mul(amount).mul(front).mul(0.9));
}

/** The light itself, its glow, and a brighter horizon below it. */
export function sun(scene: Sky): void {
  const { paint, sunDistance, gates, y, horizonY, x, sunX, sunY, sunR, retro, coverage } = scene;
  const { light, white } = scene.colors;
  paint(light, clamp(exp(sunDistance.mul(-3.2)).mul(0.55).add(exp(sunDistance.mul(-11)).mul(0.35))
    .mul(max(gates.sun, gates.moon.mul(0.55)))));
  paint(light, exp(abs(y.sub(horizonY)).mul(-8)).mul(gates.sun).mul(0.28).mul(exp(abs(x.sub(sunX)).mul(-1.6))));
  const slit = clamp(y.sub(sunY).div(sunR)).mul(0.62).sub(0.06).gt(fract(y.sub(sunY).div(sunR).mul(5)));
  paint(mix(light, white, 0.35), coverage(sunR.sub(sunDistance)).mul(gates.sun).mul(retro.mul(slit).oneMinus()));
}

/** Moon, full or a crescent, where the sun would be. */
export function moon(scene: Sky, amount: Value): void {
  const { moonR, x, sunX, y, sunY, sunDistance, coverage, seed, noise, paint, gates } = scene;
  const { light, white } = scene.colors;
  const mr = moonR.mul(0.92);
  const dm = length(x.sub(sunX.add(mr.mul(0.48))), y.sub(sunY.sub(mr.mul(0.22))));
  const cres = coverage(mr.sub(sunDistance)).mul(coverage(mr.mul(0.92).sub(dm)).mul(seed(5).gt(0.35)).oneMinus());
  const mare = clamp(noise(x.mul(2.3), y.mul(2.3)).mul(0.5)).mul(0.07);
  paint(mix(light, white, 0.3).darken(mare), cres.mul(amount).mul(gates.sun.oneMinus()));
}

/** Clouds, lit from above. */
export function clouds(scene: Sky, amount: Value): void {
  const { x, seed, y, fbm, toHorizon, palette, paint } = scene;
  const { horizon, zenith, far, light } = scene.colors;
  const [px, py] = [x.mul(0.42).add(seed(9).mul(0.3)), y.mul(1.25)];
  const wv = fbm(px.add(0.4), py.add(0.1), 3);
  const f = fbm(px.add(wv.mul(0.05)), py.add(wv.mul(0.04)), 5);
  const f2 = fbm(px.add(wv.mul(0.05)).add(0.012), py.add(wv.mul(0.04)).add(0.045), 4);
  const cov = smoothstep(-0.1, 1.15, f.add(sub(0.5, toHorizon).mul(0.25)));
  const lit = smoothstep(-0.7, 0.7, f.sub(f2));
  const storm = palette("storm", "night", "neon", "space");
  const low = mix(mix(horizon, zenith, 0.35), far, storm.mul(0.55));
  const high = mix(light, horizon, add(0.2, storm.mul(0.6)));
  paint(mix(low, high, lit), cov.mul(amount).mul(0.88).mul(clamp(sub(1.12, toHorizon).mul(5))));
}

/** Two bolts with a fork each. */
export function lightning(scene: Sky, amount: Value): void {
  const { each, snorm, halfWidth, y, profile, x, horizonY, coverage, paint, toHorizon } = scene;
  const { light, white } = scene.colors;
  each(range(2), (i) => {
    const bx = snorm(4 + i * 3).mul(0.75).mul(halfWidth).add(i * 0.1);
    const path = bx.add(profile(i + 3, y.mul(0.9).add(i * 0.2)).mul(0.05)).add(profile(i + 5, y.mul(3.1)).mul(0.018))
      .add(profile(i, y.mul(9.3)).mul(0.005));
    const d = abs(x.sub(path));
    const down = coverage(horizonY.add(0.01).sub(y));
    const bolt = exp(d.mul(pick(i, -340, -520))).mul(1.4).add(exp(d.mul(-40)).mul(0.32));
    paint(mix(light, white, 0.6), clamp(bolt.mul(down).mul(amount).mul(pick(i, 1, 0.6))));
    const side = bx.add(y.sub(horizonY.mul(0.35)).mul(pick(i, 0.5, -0.6))).add(profile(i + 1, y.mul(4.3)).mul(0.02))
      .add(profile(i + 2, y.mul(11)).mul(0.005));
    const fork = exp(abs(x.sub(side)).mul(-480)).mul(coverage(y.sub(horizonY.mul(0.35))))
      .mul(clamp(y.sub(horizonY.mul(0.35)).mul(4).oneMinus())).mul(exp(abs(x.sub(path)).mul(-3)));
    paint(mix(light, white, 0.6), clamp(fork.mul(amount).mul(pick(i, 0.9, 0.5))));
  });
  paint(light, amount.mul(0.1).mul(clamp(toHorizon.oneMinus())));
}

/** Flock of six. */
export function birds(scene: Sky, amount: Value): void {
  const { zeros, fold, snorm, halfWidth, x, y, coverage, paint, focusOn } = scene;
  const { near, black } = scene.colors;
  const m = fold(range(6), zeros, (m, i) => {
    const bx = snorm(10).mul(0.25).mul(halfWidth).add((i % 3 - 1) * 0.11).add(i > 2 ? 0.05 : 0)
      .add(pick(i, 0, 0.02, -0.02, 0.03, -0.01, 0.01));
    const by = add(0.2 + (i > 2 ? 0.055 : 0) + pick(i, 0, 0.03, 0.012, 0.02, -0.015, 0.04), snorm(11).mul(0.06));
    const s = 0.036 - 0.0025 * i;
    const [dx, dy] = [abs(x.sub(bx)).div(s), y.sub(by).div(s)];
    const flap = pick(i, 0.9, 0.5, 1.2, 0.7, 1.1, 0.4);
    const c = dx.sub(0.55).pow(2).mul(flap).sub(0.3 * flap);
    const t = sub(1.05, dx).mul(0.13).sub(abs(dy.sub(c)));
    const body = sub(0.14, length(dx, dy.mul(2.2).sub(0.2)));
    return max(m, coverage(max(min(t, sub(1.05, dx)), body).mul(s)));
  });
  paint(mix(near, black, 0.4), m.mul(amount).mul(0.95));
  focusOn(m.mul(amount));
}

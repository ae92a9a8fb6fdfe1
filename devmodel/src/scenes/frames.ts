import { abs, add, atan, clamp, cos, div, exp, floor, fract, length, log, max, min, mix, mul, pick, range, sigmoid,
  sign, sin, smoothstep, sub, tanh, type Value } from "../values.ts";
import type { Ground } from "./layout.ts";
import { columns, shapes, union } from "./shapes.ts";

/** Colour of a place, 0 to 1, on a ramp through the palette. */
function ramp(scene: Ground, place: Value): Value {
  const { near, far, accent, horizon, light, zenith } = scene.colors;
  let c = near;
  for (const [at, color] of [[0.18, far], [0.38, accent], [0.55, horizon], [0.72, light], [0.9, zenith]] as const) {
    c = mix(c, color, smoothstep(at - 0.11, at + 0.11, place));
  }
  return c;
}

/** Marbled paint. */
export function abstract(scene: Ground, amount: Value): void {
  const { x, y, fbm, paint } = scene;
  const [u, v] = [x.mul(0.26), y.sub(0.5).mul(0.26)];
  const [w1, w2] = [fbm(u.add(0.3), v.add(0.1), 3), fbm(u.add(0.75), v.add(0.62), 3)];
  const [px, py] = [u.add(w1.mul(0.085)).add(0.4), v.add(w2.mul(0.085)).add(0.4)];
  const f = fbm(px, py, 3);
  const t = add(0.5, tanh(f.mul(0.55).add(w1.mul(0.25))).mul(0.55));
  let c = ramp(scene, t).lighten(exp(abs(fract(t.mul(9)).sub(0.5)).mul(-22)).mul(0.05));
  c = c.lighten(tanh(f.sub(fbm(px.add(0.004), py.add(0.004), 3)).mul(11)).mul(0.055));
  paint(c, amount);
  scene.focus = scene.focus.mul(amount.oneMinus());
}

/** Mosaic of tiles. */
export function geometric(scene: Ground, amount: Value): void {
  const { seed, x, halfWidth, y, mosaic, coverage, noise, paint, focusOn, zeros } = scene;
  const { zenith, horizon, accent, far, light, near } = scene.colors;
  const n = add(4, floor(clamp(seed(5).mul(0.9).add(1), 0, 2.9)));
  const [uu, vv] = [x.add(halfWidth).mul(n), y.mul(n)];
  const [ix, iy] = [floor(uu), floor(vv)];
  const [fx, fy] = [uu.sub(ix), vv.sub(iy)];
  const ca = mosaic(1, ix.add(2.5).div(16), iy.add(2.5).div(16));
  const cb = mosaic(2, ix.add(2.5).div(16), iy.add(2.5).div(16));
  const cc = mosaic(3, ix.add(2.5).div(16), iy.add(2.5).div(16));
  const [gx, gy] = [mix(fx, fx.oneMinus(), ca.gt(0)), mix(fy, fy.oneMinus(), cb.gt(0))];
  const [A, B] = [fract(abs(ca).mul(1.37)), fract(abs(cb).mul(1.71))];
  const K = fract(abs(cc).mul(1.93));
  const tint = (t: Value) => {
    let c = zenith;
    for (const [from, color] of [[0.16, horizon], [0.34, accent], [0.52, far], [0.68, light], [0.84, near]] as const) {
      c = mix(c, color, t.gt(from));
    }
    return c;
  };
  const e = div(1, n);
  const quarter = coverage(length(gx, gy).oneMinus().mul(e));
  const small = coverage(sub(0.5, length(gx, gy)).mul(e));
  const disc = coverage(sub(0.4, length(fx.sub(0.5), fy.sub(0.5))).mul(e));
  const dot = coverage(sub(0.2, length(fx.sub(0.5), fy.sub(0.5))).mul(e));
  const corner = coverage(gx.sub(gy).mul(0.7).mul(e));
  const bowl = coverage(sub(0.5, gx).mul(e)).mul(coverage(sub(0.5, length(gx.sub(0.5), fy.sub(0.5))).mul(e)));
  const bars = coverage(sub(0.25, abs(fract(gx.mul(3)).sub(0.5))).mul(e));
  const kind = (low: number, high: number) => K.gt(low).mul(K.gt(high).oneMinus());
  const m1 = quarter.mul(kind(-1, 0.3)).add(disc.mul(kind(0.3, 0.48))).add(corner.mul(kind(0.48, 0.64)))
    .add(bowl.mul(kind(0.64, 0.76))).add(bars.mul(kind(0.76, 0.86))).add(quarter.mul(kind(0.86, 2)));
  const m2 = small.mul(kind(-1, 0.3)).add(dot.mul(kind(0.3, 0.48))).add(small.mul(kind(0.86, 2)));
  const c = mix(mix(tint(A), tint(fract(A.add(0.2).add(B.mul(0.6)))), m1), tint(fract(A.add(0.55).add(K.mul(0.3)))),
    m2);
  paint(c.lighten(noise(x.mul(2), y.mul(2)).mul(0.008)), amount);
  focusOn(amount.add(zeros));
}

/** Mandala of ten rings. */
export function mandala(scene: Ground, amount: Value): void {
  const { y, x, seed, fold, snorm, coverage, paint, focusOn, zeros } = scene;
  const { near, zenith, light, accent, horizon, far, white } = scene.colors;
  const dy = y.sub(0.5);
  const r = length(x, dy).add(0.001);
  const th = atan(dy, x);
  const k = add(8, floor(clamp(seed(5).add(1.5), 0, 3.9)).mul(2));
  let c = mix(near, zenith, clamp(r.mul(0.9)));
  const rings = [light, accent, horizon, far, light, accent, horizon, zenith, light, far];
  c = fold(range(10), c, (c, j) => {
    const i = 9 - j;
    const a = th.mul(k).mul(i > 4 ? 1 : 0.5);
    const petal = abs(cos(a.add(i % 2 * Math.PI / 2)));
    const shape = mix(petal.add(0.001).pow(0.6), petal.mul(petal), sigmoid(seed(i % 7 + 9).mul(2)));
    const rr = 0.055 + 0.06 * i;
    const rad = add(rr, shape.mul(0.055 + 0.006 * i)).mul(add(1, snorm(i % 6 + 2).mul(0.06)));
    const s = rad.sub(r);
    let pc = mix(rings[i] as Value, near, clamp(sub(0.35, s.div(0.12).mul(0.35)), 0, 0.6));
    pc = mix(pc, near, exp(abs(s).mul(-260)).mul(0.8));
    c = mix(c, pc, coverage(s));
    const dot = sub(0.006 + 0.0012 * i, length(r.sub(rad.sub(0.028)), r.mul(sin(a)).div(k).mul(1.5)));
    return mix(c, mix(light, white, 0.4), coverage(dot).mul(0.9));
  });
  paint(c, amount);
  focusOn(amount.mul(0.5).add(zeros));
}

/** Flower in front of lights out of focus: a daisy with long petals, a dahlia with many short ones, or a rose. */
export function flower(scene: Ground, amount: Value): void {
  const { snorm, x, y, fbm, aspect, lab, coverage, fold, seed, noise, when, paint, focusOn, gates } = scene;
  const { horizon, light, far, near, accent } = scene.colors;
  const [cx, cy] = [snorm(4).mul(0.06), add(0.42, snorm(1).mul(0.03))];
  const [dx, dy] = [x.sub(cx), y.sub(cy)];
  const r = length(dx, dy).add(0.001);
  const th = atan(dy, dx);
  let c = mix(mix(horizon, light, 0.35), mix(far, horizon, 0.35),
    smoothstep(-1, 1, fbm(x.mul(0.5), y.mul(0.5), 2).add(y.sub(0.5).mul(1.2))));
  // Light spots out of focus.
  for (const [ox, oy, size] of [
    [-0.36, 0.2, 0.07], [0.38, 0.3, 0.09], [0.3, 0.82, 0.06], [-0.4, 0.72, 0.1], [0.12, 0.1, 0.045],
  ] as const) {
    const d = length(x.sub(mul(ox, aspect)).sub(snorm(6).mul(0.05)), y.sub(oy));
    c = mix(c, light, smoothstep(size, size - 0.02, d).mul(0.16));
  }
  const sx0 = cx.add(sin(dy.mul(3)).mul(0.03));
  const green = mix(mix(far, near, 0.45), lab(0.5, -0.1, 0.08), 0.55);
  c = mix(c, green, coverage(min(sub(0.012, abs(x.sub(sx0))), dy)));
  c = fold([-1, 1], c, (c, s) => {
    const ly = dy.sub(s < 0 ? 0.36 : 0.43);
    const lx = x.sub(sx0).mul(s);
    const leaf = sin(clamp(lx.mul(Math.PI).div(0.24), 0, Math.PI)).mul(0.05).sub(abs(ly.add(lx.mul(0.55)))).sub(0.004);
    return mix(c, mix(green, near, clamp(abs(ly.add(lx.mul(0.55))).mul(5))), coverage(leaf.mul(0.8)));
  });
  // Long petals with a broad heart (a daisy or sunflower), or many short ones (a dahlia), as the seed has it.
  const daisy = max(gates.daisy, seed(12).gt(0.15).mul(gates.rose.oneMinus())).mul(gates.rose.oneMinus());
  const kn = add(5, floor(clamp(seed(5).mul(1.4).add(1.5), 0, 3.9)));
  c = fold(range(5), c, (c, i) => {
    const R = add(1, snorm(3).mul(0.15)).mul(mix(0.315 - 0.055 * i, 0.33 - 0.022 * i, daisy));
    const a = th.mul(mix(kn.mul(0.5), 6.5, daisy)).add(mul(i, mix(1.05, 0.8, daisy))).add(seed(6).mul(1.5))
      .add(r.mul(snorm(7)).mul(mix(3, 0.6, daisy)));
    const petal = abs(cos(a));
    const pr = R.mul(mix(add(0.42, petal.add(0.001).pow(0.62).mul(0.58)),
      add(0.2, smoothstep(0.15, 0.75, petal).mul(0.8)).sub(petal.oneMinus().mul(0.12)), daisy));
    const s = pr.sub(r);
    const shade = clamp(r.div(R));
    let pc = mix(mix(accent, near, 0.35), mix(accent, light, 0.25 + 0.12 * i), shade);
    pc = mix(pc, light, shade.pow(3).mul(0.45));
    pc = pc.lighten(tanh(sin(th.mul(kn).mul(7))).mul(0.012).sub(petal.oneMinus().mul(0.07)));
    const open = max(daisy.oneMinus(), i < 3 ? 1 : 0).mul(gates.rose.oneMinus());
    c = mix(c, near, exp(max(r.sub(pr), 0).mul(-26)).mul(0.22).mul(open));
    return mix(c, pc, coverage(s).mul(open));
  });
  const heart = mix(0.05, 0.115, daisy);
  const seeds = sin(th.mul(13).add(r.mul(160))).mul(sin(th.mul(21).sub(r.mul(130))));
  const hc = mix(mix(light, accent, clamp(noise(x.mul(5), y.mul(5)).mul(0.5))),
    mix(mix(near, far, 0.25), mix(light, accent, 0.5), clamp(r.div(heart).sub(0.35).add(seeds.mul(0.22)))), daisy);
  c = mix(c, near, exp(max(r.sub(heart), 0).mul(-40)).mul(0.3).mul(gates.rose.oneMinus()));
  c = mix(c, hc, coverage(heart.sub(r)).mul(gates.rose.oneMinus()));

  // A rose: broad petals wound into a spiral, each darker where it dips under the next.
  [c] = when(gates.rose, [c], () => {
    const red = mix(accent, mix(accent, near, 0.3), 0.35);
    c = fold(range(9), c, (c, i) => {
      const R = mul(0.3 - 0.029 * i, add(1, snorm(3).mul(0.12)));
      const lean = 0.012 * i;
      const ex = dx.add(sin(add(i * 2.4, seed(6))).mul(0.02));
      const ey = dy.add(cos(add(i * 2.4, seed(6))).mul(0.02)).add(lean * 0.6);
      const er = length(ex, ey.mul(1 + i * 0.018));
      const et = atan(ey, ex).add(i * 2.1).add(seed(6).mul(1.5));
      const folds = pick(i, 2.5, 2.5, 2, 2, 1.5, 1.5, 1.5, 1, 1);
      const lobe = abs(sin(et.mul(folds * 0.5).add(sin(et).mul(0.3))));
      const pr = R.mul(add(0.84, mul(0.16, lobe.pow(0.6)))).add(noise(x.mul(1.6).add(i * 0.11), y.mul(1.6)).mul(0.006));
      const s = pr.sub(er);
      const curl = exp(abs(s.sub(0.012)).mul(-95));
      const dip = clamp(s.div(0.085 - i * 0.004).oneMinus());
      let pc = mix(mix(red, near, 0.55), red, dip.pow(0.8));
      pc = mix(pc, mix(accent, light, 0.45), curl.mul(add(0.3, mul(0.35, lobe))).mul(1 - i * 0.03));
      pc = pc.lighten(sub(0, clamp(ey.mul(0.5)).mul(0.12)).add(lobe.sub(0.6).mul(0.035)));
      c = mix(c, near, exp(max(sub(0, s), 0).mul(-30)).mul(0.3).mul(gates.rose));
      return mix(c, pc, coverage(s).mul(gates.rose));
    });
    const wind = sin(th.add(log(r).mul(6)));
    c = mix(c, mix(red, near, sub(0.5, wind.mul(0.25))), coverage(sub(0.042, r)).mul(gates.rose));
    return [c];
  });
  paint(c, amount);
  focusOn(clamp(sub(1.6, r.mul(3.2))).mul(amount));
}

/** Face. */
export function portrait(scene: Ground, amount: Value): void {
  const { x, snorm, y, skyNoise, seed, coverage, paint, when, focusOn, gates } = scene;
  const { zenith, horizon, light, accent, near, far, white, black } = scene.colors;
  const px = x.sub(snorm(0).mul(0.05));
  const dx = px.sub(snorm(4).mul(0.02));
  const hd = length(px, y.sub(0.36));
  let c = mix(zenith, horizon, smoothstep(0, 1.1, y.add(skyNoise.mul(0.05))));
  const ang = atan(y.sub(0.36), px);
  const rays = sin(ang.mul(add(14, floor(seed(6).mul(2)).mul(2)))).gt(0).mul(sigmoid(seed(9).mul(3))).mul(0.22);
  c = mix(c, light, rays.mul(exp(hd.mul(-1.2))));
  const big = snorm(3).mul(0.03);
  c = mix(c, mix(light, horizon, 0.25), coverage(add(0.31, big).sub(hd)).mul(0.9));
  c = mix(c, accent, coverage(sub(0.006, abs(hd.sub(add(0.335, big))))).mul(0.9));
  const ell = (ox: number, cy: number, rx: number, ry: number) =>
    length(dx.sub(ox).div(rx), y.sub(cy).div(ry)).oneMinus().mul(rx);
  const hair = add(0.2, sigmoid(seed(10).mul(2)).mul(0.35));
  const back = max(ell(0, 0.37, 0.185, 0.225),
    min(add(0.15, y.sub(0.36).mul(0.12)).sub(abs(dx)), min(y.sub(0.36), add(0.36, hair).sub(y))));
  const hairColor = mix(near, accent, sigmoid(seed(11).mul(2)).mul(0.35));
  c = mix(c, hairColor.lighten(tanh(sin(dx.mul(130).add(y.mul(18)).add(skyNoise.mul(2)))).mul(0.015)), coverage(back));
  const neck = min(sub(0.055, abs(dx)), min(y.sub(0.5), sub(0.78, y)));
  const body = max(ell(0, 1.02, 0.4, 0.33), ell(0, 0.86, 0.16, 0.14));
  const skin = mix(mix(mix(light, accent, 0.22), horizon, 0.25), mix(near, accent, 0.4),
    sigmoid(seed(15).mul(2).sub(0.6)).mul(0.55));
  const shadow = mix(mix(accent, near, 0.42), far, 0.2);
  const split = smoothstep(-0.012, 0.02, dx.add(sin(y.sub(0.3).mul(10)).mul(0.018)));
  const sp = mix(split, split.oneMinus(), seed(13).gt(0));
  const sk = mix(skin, shadow, sp.mul(0.55));
  c = mix(c, mix(sk, shadow, 0.5), coverage(neck));
  const weave = mix(sin(abs(dx).mul(70).sub(y.mul(55))).gt(0.35), sin(abs(dx).mul(90)).mul(sin(y.mul(90))).gt(0.2),
    seed(7).gt(0.3));
  const cloth = mix(mix(far, near, 0.35), accent, weave.mul(0.4));
  c = mix(c, mix(cloth, near, sp.mul(0.4)), coverage(body));
  c = mix(c, light, coverage(sub(0.006, abs(body))).mul(0.8));
  c = mix(c, sk, coverage(max(ell(0, 0.385, 0.128, 0.15), ell(0, 0.44, 0.1, 0.13))));
  const eye = (s: number) =>
    min(sub(0.0048, abs(y.sub(0.395).sub(sub(0.012, dx.sub(s * 0.052).pow(2).mul(9))))),
      sub(0.03, abs(dx.sub(s * 0.052))));
  const brow = (s: number) =>
    min(sub(0.0045, abs(y.sub(0.352).sub(dx.sub(s * 0.052).pow(2).mul(5)))), sub(0.034, abs(dx.sub(s * 0.052))));
  // Eyes closed, or open and looking out.
  const awake = seed(16).gt(0.1);
  const ex = abs(dx).sub(0.052);
  const almond = min(sub(0.016, abs(y.sub(0.398))).sub(ex.pow(2).mul(16)), sub(0.03, abs(ex)));
  c = mix(c, mix(white, skin, 0.2), coverage(almond).mul(awake));
  c = mix(c, mix(accent, near, 0.55), coverage(min(sub(0.0125, length(ex, y.sub(0.397))), almond)).mul(awake));
  c = mix(c, black, coverage(min(sub(0.006, length(ex, y.sub(0.397))), almond)).mul(awake));
  c = mix(c, white, coverage(sub(0.003, length(ex.sub(0.004), y.sub(0.393)))).mul(awake));
  c = mix(c, near, coverage(min(sub(0.0035, abs(almond)), sub(0.4, y).add(0.002))).mul(awake).mul(0.9));
  c = mix(c, near, coverage(max(eye(-1), eye(1))).mul(0.95).mul(awake.oneMinus()));
  c = mix(c, near, coverage(max(brow(-1), brow(1))).mul(0.95));
  c = mix(c, shadow, coverage(min(sub(0.0035, abs(dx.sub(y.sub(0.4).mul(0.18)))), min(y.sub(0.385), sub(0.452, y))))
    .mul(0.9));
  c = mix(c, mix(accent, near, 0.25), coverage(length(dx.div(0.036), y.sub(0.497).div(0.014)).oneMinus().mul(0.014)));
  c = mix(c, mix(accent, near, 0.6), coverage(min(sub(0.0016, abs(y.sub(0.496).sub(dx.pow(2).mul(3)))),
    sub(0.03, abs(dx)))).mul(0.8));
  const cheek = exp(abs(dx).sub(0.07).div(0.03).pow(2).add(y.sub(0.445).div(0.025).pow(2)).mul(-1));
  c = mix(c, accent, cheek.mul(coverage(ell(0, 0.44, 0.1, 0.13))).mul(0.28));
  const fringe = min(ell(0, 0.37, 0.165, 0.21),
    sub(0.325, dx.mul(dx).mul(2.2)).add(dx.mul(snorm(14)).mul(0.55)).sub(y));
  c = mix(c, hairColor, coverage(fringe));
  const crown = min(sub(0.14, abs(dx)), min(y.sub(add(0.165, abs(fract(dx.mul(12.5).add(0.5)).sub(0.5)).mul(0.11))),
    sub(0.24, y)));
  c = mix(c, mix(light, accent, 0.35), coverage(crown).mul(gates.crown));
  c = mix(c, light, coverage(max(sub(0.013, length(abs(dx).sub(0.132), y.sub(0.49))), -1))
    .mul(gates.helmet.oneMinus()));
  // Space suit: a globe round the head, a collar, hoses.
  [c] = when(gates.helmet, [c], () => {
    const globe = length(dx, y.sub(0.4).mul(1.04));
    const suit = mix(mix(white, horizon, 0.25), near, smoothstep(-0.3, 0.4, dx).mul(0.45)).lighten(skyNoise.mul(0.008));
    const dress = (color: Value, shape: Value, part: number) => {
      c = mix(c, color, coverage(shape).mul(gates.helmet).mul(part));
    };
    dress(suit, max(body, ell(0, 0.84, 0.3, 0.16)), 1);
    dress(mix(accent, near, 0.15), min(sub(0.014, abs(abs(dx).sub(0.2))), y.sub(0.8)), 1);
    dress(mix(near, horizon, 0.3), sub(0.045, length(dx, y.sub(0.9).mul(1.3))), 1);
    dress(accent, sub(0.022, length(dx.add(0.012), y.sub(0.9))), 1);
    dress(mix(suit, near, 0.2), min(sub(0.27, globe), y.sub(0.62)), 1);
    dress(mix(near, black, 0.4), sub(0.238, globe), 0.3);
    dress(suit, sub(0.018, abs(globe.sub(0.246))), 1);
    dress(mix(near, horizon, 0.3), sub(0.003, abs(globe.sub(0.229))), 1);
    dress(white, min(sub(0.012, abs(globe.sub(0.19))), min(dx.mul(-1).sub(0.03), sub(0.38, y))), 0.7);
    return [c];
  });
  paint(c, amount);
  focusOn(clamp(sub(1.5, length(dx, y.sub(0.42)).mul(5))).mul(amount));
}

/** Fish under water. */
export function fish(scene: Ground, amount: Value): void {
  const { y, x, snorm, profile, fbm, xs, coverage, fold, aspect, seed, paint, focusOn, zeros } = scene;
  const { far, horizon, near, light, accent, white, black } = scene.colors;
  // Under water: light from above, weed and sand below.
  const deep = mix(mix(far, horizon, 0.35), near, smoothstep(0, 1.05, y));
  let c = mix(deep, light, exp(y.mul(-3.2)).mul(0.45));
  const lean = x.add(y.mul(add(0.35, snorm(0).mul(0.3))));
  const shaft = tanh(profile(2, lean.mul(0.9).add(0.5)).mul(1.3)).add(profile(4, lean.mul(2.6).add(0.2)).mul(0.3));
  c = mix(c, light, clamp(shaft).mul(exp(y.mul(-1.9))).mul(0.34));
  const caustic = fbm(x.mul(1.4), y.mul(2.2), 3);
  const floorY = y.sub(add(0.86, profile(3, xs.mul(0.8)).mul(0.025)));
  const sand = mix(mix(far, light, 0.3), near, 0.45).lighten(caustic.mul(0.02));
  c = mix(c, mix(sand, deep, 0.35), coverage(floorY));
  c = fold(range(7), c, (c, i) => {
    const bx = mul((i + 0.5) / 7 - 0.5, aspect).mul(1.05).add(snorm(9 + i).mul(0.06));
    const h = add(0.16 + pick(i, 0.12, 0.02, 0.16, 0.05, 0.1, 0.2, 0.04), snorm(16 + i).mul(0.05));
    const up = max(sub(0.92, y), 0);
    const blade = bx.add(sin(up.mul(pick(i, 16, 21, 13, 18, 15, 12, 20)).add(seed(9 + i).mul(3))).mul(0.02)
      .mul(clamp(up.mul(5))));
    const w = mul(0.013, up.div(h).oneMinus()).add(0.002);
    return mix(c, mix(mix(near, far, pick(i, 0.3, 0.15, 0.4, 0.1, 0.25, 0.35, 0.2)), light, exp(up.mul(-3)).mul(0.02)),
      coverage(min(w.sub(abs(x.sub(blade))), h.sub(up))).mul(0.92));
  });
  c = fold(range(6), c, (c, i) => {
    const s = mul(pick(i, 0.05, 0.065, 0.085, 0.055, 0.12, 0.16), add(1, snorm(3).mul(0.12)));
    const way = sign(seed(10 + i).add(0.001));
    const bx = clamp(snorm(4 + i * 2).mul(0.3).add(pick(i, -0.3, 0.32, 0.05, -0.1, 0.26, -0.14)), -0.4, 0.4)
      .mul(aspect);
    const by = add(pick(i, 0.2, 0.3, 0.16, 0.72, 0.62, 0.45), snorm(5 + i).mul(0.05));
    const u = x.sub(bx).mul(way).div(s);
    const v = y.sub(by).div(s).add(sin(u.mul(2).add(i)).mul(0.06));
    const outline = mul(0.46, clamp(u.mul(u).oneMinus(), 0, 1).add(0.0001).pow(0.75)).mul(add(1, u.mul(0.12)));
    const hull = min(outline.sub(abs(v)), abs(u).oneMinus());
    let tail = min(min(sub(-0.78, u), u.add(1.5)), add(0.16, sub(-0.75, u).mul(0.62)).sub(abs(v)));
    tail = min(tail, abs(v).mul(0.9).add(u.add(1.42)));
    const fin = min(min(add(0.78, u.mul(0.35)).sub(abs(v.add(0.1))).sub(u.sub(0.1).pow(2).mul(1.2)), sub(0.02, v)),
      sub(0.45, abs(u)));
    const belly = min(min(v.sub(0.2), sub(0.62, v).sub(abs(u.sub(0.2)).mul(1.2))), 0.3);
    const koi = fbm(x.mul(1.1).add(i * 0.21), y.mul(1.1).add(i * 0.13), 3);
    let fc = mix(mix(accent, light, 0.1), mix(light, white, 0.5),
      smoothstep(-0.05, 0.25, mix(koi, sin(u.mul(7).add(i)).mul(0.8), i % 2)));
    fc = mix(fc, mix(near, accent, 0.3), clamp(v.mul(0.7).add(0.05)));
    fc = mix(fc, light, clamp(sub(-0.15, v)).mul(0.6));
    const scale = sin(u.mul(26).add(floor(v.mul(13)).mod(2).mul(3.1))).mul(sin(v.mul(41))).mul(0.02);
    const haze = pick(i, 0.5, 0.4, 0.25, 0.45, 0.1, 0);
    const whole = max(hull, tail.mul(0.8));
    c = mix(c, mix(mix(accent, near, 0.25), deep, haze), coverage(max(max(fin, belly), tail).mul(s)).mul(0.9));
    c = mix(c, mix(fc.lighten(scale), deep, haze), coverage(whole.mul(s)));
    c = mix(c, white, coverage(sub(0.085, length(u.sub(0.62), v.add(0.1))).mul(s)).mul(1 - haze));
    c = mix(c, black, coverage(sub(0.05, length(u.sub(0.64), v.add(0.1))).mul(s)));
    return mix(c, near, coverage(sub(0.018, abs(length(u.sub(0.28), v).sub(0.3))).mul(s)).mul(u.gt(0.3))
      .mul(coverage(hull.mul(s))).mul(0.35));
  });
  // Bubbles.
  const [ox, oy, rr] = columns(x.graph, [
    [-0.2, 0.1, 0.008], [-0.18, 0.19, 0.012], [-0.21, 0.31, 0.006], [0.22, 0.2, 0.014], [0.24, 0.36, 0.007],
    [0.2, 0.47, 0.01], [0.02, 0.55, 0.006], [0.05, 0.12, 0.011], [0.03, 0.66, 0.008],
  ]);
  const [bx, by] = [x.sub(snorm(4).mul(0.3).add(ox).mul(aspect)), y.sub(fract(oy.add(seed(2).mul(0.3))))];
  const d = length(bx, by);
  c = mix(c, light, union(coverage(sub(0.0014, abs(d.sub(rr)))).mul(0.7).add(coverage(rr.sub(d)).mul(0.12))
    .add(coverage(rr.mul(0.22).sub(length(bx.add(rr.mul(0.4)), by.add(rr.mul(0.4))))).mul(0.9))));
  paint(c, amount);
  focusOn(amount.mul(0.5).add(zeros));
}

/** Robot's head and shoulders. */
export function robot(scene: Ground, amount: Value): void {
  const { x, y, seed, snorm, fbm, lab, fill, paint, coverage, each, focusOn } = scene;
  const { zenith, horizon, near, far, accent, light, white, black } = scene.colors;
  const [u, v] = [x.sub(snorm(0).mul(0.04)), y];
  const { box, ellipse, ellipses, limb, polygon } = shapes(u, v);
  paint(mix(zenith, mix(horizon, far, 0.4), smoothstep(0, 1.1, y)).lighten(fbm(x.mul(0.7), y.mul(0.7), 4).mul(0.012)),
    amount);
  paint(light, exp(length(u, v.sub(0.4)).mul(-3.2)).mul(amount).mul(0.45));
  const round = smoothstep(-0.28, 0.32, u);
  const metal = mix(mix(mix(white, horizon, 0.35), far, 0.15), near, round.mul(0.55))
    .lighten(fbm(x.mul(2), y.mul(0.4), 3).mul(0.012));
  const trim = mix(accent, near, round.mul(0.4));
  // Shoulders, neck, ears, antenna.
  const torso = max(polygon([-0.2, 0.8], [0.2, 0.8], [0.36, 1.02], [-0.36, 1.02]),
    limb(-0.24, 0.9, 0.24, 0.9, 0.09, 0.09));
  fill(mix(near, black, 0.3).lighten(sin(v.mul(210)).mul(0.05)), box(0, 0.72, 0.075, 0.1), amount);
  fill(metal, max(torso, ellipse(0, 1, 0.4, 0.2)), amount);
  fill(trim, ellipses([-0.33, 0.92, 0.1, 0.1], [0.33, 0.92, 0.1, 0.1]), amount);
  fill(mix(near, black, 0.5), sub(0.05, length(u, v.sub(0.93))), amount);
  fill(mix(light, accent, 0.3), sub(0.034, length(u, v.sub(0.93))), amount);
  fill(mix(near, metal, 0.4), limb(0, 0.24, 0, 0.12, 0.008, 0.006), amount);
  fill(trim, ellipse(0, 0.105, 0.026, 0.026), amount);
  fill(mix(metal, near, 0.35), max(box(-0.255, 0.44, 0.035, 0.075), box(0.255, 0.44, 0.035, 0.075)), amount);
  const head = max(limb(-0.15, 0.31, 0.15, 0.31, 0.085, 0.085),
    max(box(0, 0.44, 0.235, 0.13), limb(-0.16, 0.57, 0.16, 0.57, 0.075, 0.075)));
  fill(metal, head, amount);
  paint(near, coverage(sub(0.0025, abs(head.sub(0.016)))).mul(amount).mul(0.4));
  fill(trim, min(head, sub(0.012, abs(v.sub(0.295)))), amount);
  // Eyes that glow, a grille for a mouth, rivets.
  fill(mix(near, black, 0.6), limb(-0.11, 0.41, 0.11, 0.41, 0.078, 0.078), amount);
  const glowing = mix(lab(0.86, -0.1, -0.03), mix(light, accent, 0.5), seed(7).gt(0.2));
  each([-0.105, 0.105], (at) => {
    const eye = length(u.sub(at), v.sub(0.41));
    paint(glowing, exp(max(eye.sub(0.04), 0).mul(-22)).mul(amount).mul(0.6));
    fill(glowing, sub(0.05, eye), amount);
    fill(mix(glowing, white, 0.75), sub(0.026, eye), amount);
    fill(mix(near, metal, 0.35), ellipses([at * 1.85, 0.6, 0.01, 0.01], [at * 1.85, 0.33, 0.01, 0.01]),
      amount);
  });
  const mouth = box(0, 0.565, 0.11, 0.032);
  fill(mix(near, black, 0.55), mouth, amount);
  fill(mix(metal, white, 0.3), min(mouth, sub(0.004, abs(fract(u.mul(32)).sub(0.5)).div(32))), amount);
  focusOn(clamp(sub(1.5, length(u, v.sub(0.45)).mul(3.4))).mul(amount));
}

import { abs, add, clamp, exp, floor, fract, length, max, mix, pick, range, sin, smoothstep,
  type Value } from "../values.ts";
import type { Ground } from "./layout.ts";

/** Bank of fog along the horizon. */
export function fog(scene: Ground, amount: Value): void {
  const { x, y, fbm, horizonY, paint } = scene;
  const { horizon, light } = scene.colors;
  const f = fbm(x.mul(0.35).add(0.6), y.mul(1.4), 4);
  const b = exp(y.sub(horizonY.add(f.mul(0.03))).div(0.13).pow(2).mul(-1));
  paint(mix(horizon, light, 0.3), clamp(b.mul(add(0.72, f.mul(0.22)))).mul(amount)
    .mul(scene.focus.mul(0.45).oneMinus()));
  paint(horizon, amount.mul(0.18));
}

/** Slanting rain. */
export function rain(scene: Ground, amount: Value): void {
  const { zeros, fold, x, y, hash, paint } = scene;
  const { light, horizon, far } = scene.colors;
  const m = fold(range(2), zeros, (m, i) => {
    const u = x.add(y.mul(0.16)).mul(52 - 18 * i);
    const ix = floor(u);
    const r1 = hash(ix.add(9 * i), add(5 + i, zeros));
    const fy = fract(y.mul(2.2 - 0.6 * i).add(r1.mul(7.3)));
    return m.add(r1.gt(0.5).mul(smoothstep(0, 0.25, fy)).mul(smoothstep(0.3, 0.25, fy))
      .mul(exp(abs(fract(u).sub(0.5)).mul(-9))));
  });
  paint(mix(light, horizon, 0.35), clamp(m).mul(amount).mul(0.42));
  paint(mix(horizon, far, 0.4), amount.mul(0.1));
}

/** Snowflakes of three sizes. */
export function snow(scene: Ground, amount: Value): void {
  const { zeros, fold, x, y, hash, paint } = scene;
  const { white } = scene.colors;
  const m = fold(range(3), zeros, (m, i) => {
    const n = pick(i, 26, 15, 8);
    const [u, v] = [x.mul(n).add(sin(y.mul(5).add(i * 2)).mul(0.5)).add(i * 7.7), y.mul(n).add(i * 3.3)];
    const [ix, iy] = [floor(u), floor(v)];
    const [r1, r2] = [hash(ix.add(20 * i), iy.add(10)), hash(ix.add(20 * i).add(5), iy.add(31))];
    const d = length(u.sub(ix).sub(add(0.25, r1.mul(0.5))), v.sub(iy).sub(add(0.25, r2.mul(0.5))));
    const s = add(0.05, r2.mul(0.11)).mul(r1.gt(0.35)).sub(d);
    return max(m, clamp(s.mul(pick(i, 9, 8, 5))).mul(pick(i, 0.7, 0.85, 0.8)));
  });
  paint(white, m.mul(amount));
}

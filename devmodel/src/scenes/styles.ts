import { abs, add, channels, clamp, cos, exp, floor, length, lightness, max, min, mix, mul, sin, smoothstep, sqrt,
  sub, type Value } from "../values.ts";
import type { Ground } from "./layout.ts";

/** Picture after its medium. */
export interface Restyled {
  readonly img: Value;
  /** Fine noise of the surface. */
  readonly grain: Value;
  /** Amount of any way of painting. */
  readonly styled: Value;
}

/** Everything that a medium reads beside the picture. */
interface Surface {
  readonly grain: Value;
  /** Contrast of light and dark here. */
  readonly edges: Value;
  /** Care of the brush: 0 in the open, 1 at small things. */
  readonly care: Value;
  readonly strokes: Value;
  /** Distance to the next cell of `strokes`. */
  readonly lead: Value;
  /** Random number of the cell, -0.5 to 0.5. */
  readonly tone: Value;
}

/** Ways of painting: where a pixel takes its colour from, then what the medium does to it. */
export function restyle(scene: Ground): Restyled {
  const { styles, when, noise, x, y, spreadX, spreadY, sample, hash, zeros } = scene;
  const { near, black } = scene.colors;
  const { watercolor: wash, oil, pixel, glass: panes, ink: pen, sumi: brush, dream } = styles;
  const styled = clamp(wash.add(oil).add(pixel).add(panes).add(pen).add(brush).add(dream));
  const none = channels(zeros, zeros, zeros, zeros, zeros, zeros);
  const inCells = clamp(panes.add(oil.mul(0.9)));
  const [strokes] = when(inCells, [none], () => [cells(scene, oil)]);
  const [lead, tone] = [strokes.channel(2), strokes.channel(3)];

  // A brush is smaller where there is something to see: at subjects, and at edges between light and dark.
  const [care] = when(oil, [clamp(scene.focus)], () => {
    const step = abs(lightness(sample(scene.img, spreadX.add(0.009), spreadY)).sub(lightness(scene.img)))
      .add(abs(lightness(sample(scene.img, spreadX, spreadY.add(0.009))).sub(lightness(scene.img))));
    return [clamp(max(scene.focus, smoothstep(0.03, 0.3, step).mul(0.65)))];
  });

  const [edges, moved] = when(styled, [zeros, scene.img], () => {
    const [f1, f1b] = [noise(x.mul(1.7).add(0.2), y.mul(1.7)), noise(x.mul(1.7).add(0.6), y.mul(1.7).add(0.4))];
    const [f2, f2b] = [noise(x.mul(5.3), y.mul(5.3).add(0.3)), noise(x.mul(5.3).add(0.5), y.mul(5.3))];
    const calm = care.mul(0.75).oneMinus();
    const d1 = wash.mul(0.007).add(oil.mul(0.006)).add(brush.mul(0.004)).mul(calm).add(dream.mul(0.03));
    const d2 = wash.mul(0.0018).add(oil.mul(0.003)).add(brush.mul(0.0025)).mul(calm);
    let u = spreadX.add(f1.mul(d1)).add(f2.mul(d2));
    let v = spreadY.add(f1b.mul(d1)).add(f2b.mul(d2));
    const fine = inCells.mul(care.mul(0.86).mul(oil).oneMinus());
    u = mix(u, strokes.channel(0).add(f2.mul(0.003).mul(oil)), fine);
    v = mix(v, strokes.channel(1).add(f2b.mul(0.003).mul(oil)), fine);
    u = mix(u, floor(spreadX.mul(72)).add(0.5).div(72), pixel);
    v = mix(v, floor(spreadY.mul(72)).add(0.5).div(72), pixel);
    const img = sample(scene.img, u, v);
    const step = abs(lightness(sample(scene.img, u.add(0.004), v)).sub(lightness(img)))
      .add(abs(lightness(sample(scene.img, u, v.add(0.004))).sub(lightness(img))));
    return [step, img];
  });
  const grain = hash(floor(spreadX.mul(256)), floor(spreadY.mul(256))).mul(0.5)
    .add(hash(floor(spreadX.add(3).mul(128)), floor(spreadY.mul(128))).mul(0.5)).sub(0.5);
  const surface = { grain, edges, care, strokes, lead, tone };

  let img = moved;
  [img] = when(wash, [img], () => [watercolor(scene, surface, img, wash)]);
  [img] = when(oil, [img], () => [impasto(surface, img, oil)]);
  [img] = when(panes, [img], () => [glass(scene, surface, img, panes)]);
  img = mix(img, mix(near, black, 0.6), panes.mul(smoothstep(0.05, 0.11, lead).oneMinus()).mul(0.92));
  [img] = when(pen, [img], () => [ink(scene, surface, img, pen)]);
  [img] = when(brush, [img], () => [sumi(scene, surface, img, brush)]);
  return { img, grain, styled };
}

/**
 * Cells of a warped Voronoi diagram: panes of glass, or, stretched and turned, strokes of a brush. Six channels: the middle of the cell
 * (u, v), the distance to the next cell, a random number, and the distance from the middle along the stroke and across it.
 */
function cells({ snorm, noise, hash, x, y, spreadX, spreadY, zeros }: Ground, oil: Value): Value {
  const turn = oil.mul(add(0.62, snorm(17).mul(0.35)));
  const [cr, sn] = [cos(turn), sin(turn)];
  const [ca, cb] = [mix(23, 34, oil), mix(23, 88, oil)];
  const wx = noise(x.mul(0.6).add(0.15), y.mul(0.6)).mul(0.055).mul(oil);
  const wy = noise(x.mul(0.6).add(0.55), y.mul(0.6).add(0.35)).mul(0.055).mul(oil);
  const [px, py] = [spreadX.add(wx), spreadY.add(wy)];
  const [vx, vy] = [px.mul(cr).add(py.mul(sn)).mul(ca), py.mul(cr).sub(px.mul(sn)).mul(cb)];
  const [ix, iy] = [floor(vx), floor(vy)];
  let best = zeros.add(99);
  let second = zeros.add(99);
  let bx = zeros;
  let by = zeros;
  for (const j of [-1, 0, 1]) {
    for (const i of [-1, 0, 1]) {
      const [cx, cy] = [ix.add(i), iy.add(j)];
      const [jx, jy] = [cx.add(0.1).add(hash(cx, cy).mul(0.8)), cy.add(0.1).add(hash(cy.add(29), cx.add(13)).mul(0.8))];
      const d = vx.sub(jx).pow(2).add(vy.sub(jy).pow(2));
      const nearer = best.gt(d);
      second = min(second, max(best, d));
      best = min(best, d);
      bx = mix(bx, jx, nearer);
      by = mix(by, jy, nearer);
    }
  }
  const [ux, uy] = [bx.div(ca), by.div(cb)];
  return channels(ux.mul(cr).sub(uy.mul(sn)).sub(wx), ux.mul(sn).add(uy.mul(cr)).sub(wy),
    sqrt(second).sub(sqrt(best)), hash(floor(bx), floor(by)).sub(0.5), vx.sub(bx), vy.sub(by));
}

/** Watercolour on paper that stays white at its edge. */
function watercolor(scene: Ground, surface: Surface, img: Value, amount: Value): Value {
  const { fbm, x, y, halfWidth, lab } = scene;
  const { grain, edges } = surface;
  const paper = lab(0.965, 0.002, 0.012);
  const pig = fbm(x.mul(1.1), y.mul(1.1), 5);
  let w = mix(img, paper, 0.2).lighten(pig.mul(0.028)).darken(clamp(edges.mul(1.6)).mul(0.16));
  const bd = min(min(y, y.oneMinus()), min(x.add(halfWidth), halfWidth.sub(x)));
  const mask = smoothstep(0.02, 0.075, bd.add(pig.mul(0.018)));
  w = mix(paper, w, mask.mul(add(0.93, smoothstep(-1.5, 0.5, pig).mul(0.07))));
  w = w.darken(exp(abs(mask.sub(0.5)).mul(-5)).mul(0.05)).lighten(grain.mul(0.03));
  return mix(img, w, amount);
}

/** Oil: each stroke has a relief and hairs. */
function impasto(surface: Surface, img: Value, amount: Value): Value {
  const { grain, care, strokes, tone } = surface;
  const [lx, ly] = [strokes.channel(4), strokes.channel(5)];
  const bump = ly.mul(-0.8).sub(lx.mul(0.25)).mul(0.055);
  const hairs = sin(ly.mul(15).add(sin(lx.mul(3)).mul(1.5)).add(tone.mul(9))).mul(0.012);
  const relief = bump.add(tone.mul(0.065)).add(hairs).mul(care.mul(0.5).oneMinus())
    .add(grain.mul(0.02));
  return img.lighten(relief.mul(amount));
}

/** Stained glass. */
function glass(scene: Ground, surface: Surface, img: Value, amount: Value): Value {
  const { noise, x, y } = scene;
  const { lead, tone } = surface;
  // Glass glows: more colour, more contrast, a different thickness in each pane.
  const deep = channels(lightness(img).mul(1.25).sub(0.14), img.channel(1).mul(1.55),
    img.channel(2).mul(1.55));
  const pane = deep.lighten(tone.mul(0.14).add(0.05).add(exp(lead.sub(0.3).pow(2).mul(-9)).mul(0.04))
    .add(noise(x.mul(3), y.mul(3)).mul(0.015)));
  return mix(img, pane, amount);
}

/** Pen and ink: hatching, lines, a thin wash. */
function ink(scene: Ground, surface: Surface, img: Value, amount: Value): Value {
  const { noise, x, y, lab } = scene;
  const { grain, edges } = surface;
  const l = lightness(img);
  const [paper, inkc] = [lab(0.95, 0.004, 0.025), lab(0.2, 0, -0.015)];
  const wob = noise(x.mul(1.7).add(0.2), y.mul(1.7)).mul(0.6);
  const dark = l.oneMinus();
  const hatch = add(0.5, sin(x.mul(0.8).add(y.mul(0.6)).mul(420).add(wob)).mul(0.5));
  const cross = add(0.5, sin(y.mul(0.7).sub(x.mul(0.7)).mul(420).add(wob)).mul(0.5));
  const h1 = smoothstep(-0.12, 0.12, dark.mul(1.25).sub(add(0.36, hatch.mul(0.6))));
  const h2 = smoothstep(-0.1, 0.1, dark.mul(1.1).sub(add(0.5, cross.mul(0.6))));
  const line = clamp(edges.sub(0.012).mul(14));
  const wash = smoothstep(0.25, 0.95, dark).mul(0.35);
  const a = clamp(max(max(h1.mul(0.8), h2), max(line, wash)));
  return mix(img, mix(mix(paper, inkc, a), img, 0.16).lighten(grain.mul(0.02)), amount);
}

/** Brush and ink: washes in a few steps of grey that bleed into the paper, outlines, pigment where the colour is strong. */
function sumi(scene: Ground, surface: Surface, img: Value, amount: Value): Value {
  const { fbm, noise, x, y, halfWidth, lab, coverage } = scene;
  const { horizon, near } = scene.colors;
  const { grain, edges } = surface;
  const [paper, inkc] = [mix(lab(0.955, 0.003, 0.02), horizon, 0.12), mix(near, lab(0.2, 0, -0.012), 0.45)];
  const bleed = fbm(x.mul(1.9), y.mul(1.9), 5);
  const fibre = noise(x.mul(8), y.mul(2.2));
  const l = lightness(img);
  const shade = floor(l.mul(5).add(bleed.mul(0.22))).add(0.5).div(5);
  const dark = clamp(mix(l, shade, 0.55).oneMinus().mul(1.2).sub(0.16).add(bleed.mul(0.02)));
  let w = mix(paper, inkc, dark);
  const chroma = length(img.channel(1), img.channel(2));
  const pigment = channels(lightness(w).mul(0.85).add(l.mul(0.15)), img.channel(1), img.channel(2));
  w = mix(w, pigment, add(0.3, smoothstep(0.05, 0.15, chroma).mul(0.55)));
  w = mix(w, inkc, clamp(edges.sub(0.035).mul(6.5)).mul(add(0.5, mul(0.3, smoothstep(-1, 1, bleed)))));
  // The wash runs dry towards the edge of the sheet.
  const bd = min(min(y, y.oneMinus()), min(x.add(halfWidth), halfWidth.sub(x)));
  const mask = smoothstep(0.005, 0.13, bd.add(bleed.mul(0.035)).add(fibre.mul(0.008)));
  w = mix(paper, w, mask);
  w = w.lighten(fibre.mul(0.008).add(grain.mul(0.022)));
  // The artist's seal.
  const [sealX, sealY] = [x.sub(halfWidth.sub(0.075)), y.sub(0.915)];
  const seal = coverage(min(sub(0.026, abs(sealX)), sub(0.026, abs(sealY))));
  const cut = coverage(min(sub(0.0026, abs(abs(sealX).sub(0.009))), sub(0.017, abs(sealY))))
    .add(coverage(min(sub(0.0026, abs(abs(sealY).sub(0.008))), sub(0.017, abs(sealX)))));
  w = mix(w, lab(0.5, 0.17, 0.09), seal.mul(clamp(cut).oneMinus()).mul(add(0.82, grain.mul(0.3))));
  return mix(img, w, amount);
}

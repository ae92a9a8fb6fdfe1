import { abs, channels, clamp, length, lightness, max, mix, sub, tanh, type Value } from "../values.ts";
import type { Ground } from "./layout.ts";
import type { Restyled } from "./styles.ts";

/** Sharpness, exposure, vignette, grain; then Oklab to sRGB. */
export function finish(scene: Ground, { img, grain, styled }: Restyled): Value {
  const { axis, styles, when, sample, spreadX, spreadY, x, y, aspect } = scene;
  const crisp = tanh(axis.detail.mul(0.3)).mul(1.1).mul(styled.oneMinus());
  const [sharp] = when(abs(crisp).sub(0.15), [img], () => {
    const around = sample(img, spreadX.add(0.005), spreadY).add(sample(img, spreadX.sub(0.005), spreadY))
      .add(sample(img, spreadX, spreadY.add(0.005))).add(sample(img, spreadX, spreadY.sub(0.005))).mul(0.25);
    return [img.add(img.sub(around).mul(crisp))];
  });
  const exposure = tanh(axis.bright.mul(0.22)).mul(0.16);
  const vignette = length(x.div(aspect), y.sub(0.5)).pow(2).mul(-0.16).mul(styles.watercolor.oneMinus());
  const lit = sharp.lighten(exposure.mul(sub(1.15, lightness(sharp))).add(vignette).add(grain.mul(0.012)));

  const [l, a, b] = [lightness(lit), lit.channel(1), lit.channel(2)];
  const l3 = l.add(a.mul(0.3963377774)).add(b.mul(0.2158037573)).pow(3);
  const m3 = l.sub(a.mul(0.1055613458)).sub(b.mul(0.0638541728)).pow(3);
  const s3 = l.sub(a.mul(0.0894841775)).sub(b.mul(1.291485548)).pow(3);
  const linear = clamp(channels(
    l3.mul(4.0767416621).add(s3.mul(0.2309699292)).sub(m3.mul(3.3077115913)),
    m3.mul(2.6097574011).sub(l3.mul(1.2684380046)).sub(s3.mul(0.3413193965)),
    s3.mul(1.707614701).sub(l3.mul(0.0041960863)).sub(m3.mul(0.7034186147)),
  ));
  const above = linear.gt(0.0031308);
  const srgb = mix(linear.mul(12.92), max(linear, 0.00001).pow(1 / 2.4).mul(1.055).sub(0.055), above);
  return clamp(srgb).mul(2).sub(1);
}

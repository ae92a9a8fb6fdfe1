import { EngineError } from "../types.ts";
import type { Network } from "./session.ts";

/** 8-bit RGB, row by row. */
export interface Pixels {
  readonly width: number;
  readonly height: number;
  readonly rgb: Uint8Array;
}

/** Decodes latents into pixels. */
export interface PictureDecoder {
  /** Channels of the latents, where the file says. */
  readonly channels: number | undefined;
  decode(latents: Float32Array, shape: readonly [number, number, number, number]): Promise<Pixels>;
}

/** Decoder of the autoencoder. Latents come in the scale that the unet works in. */
export function createPictureDecoder(network: Network, scalingFactor: number): PictureDecoder {
  const input = network.inputs.find((port) => port.name === "latent_sample") ?? network.inputs[0];
  const output = network.outputs.find((port) => port.name === "sample") ?? network.outputs[0];
  if (!input || !output || network.inputs.length !== 1) {
    throw new EngineError("MODEL_UNSUPPORTED", "The picture decoder does not take latents alone.");
  }
  const channels = input.shape[1];
  return {
    channels: typeof channels === "number" ? channels : undefined,
    async decode(latents, shape) {
      const values = latents.map((value) => value / scalingFactor);
      const picture = await network.run(new Map([[input.name, { values, shape }]]), output.name);
      const [, channels = 0, height = 0, width = 0] = picture.shape;
      if (channels !== 3)
        throw new EngineError("MODEL_UNSUPPORTED", `The picture decoder gives ${channels} channels, not 3.`);
      return { width, height, rgb: toBytes(picture.values, height * width) };
    },
  };
}

/** -1..1 by plane to 0..255 by pixel. */
function toBytes(planes: Float32Array, size: number): Uint8Array {
  const rgb = new Uint8Array(3 * size);
  for (let channel = 0; channel < 3; channel++) {
    for (let i = 0; i < size; i++) {
      const value = ((planes[channel * size + i] as number) / 2 + 0.5) * 255;
      // NaN would become black without a word: a picture nobody should pay for.
      if (Number.isNaN(value)) throw new EngineError("RUN_FAILED", "The picture has values that are not numbers.");
      rgb[3 * i + channel] = Math.min(Math.max(Math.round(value), 0), 255);
    }
  }
  return rgb;
}

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { seededRandom } from "@gridnft/sdk/node";
import { Tokenizer } from "@huggingface/tokenizers";
import * as ort from "onnxruntime-node";
import { logSnr, SCALING_FACTOR } from "../src/denoiser.ts";
import { normal } from "../src/random.ts";

/** A picture: RGB bytes, row by row. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly rgb: Uint8Array;
}

export interface Wish {
  readonly prompt: string;
  readonly negative?: string;
  readonly seed?: number;
  readonly width?: number;
  readonly height?: number;
  readonly steps?: number;
  readonly guidance?: number;
}

/** A plain DDIM loop over a model folder: independent of the engine, so that each can be tested without the other. */
export class Pipeline {
  private constructor(
    private readonly tokenizer: Tokenizer,
    private readonly text: ort.InferenceSession,
    private readonly unet: ort.InferenceSession,
    private readonly vae: ort.InferenceSession | undefined,
  ) {}

  static async load(
    folder: string,
    { threads = 1, decoder = true }: { readonly threads?: number; readonly decoder?: boolean } = {},
  ): Promise<Pipeline> {
    const open = (part: string) =>
      ort.InferenceSession.create(join(folder, part, "model.onnx"), {
        intraOpNumThreads: threads,
        interOpNumThreads: 1,
        graphOptimizationLevel: "basic",
        enableMemPattern: false,
        logSeverityLevel: 3,
      });
    const read = (name: string) => JSON.parse(readFileSync(join(folder, "tokenizer", name), "utf8"));
    const tokenizer = new Tokenizer(read("tokenizer.json"), read("tokenizer_config.json"));
    return new Pipeline(
      tokenizer,
      await open("text_encoder"),
      await open("unet"),
      decoder ? await open("vae_decoder") : undefined,
    );
  }

  async close(): Promise<void> {
    for (const session of [this.text, this.unet, this.vae]) await session?.release();
  }

  ids(prompt: string): number[] {
    const { ids } = this.tokenizer.encode(prompt);
    const end = ids[ids.length - 1] as number;
    const cut = ids.length > 77 ? [...ids.slice(0, 76), end] : ids;
    return [...cut, ...new Array<number>(77 - cut.length).fill(end)];
  }

  /** One step of the denoiser. */
  async noise(sample: ort.Tensor, time: number, states: ort.Tensor): Promise<Float32Array> {
    const { out_sample } = await this.unet.run({
      sample,
      timestep: new ort.Tensor("float32", [time], [1]),
      encoder_hidden_states: states,
    });
    return (out_sample as ort.Tensor).data as Float32Array;
  }

  async states(negative: string, prompt: string): Promise<ort.Tensor> {
    const ids = BigInt64Array.from([...this.ids(negative), ...this.ids(prompt)].map(BigInt));
    const result = await this.text.run({ input_ids: new ort.Tensor("int64", ids, [2, 77]) });
    return result.last_hidden_state as ort.Tensor;
  }

  /** Latents after DDIM with "leading" times, divided by the scaling factor at the end as the decoder wants. */
  async latents(wish: Wish): Promise<ort.Tensor> {
    const { prompt, negative = "", seed = 1, width = 512, height = 512, steps = 30, guidance = 7.5 } = wish;
    const shape = [1, 4, height / 8, width / 8];
    const count = (4 * height * width) / 64;
    const next = seededRandom(seed);
    const x = Float32Array.from({ length: count }, () => normal(next));
    const states = await this.states(negative, prompt);
    const snr = logSnr();
    const alphaBar = (time: number) => 1 / (1 + Math.exp(-(snr[Math.max(time, 0)] as number)));
    const stride = Math.floor(1000 / steps);
    for (let step = steps - 1; step >= 0; step--) {
      const time = step * stride + 1;
      const double = new Float32Array(2 * count);
      double.set(x);
      double.set(x, count);
      const both = await this.noise(new ort.Tensor("float32", double, [2, ...shape.slice(1)]), time, states);
      const [now, then] = [alphaBar(time), alphaBar(time - stride)];
      for (let i = 0; i < count; i++) {
        const without = both[i] as number;
        const noise = without + guidance * ((both[count + i] as number) - without);
        const clean = ((x[i] as number) - Math.sqrt(1 - now) * noise) / Math.sqrt(now);
        x[i] = Math.sqrt(then) * clean + Math.sqrt(1 - then) * noise;
      }
    }
    return new ort.Tensor(
      "float32",
      x.map((value) => value / SCALING_FACTOR),
      shape,
    );
  }

  async decode(latents: ort.Tensor): Promise<Picture> {
    if (!this.vae) throw new Error("Loaded without a decoder.");
    const { sample } = await this.vae.run({ latent_sample: latents });
    const [, , height, width] = (sample as ort.Tensor).dims as [number, number, number, number];
    const planes = (sample as ort.Tensor).data as Float32Array;
    const rgb = new Uint8Array(3 * width * height);
    for (let i = 0; i < width * height; i++) {
      for (let channel = 0; channel < 3; channel++) {
        const value = planes[channel * width * height + i] as number;
        if (!Number.isFinite(value)) throw new Error("A pixel is not a number.");
        rgb[3 * i + channel] = Math.round(Math.min(1, Math.max(0, value / 2 + 0.5)) * 255);
      }
    }
    return { width, height, rgb };
  }

  async picture(wish: Wish): Promise<Picture> {
    return this.decode(await this.latents(wish));
  }
}

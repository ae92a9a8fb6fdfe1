import type { Content } from "../axes.ts";
import type { Scene } from "../scene.ts";
import type { Value } from "../values.ts";
import { cat, dog, horse } from "./creatures.ts";
import { finish } from "./finish.ts";
import { abstract, fish, flower, geometric, mandala, portrait } from "./frames.ts";
import { bridge, castle, city, hills, mountain, neonGrid, road, volcano } from "./land.ts";
import { withGround, withSky } from "./layout.ts";
import { balloon, house, lighthouse, palm, tree, trees } from "./places.ts";
import { aurora, birds, clouds, galaxy, lightning, moon, planet, stars, sun } from "./sky.ts";
import { restyle } from "./styles.ts";
import { boat, breaker, ship, water, waves } from "./water.ts";
import { fog, rain, snow } from "./weather.ts";

/**
 * Paints everything, each thing behind a gate of its own name: what stands later covers what stands earlier.
 *
 * @returns sRGB from -1 to 1.
 */
export function paintScene(scene: Scene): Value {
  const sky = withSky(scene);
  paintThings(sky, { galaxy, stars, aurora, planet });
  sun(sky);
  paintThings(sky, { moon, clouds, lightning, birds });

  const ground = withGround(sky);
  const { gates, styles, on, wet } = ground;
  // Everything on the ground that stands behind the water is mirrored there.
  paintThings(ground, { mountain, volcano });
  on(ground.hilly, () => hills(ground, ground.hilly));
  paintThings(ground, { bridge, castle });
  const streetY = ground.horizonY.add(0.02);
  on(gates.city, () => city(ground, gates.city, streetY));
  on(styles.neonstyle, () => neonGrid(ground, styles.neonstyle));
  const dryRoad = gates.road.mul(wet.oneMinus());
  on(dryRoad, () => road(ground, dryRoad));
  paintThings(ground, { water, waves });
  const lone = gates.waves.mul(gates.lighthouse.oneMinus()).mul(gates.boat.oneMinus()).mul(gates.ship.oneMinus());
  on(lone, () => breaker(ground, lone));
  paintThings(ground, { boat, ship, trees, tree, palm, house, lighthouse, balloon, cat, dog, horse });
  paintThings(ground, { fog, abstract, geometric, mandala, flower, portrait, fish, rain, snow });
  return finish(ground, restyle(ground));
}

type Paint<S> = (scene: S, amount: Value) => void;

function paintThings<S extends Scene>(scene: S, things: Partial<Record<Content, Paint<S>>>): void {
  for (const [name, paint] of Object.entries(things) as [Content, Paint<S>][]) {
    scene.on(scene.gates[name], () => paint(scene, scene.gates[name]));
  }
}

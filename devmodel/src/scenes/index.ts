import { CONTENTS, type Content } from "../axes.ts";
import type { Scene } from "../scene.ts";
import type { Value } from "../values.ts";
import { butterfly, cat, dog, dragon, elephant, horse, owl, rabbit } from "./creatures.ts";
import { finish } from "./finish.ts";
import { abstract, fish, flower, geometric, mandala, portrait, robot } from "./frames.ts";
import { bridge, castle, city, hills, mountain, neonGrid, road, volcano } from "./land.ts";
import { withGround, withSky } from "./layout.ts";
import { balloon, house, lighthouse, palm, tree, trees } from "./places.ts";
import { aurora, birds, clouds, galaxy, lightning, moon, planet, stars, sun } from "./sky.ts";
import { cup, fruit, pizza, room } from "./still.ts";
import { restyle } from "./styles.ts";
import { car, plane, rocket, train } from "./vehicles.ts";
import { boat, breaker, ship, water, waves } from "./water.ts";
import { fog, rain, snow } from "./weather.ts";

/**
 * Paints everything, each thing behind a gate of its own name: what stands later covers what stands earlier.
 *
 * @param things Things that it can paint; others are left out of the graph.
 * @returns sRGB from -1 to 1.
 */
export function paintScene(scene: Scene, things: readonly Content[] = CONTENTS): Value {
  const paintThings = <S extends Scene>(on: S, paints: Partial<Record<Content, Paint<S>>>): void => {
    for (const [name, paint] of Object.entries(paints) as [Content, Paint<S>][]) {
      if (things.includes(name)) on.on(on.gates[name], () => paint(on, on.gates[name]));
    }
  };
  const sky = withSky(scene);
  paintThings(sky, { galaxy, stars, aurora, planet });
  sun(sky);
  paintThings(sky, { moon, clouds, lightning, birds });

  const ground = withGround(sky);
  const { gates, styles, on, wet } = ground;
  // Everything on the ground that stands behind the water is mirrored there.
  paintThings(ground, { mountain, volcano });
  if (things.includes("hills")) on(ground.hilly, () => hills(ground, ground.hilly));
  paintThings(ground, { bridge, castle, city });
  on(styles.neonstyle, () => neonGrid(ground, styles.neonstyle));
  const dryRoad = gates.road.mul(wet.oneMinus());
  if (things.includes("road")) on(dryRoad, () => road(ground, dryRoad));
  paintThings(ground, { water, waves });
  const lone = gates.waves.mul(gates.lighthouse.oneMinus()).mul(gates.boat.oneMinus()).mul(gates.ship.oneMinus());
  if (things.includes("waves")) on(lone, () => breaker(ground, lone));
  paintThings(ground, { boat, ship, trees, tree, palm, house, lighthouse, balloon });
  paintThings(ground, { plane, rocket, train, car, room });
  paintThings(ground, { dragon, elephant, horse, dog, cat, rabbit, owl, butterfly });
  paintThings(ground, { fog, abstract, geometric, mandala, flower, portrait, robot, fish, fruit, cup, pizza, rain,
    snow });
  return finish(ground, restyle(ground));
}

type Paint<S> = (scene: S, amount: Value) => void;

import { isEnumType, isInputObjectType, isObjectType, isSpecifiedScalarType } from "graphql";
import { expect, it } from "vitest";
import { gallery } from "./questions.ts";

it("describes every type, field and value of the gallery schema", () => {
  const silent = Object.values(gallery.getTypeMap())
    .filter((type) => !type.name.startsWith("__") && !isSpecifiedScalarType(type))
    .flatMap((type) => {
      const parts =
        isObjectType(type) || isInputObjectType(type)
          ? Object.values(type.getFields())
          : isEnumType(type)
            ? type.getValues()
            : [];
      return [
        ...(type.description ? [] : [type.name]),
        ...parts.flatMap(({ name, description }) => (description ? [] : [`${type.name}.${name}`])),
      ];
    });
  expect(silent).toEqual([]);
});

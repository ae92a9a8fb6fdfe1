import { expect, test } from "vitest";

// Fails on purpose. The check "canaries" proves that the test run turns red on it.
test("the canary sings", () => {
  expect(1).toBe(2);
});

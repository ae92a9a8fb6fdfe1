export function bodyVectors(): object {
  return { bodies: [] };
}

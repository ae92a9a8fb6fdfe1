/** Writes protobuf messages (wire format only: the caller knows the fields). */
export class Message {
  private readonly parts: Uint8Array[] = [];

  /** A varint field: int64, enum, bool. Negative numbers take ten bytes, as the format wants. */
  int(field: number, value: number | bigint): this {
    return this.push(varint(BigInt(field) << 3n), varint(BigInt.asUintN(64, BigInt(value))));
  }

  /** A 32-bit float field. */
  float(field: number, value: number): this {
    const bytes = new Uint8Array(4);
    new DataView(bytes.buffer).setFloat32(0, value, true);
    return this.push(varint((BigInt(field) << 3n) | 5n), bytes);
  }

  /** A string field. */
  text(field: number, value: string): this {
    return this.bytes(field, new TextEncoder().encode(value));
  }

  /** A bytes field, or a packed repeated one. */
  bytes(field: number, value: Uint8Array): this {
    return this.push(varint((BigInt(field) << 3n) | 2n), varint(BigInt(value.length)), value);
  }

  /** A nested message. */
  message(field: number, value: Message): this {
    return this.bytes(field, value.encode());
  }

  encode(): Uint8Array {
    return Buffer.concat(this.parts);
  }

  private push(...parts: Uint8Array[]): this {
    this.parts.push(...parts);
    return this;
  }
}

function varint(value: bigint): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  while (rest >= 0x80n) {
    bytes.push(Number(rest & 0x7fn) | 0x80);
    rest >>= 7n;
  }
  bytes.push(Number(rest));
  return Uint8Array.from(bytes);
}
